"""What holds for every test process."""

import os

import pytest

# Several test processes share the cores. Threads of OpenMP that spin while they wait would take
# them from the others; it reads this once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: what a process begins last is what the others wait for."""
    items.sort(
        key=lambda item: not item.nodeid.startswith(("tests/stress", "tests/ops/test_triton"))
    )
