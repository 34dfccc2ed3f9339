"""Colour under transparency."""

import numpy as np
import pytest

from swinsr.image import Image, bleed_colour, is_constant, to_float
from swinsr.image.resize.pillow import resize
from swinsr.inference import Upscaler
from swinsr.inference.engine import BaselineEngine
from tests.image.image_files import random_samples


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_visible_pixels_keep_their_values(dtype):
    pixels = random_samples((33, 47, 3), dtype)
    alpha = random_samples((33, 47), dtype)
    alpha[5:20, 10:30] = 0
    filled = bleed_colour(pixels, alpha)
    assert filled.dtype == dtype
    assert np.array_equal(filled[alpha > 0], pixels[alpha > 0])
    assert not np.array_equal(filled, pixels)


@pytest.mark.parametrize("size", [(1, 9), (9, 1), (2, 2), (37, 53), (64, 64), (65, 3)])
def test_one_visible_colour_fills_everything(size):
    colour = np.array([200, 90, 10], np.uint8)
    alpha = np.zeros(size, np.uint8)
    alpha[-1, -1] = 255
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[-1, -1] = colour
    assert np.abs(bleed_colour(pixels, alpha).astype(int) - colour).max() <= 1


def test_hidden_pixels_take_the_nearest_colour():
    pixels = np.zeros((64, 64, 3), np.uint8)
    alpha = np.zeros((64, 64), np.uint8)
    pixels[:, :8], pixels[:, 56:] = (255, 0, 0), (0, 0, 255)
    alpha[:, :8] = alpha[:, 56:] = 255
    filled = bleed_colour(pixels, alpha).astype(int)
    assert (filled[:, 8:12, 0] > 200).all()
    assert (filled[:, 52:56, 2] > 200).all()
    assert filled[..., 1].max() == 0
    assert np.abs(np.diff(filled[32, :, 0])).max() < 120, "no hard seam in the middle"


def test_values_stay_within_the_visible_ones():
    pixels = random_samples((50, 50, 3), np.uint8) // 4 + 100
    alpha = (random_samples((50, 50), np.uint8) > 180).astype(np.uint8) * 255
    pixels[alpha == 0] = 0
    filled = bleed_colour(pixels, alpha)
    assert filled.min() >= pixels[alpha > 0].min() - 1
    assert filled.max() <= pixels[alpha > 0].max() + 1


def test_nothing_to_do_costs_no_copy():
    pixels = random_samples((5, 5, 3), np.uint8)
    for value in (0, 255):
        assert bleed_colour(pixels, np.full((5, 5), value, np.uint8)) is pixels


def test_enlarged_edge_has_no_dark_fringe():
    """A white disc on hidden black: before white, the enlarged picture must be white everywhere."""
    y, x = np.mgrid[0:40, 0:40]
    alpha = np.where((x - 20) ** 2 + (y - 20) ** 2 < 150, 255, 0).astype(np.uint8)
    pixels = np.where(alpha[..., None] > 0, 255, 0).astype(np.uint8).repeat(3, axis=2)

    def before_white(colours: np.ndarray) -> np.ndarray:
        large = to_float(resize(colours, 160, 160))
        share = to_float(resize(alpha, 160, 160))[..., None]
        return large * share + (1 - share)

    assert before_white(pixels).min() < 0.8, "the fringe that is to be avoided"
    assert before_white(bleed_colour(pixels, alpha)).min() > 0.99


def test_constant_is_told_from_nearly_constant():
    alpha = np.full((50, 60), 7, np.uint16)
    assert is_constant(alpha)
    alpha[49, 59] = 8
    assert not is_constant(alpha)
    alpha[0, 1] = 9
    assert not is_constant(alpha)


class Counting(BaselineEngine):
    """Bicubic that counts its runs."""

    runs = 0

    def enlarge(self, planes, scale, size, progress):
        self.runs += 1
        return super().enlarge(planes, scale, size, progress)


@pytest.mark.parametrize("value", [0, 100, 255])
def test_constant_alpha_costs_no_run_of_the_model(value):
    engine = Counting("bicubic")
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
    plain = Upscaler(Counting("bicubic")).upscale(Image(pixels), 2.0)
    result = Upscaler(engine).upscale(Image(pixels, np.full((9, 11), value, np.uint8)), 2.0)
    assert engine.runs == 1
    assert np.array_equal(result.pixels, plain.pixels)
    assert (result.alpha == value).all()


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_what_is_hidden_leaves_no_fringe_on_the_border(hidden):
    rows, columns = np.mgrid[:40, :40]
    inside = (rows - 20) ** 2 + (columns - 20) ** 2 < 150
    pixels = np.where(inside[..., None], (200, 40, 30), hidden).astype(np.uint8)
    alpha = np.where(inside, 255, 0).astype(np.uint8)
    result = Upscaler(BaselineEngine("bicubic")).upscale(Image(pixels, alpha), 4.0)
    visible = result.alpha > 0
    assert visible.any()
    assert np.abs(result.pixels[visible].astype(int) - (200, 40, 30)).max() <= 1
