"""Names of devices: taken where torch has them, refused in a sentence where not."""

import pytest
import torch

from swinsr.errors import DeviceError
from swinsr.inference import choose_device
from swinsr.runtime.device import DEVICES, what_was_tried


def have(monkeypatch: pytest.MonkeyPatch, **counts: int) -> None:
    for kind in ("cuda", "xpu"):
        module, count = getattr(torch, kind), counts.get(kind, 0)
        monkeypatch.setattr(module, "is_available", lambda count=count: bool(count))
        monkeypatch.setattr(module, "device_count", lambda count=count: count)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: bool(counts.get("mps")))


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ({}, "cpu"),
        ({"mps": 1}, "mps"),
        ({"xpu": 1, "mps": 1}, "xpu"),
        ({"cuda": 2, "xpu": 1}, "cuda"),
    ],
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, counts: dict[str, int], name: str
) -> None:
    have(monkeypatch, **counts)
    assert choose_device("auto") == torch.device(name)


@pytest.mark.parametrize("name", ["cuda:1", "xpu", "xpu:0", "mps"])
def test_takes_what_is_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    have(monkeypatch, cuda=2, xpu=1, mps=1)
    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cuda", "no CUDA device"),
        ("xpu", "no Intel GPU"),
        ("mps", "no Metal"),
        ("vulkan", "'vulkan' is not supported; choose from auto, cpu, cuda, xpu, mps"),
        ("gpu", "unknown device 'gpu'"),
    ],
)
def test_refuses_what_is_not_there(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    have(monkeypatch)
    with pytest.raises(DeviceError, match=said):
        choose_device(name)


def test_refuses_a_number_beyond_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, xpu=1)
    with pytest.raises(DeviceError, match="no device 'xpu:1'; this machine has 1 of that kind"):
        choose_device("xpu:1")


def test_every_device_says_what_was_tried() -> None:
    for name in DEVICES[1:]:
        assert what_was_tried(torch.device(name))
