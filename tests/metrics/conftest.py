"""BasicSR's own metric functions, where the package is installed."""

import importlib
import sys
import types
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

Functions = tuple[Callable[..., float], Callable[..., float]]


def load_basicsr() -> Functions:
    """calculate_psnr and calculate_ssim, without the parts of BasicSR that need torchvision.

    The package's own __init__ imports names that recent torchvision has not; empty packages that
    know where their files are let the few modules of the metrics be imported by themselves.
    """
    spec = find_spec("basicsr")
    assert spec is not None and spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    for name in ("basicsr", "basicsr.utils", "basicsr.metrics"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.parent / name.replace(".", "/"))]
        sys.modules[name] = package
    colour = importlib.import_module("basicsr.utils.color_util")
    sys.modules["basicsr.utils"].bgr2ycbcr = colour.bgr2ycbcr  # type: ignore[attr-defined]
    metrics = importlib.import_module("basicsr.metrics.psnr_ssim")
    return metrics.calculate_psnr, metrics.calculate_ssim


@pytest.fixture(scope="session")
def basicsr() -> Functions:
    if find_spec("basicsr") is None:
        pytest.skip("the package basicsr is not installed; pip install --no-deps basicsr")
    return load_basicsr()
