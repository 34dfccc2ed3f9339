"""Copies to a GPU and back: by pinned memory, and results on a stream of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from swinsr.runtime.transfer import Direct, Pinned, transfer_for

CPU = torch.device("cpu")


class Gpu:
    """Streams on a processor: everything is written down, copies to the host come when waited."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.inside: str | None = None
        self.late: list[Any] = []
        gpu = self

        class Stream:
            def __init__(self, device: torch.device) -> None:
                pass

            def wait_stream(self, other: str) -> None:
                gpu.log.append(f"out waits for {other}")

            def record_event(self) -> "Stream":
                gpu.log.append("event")
                return self

            def synchronize(self) -> None:
                gpu.log.append("host waits")
                for copy in gpu.late:
                    copy()
                gpu.late.clear()

        self.Stream = Stream

    @contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        self.inside = "out"
        yield
        self.inside = None

    def current_stream(self, device: torch.device) -> str:
        return "main"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    gpu, copy, to = Gpu(), Tensor.copy_, Tensor.to

    def copied(self: Tensor, other: Tensor, non_blocking: bool = False) -> Tensor:
        if non_blocking:
            gpu.log.append(f"copy on {gpu.inside}")
            gpu.late.append(lambda: copy(self, other))
            return self
        return copy(self, other)

    def moved(self: Tensor, *given: Any, **more: Any) -> Tensor:
        gpu.log.append(f"upload, non_blocking={more.get('non_blocking')}")
        return to(self, *given).clone()

    monkeypatch.setattr(Tensor, "copy_", copied)
    monkeypatch.setattr(Tensor, "to", moved)
    monkeypatch.setattr(
        Tensor, "record_stream", lambda self, stream: gpu.log.append("kept for out")
    )
    return gpu


def test_results_leave_on_their_own_stream_and_the_host_waits_last(gpu: Gpu) -> None:
    transfer = Pinned(CPU, gpu, lambda like: torch.full(like.shape, torch.nan))
    given = torch.rand(2, 3, 4, 5)
    uploaded = transfer.upload(given)
    assert uploaded.equal(given)
    arrived = transfer.download(uploaded)
    assert gpu.log == [
        "upload, non_blocking=True",
        "out waits for main",
        "copy on out",
        "kept for out",
        "event",
    ]
    assert arrived().equal(given)
    assert gpu.log[-1] == "host waits"


def test_on_the_host_nothing_is_copied() -> None:
    transfer = transfer_for(CPU)
    assert isinstance(transfer, Direct)
    given = torch.rand(1, 3, 4, 5)
    assert transfer.upload(given).data_ptr() == given.data_ptr()
    assert transfer.download(given)().data_ptr() == given.data_ptr()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
def test_a_gpus_copies_arrive_whole() -> None:
    transfer = transfer_for(torch.device("cuda"))
    given = [torch.rand(4, 3, 256, 256) for _ in range(6)]
    arrived = [transfer.download(transfer.upload(tensor) * 2) for tensor in given]
    assert all(get().equal(2 * tensor) for get, tensor in zip(arrived, given, strict=True))
