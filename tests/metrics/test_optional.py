"""The wrapper of pyiqa: what it says when pyiqa is missing, and what it hands over when it is not.

A stand-in takes pyiqa's place, so that neither the package nor its downloads are needed.
"""

import re
import sys
import types
from collections.abc import Callable

import numpy as np
import pytest

from swinsr.errors import ConfigError, ImageError, ShapeMismatchError
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
