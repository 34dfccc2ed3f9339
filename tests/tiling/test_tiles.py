"""Plans, blending and runs: every pixel once, smoothly, and the same whatever was interrupted."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.errors import ConfigError, NotEnoughMemoryError
from swinsr.tiling import (
    ArraySink,
    ArraySource,
    Shrinking,
    each,
    plan_tiles,
    ramp,
    run,
    run_tiles,
    tiled,
)
from swinsr.tiling.blend import mix

SIDES = st.integers(1, 200)


def twice(tile: Any) -> Any:
    """Nearest neighbours: a function that sees no neighbour, so tiles must not show at all."""
    return np.repeat(np.repeat(tile, 2, 0), 2, 1).astype(np.float32)


def picture(height: int, width: int, channels: int = 3) -> Any:
    return np.random.default_rng(0).random((height, width, channels), np.float32)


@given(SIDES, SIDES, st.integers(1, 90), st.integers(0, 40), st.integers(1, 9))
def test_kept_parts_cover_the_picture_and_share_their_ramps(
    height: int, width: int, tile: int, overlap: int, align: int
) -> None:
    plan = plan_tiles(height, width, tile=tile, overlap=overlap, align=align)
    assert (plan.height, plan.width) == (height, width)
    for length, pieces in ((height, plan.rows), (width, plan.columns)):
        assert pieces[0].first == pieces[0].start == 0
        assert pieces[-1].last == pieces[-1].stop == length
        for piece in pieces:
            assert piece.start % align == 0
            assert piece.start <= piece.first < piece.last <= piece.stop
            assert piece.stop - piece.start <= max(tile, -(-overlap // align) * align + align)
        for before, after in pairwise(pieces):
            assert before.last - after.first == 2 * ((before.stop - after.start) // 4)
            assert before.first <= after.first < after.last
            assert after.last > before.last


@given(SIDES, SIDES, st.integers(20, 60), st.sampled_from([0, 1, 4, 9, 16]), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_local_function_leaves_no_trace_of_tiles(
    height: int, width: int, tile: int, overlap: int, align: int
) -> None:
    array = picture(height, width)
    plan = plan_tiles(height, width, tile=tile, overlap=overlap, align=align)
    assert np.array_equal(tiled(twice, array, plan, scale=2), twice(array))


@given(st.integers(1, 64))
def test_ramp_rises_smoothly_and_mirrors_itself(length: int) -> None:
    weights = ramp(length)
    assert ((weights > 0) & (weights < 1)).all()
    assert (np.diff(weights) > 0).all()
    assert np.allclose(weights + weights[::-1], 1.0, atol=1e-6)
    if length >= 8:  # steepest in the middle, flat at both ends: no kink, and no plain average
        steps = np.diff(weights)
        assert steps[0] < steps[len(steps) // 2] / 2
        assert weights[0] < 0.01


def test_weights_of_all_tiles_sum_to_one_everywhere() -> None:
    plan = plan_tiles(90, 70, tile=32, overlap=12)
    assert plan.tiles > 9
    ones = np.ones((90, 70, 1), np.float32)
    assert (tiled(lambda t: t, ones, plan, scale=1) == 1.0).all()
    total = np.zeros((90, 70, 1))
    for number in range(plan.tiles):
        calls = iter(range(plan.tiles))
        only = tiled(lambda t, n=number, c=calls: t * (next(c) == n), ones, plan, scale=1)
        assert only.min() >= 0
        total += only
    assert np.abs(total - 1.0).max() < 1e-6


def test_mix_of_equals_is_exact() -> None:
    array = picture(5, 7)
    assert np.array_equal(mix(array, array, ramp(7)[None, :, None]), array)


def test_bands_may_be_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    array = picture(75, 41)
    plan = plan_tiles(75, 41, tile=24, overlap=8)

    def uneven(tile: Any) -> Any:
        return tile + np.float32(tile.mean())  # tiles that differ, so that blending matters

    whole = tiled(uneven, array, plan, scale=1)
    monkeypatch.setattr(run, "BAND_BYTES", 1)
    assert np.array_equal(tiled(uneven, array, plan, scale=1), whole)


def test_result_comes_in_order_and_once() -> None:
    plan = plan_tiles(75, 41, tile=24, overlap=8)

    class Sink(ArraySink):
        end = 0

        def write(self, top: int, band: Any) -> None:
            assert top == self.end
            self.end += len(band)
            super().write(top, band)

    sink = Sink(150)
    shares: list[float] = []
    run_tiles(each(twice), ArraySource(picture(75, 41)), sink, plan, scale=2, tick=shares.append)
    assert sink.end == 150
    assert sum(shares) == pytest.approx(1.0)


@pytest.mark.parametrize("limit", [17, 24, 40, 48])
def test_short_memory_is_met_with_smaller_tiles(limit: int) -> None:
    told: list[int] = []

    def greedy(tile: Any) -> Any:
        if max(tile.shape[:2]) > limit:
            raise NotEnoughMemoryError("too large")
        return twice(tile)

    array = picture(130, 90)
    function = Shrinking(greedy, scale=2, overlap=8, align=1, smaller=told.append)
    plan = plan_tiles(130, 90, tile=64, overlap=8)
    assert np.array_equal(tiled(function, array, plan, scale=2), twice(array))
    assert told == sorted(told, reverse=True)
    assert told[-1] == function.side <= limit


def test_memory_for_nothing_is_an_error() -> None:
    def never(tile: Any) -> Any:
        raise NotEnoughMemoryError("too large")

    function = Shrinking(never, scale=1, overlap=8, align=1)
    with pytest.raises(NotEnoughMemoryError):
        function(picture(64, 64))


@pytest.mark.parametrize(("tile", "overlap"), [(0, 0), (8, -1)])
def test_refuses_impossible_tiles(tile: int, overlap: int) -> None:
    with pytest.raises(ConfigError, match="a tile has"):
        plan_tiles(10, 10, tile=tile, overlap=overlap)
