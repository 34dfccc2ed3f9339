"""The short form of tests/stress/damaged_files.py."""

from tests.stress.damaged_files import check


def test_no_damaged_file_crashes_or_stops_the_command() -> None:
    assert check(75, seed=2, limit=120) == []
