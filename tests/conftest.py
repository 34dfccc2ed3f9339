"""What holds for every test process, and other programs that tests compare with."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

# Several test processes share the cores. Threads of OpenMP that spin while they wait would take
# them from the others; it reads this once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: what a process begins last is what the others wait for."""
    items.sort(
        key=lambda item: not item.nodeid.startswith(("tests/stress", "tests/ops/test_triton"))
    )


@pytest.fixture(scope="session")
def torchvision() -> Iterator[None]:
    """torchvision can be imported, whether or not its operators load."""
    import torch

    operators = torch.library.Library("torchvision", "FRAGMENT")  # undone when it is let go
    try:
        import torchvision  # noqa: F401 - spandrel and timm import it
    except ImportError:
        pytest.skip("torchvision, which spandrel and timm need, is not installed")
    except RuntimeError:
        # It cannot load its operators beside another build of torch; nothing here uses them.
        for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor a, Tensor b, float c) -> Tensor")
    yield


@pytest.fixture(scope="session")
def spandrel(torchvision: None) -> Any:
    """spandrel, which ComfyUI and chaiNNer read weights with."""
    return pytest.importorskip("spandrel", reason="spandrel is not installed")


@pytest.fixture(scope="session")
def timm(torchvision: None) -> Any:
    """timm, whose classifiers many people have."""
    return pytest.importorskip("timm", reason="timm is not installed")
