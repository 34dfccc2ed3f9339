"""A short form of tests/stress/demo_soak.py: several visitors at once, some of them bad."""

import pytest

from tests.demo.server import Demo
from tests.stress import demo_soak


def test_visitors_at_once_are_all_answered_as_they_should_be(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This server's own limits.
    monkeypatch.setattr(demo_soak, "MAX_BYTES", 64 << 20)
    monkeypatch.setattr(
        demo_soak, "BAD", tuple(b for i, b in enumerate(demo_soak.BAD) if i not in (1, 2))
    )
    found = demo_soak.run(demo, clients=4, requests=30, seconds=240)
    assert found.faults == []
    assert found.outcomes["upscaled"] == 27 and found.bad == 3
