"""Decoding times that any muxer takes, and groups as they were written."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swinsr.errors import ConfigError
from swinsr.video.packets import GroupFile, Stored, decode_times, durations, group_bytes
from swinsr.video.settings import VideoSettings, is_numbered, parse_time


@given(
    st.lists(st.integers(-1000, 100_000), min_size=1, max_size=60, unique=True).flatmap(
        lambda times: st.tuples(st.just(times), st.integers(0, 4))
    )
)
def test_decode_times_rise_and_are_never_after_the_frame(case: tuple[list[int], int]) -> None:
    times, reorder = case
    # As a codec with that much reordering: each frame at most so many places from its own.
    shown = sorted(times)
    order = [time for i in range(0, len(shown), reorder + 1) for time in
             reversed(shown[i : i + reorder + 1])]  # fmt: skip
    decode = decode_times(order)
    assert len(decode) == len(order)
    assert all(a < b for a, b in itertools.pairwise(decode))
    assert all(d <= t for d, t in zip(decode, order, strict=True))
    # As late as the order allows: without reordering they are the frames' own.
    if reorder == 0:
        assert decode == order


def test_durations_are_the_gaps_between_frames() -> None:
    assert durations([0, 20, 53], 7) == {0: 20, 20: 33, 53: 7}
    assert durations([0, 20, 53], 0)[53] == 33
    assert durations([5], 0) == {5: 0}


def test_a_group_is_read_as_it_was_written(tmp_path: Path) -> None:
    packets = [Stored(-3, 20, True, b"abc"), Stored(40, 0, False, b""), Stored(20, 1, False, b"x")]
    (tmp_path / "group").write_bytes(group_bytes(b"\x00extra", packets))
    group = GroupFile.open(tmp_path / "group")
    assert group.extradata == b"\x00extra"
    assert list(group.packets()) == packets


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1:30.5", 90.5), ("0:01:30", 90), ("2:00:00", 7200)]
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "1:2:3:4", "-5", "abc", "1:"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="a time is seconds or H:MM:SS"):
        parse_time(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"codec": "mpeg2"}, "unknown codec"),
        ({"bits": 12}, "8 or 10"),
        ({"start": 5, "end": 5}, "--end comes after"),
        ({"rate": 0}, "--rate is above 0"),
    ],
)
def test_settings_that_are_none_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        VideoSettings(**options)  # type: ignore[arg-type]


def test_numbered_names_are_told_from_files() -> None:
    assert is_numbered(Path("a/%06d.png")) and is_numbered(Path("x%d.tif"))
    assert not is_numbered(Path("100%.mp4"))
