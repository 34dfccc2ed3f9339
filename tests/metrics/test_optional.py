"""The wrapper of pyiqa: what it says when pyiqa is missing, and what it hands over when it is not.

A stand-in takes pyiqa's place, so that neither the package nor its downloads are needed.
"""

import os
import re
import subprocess
import sys
import types
import urllib.error
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swinsr.errors import ConfigError, DownloadError, ImageError, ShapeMismatchError
from swinsr.install import install_extra
from swinsr.metrics import pyiqa_metric
from tests.metrics.metric_images import image_pair


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, ...]]:
    """Puts a module named pyiqa in place; the list receives what its metrics are called with."""
    calls: list[tuple[np.ndarray, ...]] = []

    def create_metric(name: str, device: str) -> Callable[..., np.ndarray]:
        class Metric:
            metric_mode = "FR" if name == "lpips" else "NR"

            def __call__(self, *images: object) -> np.ndarray:
                calls.append(tuple(np.asarray(image) for image in images))
                return np.array([0.25])[0]

        assert device == "cpu"
        return Metric()

    module = types.ModuleType("pyiqa")
    module.list_models = lambda: ["lpips", "niqe"]  # type: ignore[attr-defined]
    module.create_metric = create_metric  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyiqa", module)
    return calls


def test_names_the_missing_package_and_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    told = rf"'lpips' needs the package pyiqa.*{re.escape(install_extra('metrics'))}"
    with pytest.raises(ConfigError, match=told):
        pyiqa_metric("lpips")


def test_hands_both_images_to_a_full_reference_metric(
    stand_in: list[tuple[np.ndarray, ...]],
) -> None:
    sr, hr = image_pair()
    assert pyiqa_metric("lpips", border=3)(sr, hr) == 0.25
    ((one, two),) = stand_in
    assert np.array_equal(one, sr[3:-3, 3:-3]) and np.array_equal(two, hr[3:-3, 3:-3])


def test_hands_the_restored_image_alone_to_a_no_reference_metric(
    stand_in: list[tuple[np.ndarray, ...]],
) -> None:
    sr, hr = image_pair()
    assert pyiqa_metric("niqe")(sr, hr) == 0.25
    ((one,),) = stand_in
    assert np.array_equal(one, sr)


@pytest.mark.usefixtures("stand_in")
def test_rejects_what_pyiqa_cannot_score() -> None:
    with pytest.raises(ConfigError, match="'nonsense'; it has: lpips, niqe"):
        pyiqa_metric("nonsense")
    score = pyiqa_metric("niqe")
    with pytest.raises(ShapeMismatchError, match="RGB"):
        score(*image_pair((20, 20)))
    with pytest.raises(ImageError, match="uint16"):
        score(*image_pair(dtype=np.uint16))


URL = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main/niqe_modelparameters.mat"


def fetch(url: str, folder: str) -> None:
    """As pyiqa's `load_file_from_url` where there is no network."""
    cached_file = f"{folder}/niqe_modelparameters.mat"
    raise urllib.error.URLError(OSError(-2, "Name or service not known")) from OSError(cached_file)


def assert_tells_file_and_source(error: DownloadError) -> None:
    message = str(error)
    assert "\n" not in message and "'niqe'" in message
    assert "the file niqe_modelparameters.mat" in message and URL in message
    assert "/cache/niqe_modelparameters.mat" in message and "Name or service not known" in message


def test_names_the_file_that_cannot_be_fetched(
    stand_in: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_metric(name: str, device: str) -> None:
        fetch(URL, "/cache")

    monkeypatch.setattr(sys.modules["pyiqa"], "create_metric", create_metric)
    with pytest.raises(DownloadError) as caught:
        pyiqa_metric("niqe")
    assert_tells_file_and_source(caught.value)


def test_names_the_file_that_is_fetched_when_the_metric_is_first_used(
    stand_in: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Metric:
        metric_mode = "NR"

        def __call__(self, *images: object) -> None:
            fetch(URL, "/cache")

    monkeypatch.setattr(sys.modules["pyiqa"], "create_metric", lambda name, device: Metric())
    with pytest.raises(DownloadError) as caught:
        pyiqa_metric("niqe")(*image_pair())
    assert_tells_file_and_source(caught.value)


def test_names_a_package_that_a_metric_lacks(
    stand_in: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_metric(name: str, device: str) -> None:
        raise ModuleNotFoundError("No module named 'clip'")

    monkeypatch.setattr(sys.modules["pyiqa"], "create_metric", create_metric)
    with pytest.raises(ConfigError, match=r"'lpips' needs a package .*No module named 'clip'"):
        pyiqa_metric("lpips")


def test_a_compiled_package_that_does_not_fit_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "pyiqa":
                raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.delitem(sys.modules, "pyiqa", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ConfigError, match=r"cannot be imported \(operator torchvision::nms"):
        pyiqa_metric("niqe")


def test_pyiqa_itself_without_a_network(torchvision: None, tmp_path: Path) -> None:
    pytest.importorskip("pyiqa", reason="pyiqa is not installed")
    program = (
        "import torch, pathlib; ops = torch.library.Library('torchvision', 'FRAGMENT')\n"
        "[ops.define(f'{n}(Tensor a, Tensor b, float c) -> Tensor') for n in ('nms', 'qnms')]\n"
        "from swinsr.metrics import pyiqa_metric\n"
        "from swinsr.errors import DownloadError\n"
        "try:\n    pyiqa_metric('niqe')\n"
        "except DownloadError as error:\n    print(error)\n"
    )
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **nowhere, "TORCH_HOME": str(tmp_path), "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "needs the file niqe_modelparameters.mat" in done.stdout
    assert f"put the file at {tmp_path}" in done.stdout
