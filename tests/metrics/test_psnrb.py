"""PSNR-B against values of the published SwinIR script and against its definition."""

import math

import numpy as np
import pytest

from swinsr.errors import ShapeMismatchError
from swinsr.metrics import psnr, psnrb, psnrb_y
from swinsr.metrics.blocking import blocking_effect
from tests.metrics.metric_images import blocky_pair, image_pair

# (shape, seed): the script's calculate_psnrb on Y (single precision), on RGB, and on red as gray.
GOLDEN = {
    ((64, 96), 0): (17.617494583129883, 17.048351169354515, 14.746436551051335),
    ((77, 51), 1): (17.242557525634766, 16.668812639174124, 14.31153970374977),
    ((120, 90), 2): (17.696502685546875, 17.131310165632467, 14.808406615077905),
}


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_equals_values_of_the_published_script(case: tuple) -> None:
    shape, seed = case
    sr, hr = blocky_pair(shape, seed=seed)
    on_y, on_rgb, on_gray = GOLDEN[case]
    assert psnrb_y(sr, hr) == pytest.approx(on_y, abs=3e-6)
    assert psnrb(sr, hr) == pytest.approx(on_rgb, abs=1e-9)
    assert psnrb(sr[..., 0], hr[..., 0]) == pytest.approx(on_gray, abs=1e-9)


def test_border_moves_the_grid_as_the_published_script_does() -> None:
    sr, hr = image_pair((61, 74, 3))
    assert psnrb_y(sr, hr, border=4) == pytest.approx(24.151302337646484, abs=3e-6)
    assert psnrb(sr, hr, border=4) == pytest.approx(22.540413504468017, abs=1e-9)


def test_blocking_effect_of_one_step_is_what_it_should_be() -> None:
    plane = np.zeros((16, 24))
    plane[:, 8:] = 6  # one of the two vertical block edges, over 16 rows
    edges = 16 * 2 + 24 * 1
    expected = (16 * 36 / edges) * math.log2(8) / math.log2(16)
    assert blocking_effect(plane) == pytest.approx(expected, abs=1e-12)


def test_steps_inside_blocks_cost_nothing() -> None:
    plane = np.zeros((16, 24))
    plane[:, 4:] = 6
    assert blocking_effect(plane) == 0


def test_without_block_edges_it_is_the_psnr() -> None:
    hr = np.full((32, 32), 100, np.uint8)
    sr = hr + np.uint8(2)
    assert psnrb(sr, hr) == pytest.approx(psnr(sr, hr), abs=1e-12)
    assert psnrb(hr, hr) == math.inf


def test_looks_for_blocks_in_the_restored_image_alone() -> None:
    sr, hr = blocky_pair((64, 64))
    assert psnrb(sr, hr) < psnr(sr, hr) - 1
    assert psnrb(hr, sr) > psnrb(sr, hr) + 0.5


def test_other_block_sizes_are_punished_less() -> None:
    eight, hr = blocky_pair((63, 63), block=8)
    seven, _ = blocky_pair((63, 63), block=7)
    assert psnr(seven, hr) - psnrb(seven, hr) < psnr(eight, hr) - psnrb(eight, hr)


def test_rejects_less_than_two_blocks() -> None:
    with pytest.raises(ShapeMismatchError, match="15x40 are left"):
        psnrb(np.zeros((15, 40), np.uint8), np.zeros((15, 40), np.uint8))
