"""Noise, softness and JPEG are measured in pictures whose damage is known."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from swinsr.errors import ImageError
from swinsr.metrics.damage import SMALLEST, measure_damage


def scene(side: int = 256, seed: int = 0) -> np.ndarray:
    """(side, side, 3) uint8 with flat parts, edges and texture, as sharp as its pixels."""
    rng = np.random.default_rng(seed)
    large = np.zeros((side * 4, side * 4, 3), np.float32) + 90
    for _ in range(60):
        colour = [float(v) for v in rng.integers(20, 235, 3)]
        centre = rng.integers(0, side * 4, 2).tolist()
        cv2.circle(large, centre, int(rng.integers(20, side)), colour, -1)
    for _ in range(50):
        a, b = rng.integers(0, side * 4, 2).tolist(), rng.integers(0, side * 4, 2).tolist()
        cv2.line(large, a, b, [float(v) for v in rng.integers(0, 255, 3)], int(rng.integers(3, 12)))
    return cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA).round().astype(np.uint8)


def jpeg(pixels: np.ndarray, quality: int, subsampling: str = "4:2:0") -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(stream).convert("RGB"))


def noisy(pixels: np.ndarray, level: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, level, pixels.shape)
    return (pixels + noise).clip(0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("quality", [30, 50, 70, 80, 88])
@pytest.mark.parametrize("corner", [(0, 0), (3, 5)])
def test_quality_of_a_former_jpeg_wherever_its_grid_lies(
    quality: int, corner: tuple[int, int]
) -> None:
    cut = jpeg(scene(), quality)[corner[0] :, corner[1] :]
    found = measure_damage(cut).quality
    assert found is not None and abs(found - quality) <= 6


@pytest.mark.parametrize("seed", range(4))
def test_what_was_no_jpeg_is_not_called_one(seed: int) -> None:
    clean = scene(seed=seed)
    for pixels in (clean, noisy(clean, 3), cv2.GaussianBlur(clean, (0, 0), 0.8)):
        assert measure_damage(pixels).quality is None


@pytest.mark.parametrize("level", [3, 8, 20])
def test_noise_within_a_fifth_of_its_level(level: float) -> None:
    in_luma = level * (0.299**2 + 0.587**2 + 0.114**2) ** 0.5
    assert measure_damage(noisy(scene(), level)).noise == pytest.approx(in_luma, rel=0.2, abs=0.3)


def test_clean_pictures_have_little_noise_and_blurred_ones_are_soft() -> None:
    clean = scene()
    assert measure_damage(clean).noise < 1
    softness = [
        measure_damage(cv2.GaussianBlur(clean, (0, 0), s) if s else clean).softness
        for s in (0, 0.5, 0.8, 1.2)
    ]
    assert softness == sorted(softness, reverse=True)
    assert softness[0] > -0.4 and softness[-1] < -1


def test_gray_and_the_smallest_pictures_are_measured() -> None:
    gray = scene()[..., :1]
    assert measure_damage(gray).noise < 1
    tiny = measure_damage(scene()[:SMALLEST, :SMALLEST])
    assert np.isfinite(tiny.noise) and np.isfinite(tiny.softness)
    flat = measure_damage(np.full((64, 64, 3), 128, np.uint8))
    assert (flat.noise, flat.quality) == (0, None)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((64, 64, 3), np.uint16), "uint16"),
        (np.zeros((64, 64), np.uint8), r"\(64, 64\)"),
        (np.zeros((64, 64, 4), np.uint8), r"\(64, 64, 4\)"),
        (np.zeros((64, SMALLEST - 1, 3), np.uint8), "31 x 64 pixels are too few"),
    ],
)
def test_arrays_it_cannot_measure_are_told_in_a_sentence(pixels: Any, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        measure_damage(pixels)
