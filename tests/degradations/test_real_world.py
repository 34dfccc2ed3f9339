"""The pipeline of real-world damage: its steps, and that seeds decide everything."""

from dataclasses import replace

import numpy as np
import pytest

from swinsr.degradations import DamageStage, RealWorld, blur, degrade, imresize, resize, to_bytes
from swinsr.degradations.kernels import Ellipse, gaussian_kernel
from swinsr.degradations.real_world import (
    random_blur,
    random_jpeg,
    random_kernel,
    random_noise,
    random_resize,
)
from swinsr.errors import ConfigError

QUIET = DamageStage(
    blur=0, enlarge=0, reduce=0, gaussian=1, noise=(0, 0), poisson=(0, 0), jpeg=(100, 100)
)
HARMLESS = RealWorld(first=QUIET, second=QUIET, final_sinc=0)


def picture(height: int = 64, width: int = 48, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(5)
    return imresize(
        rng.integers(0, 256, (height // 4, width // 4, channels), np.uint8), size=(height, width)
    )


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_gives_the_reduced_size_as_bytes(scale: int, channels: int) -> None:
    low = degrade(picture(channels=channels), scale, RealWorld(), generator())
    assert low.shape == (64 // scale, 48 // scale, channels)
    assert low.dtype == np.uint8


def test_same_seed_same_damage_and_another_seed_another() -> None:
    image = picture()
    first = degrade(image, 4, RealWorld(), generator(1))
    assert np.array_equal(first, degrade(image, 4, RealWorld(), generator(1)))
    assert not np.array_equal(first, degrade(image, 4, RealWorld(), generator(2)))


def test_with_every_step_off_little_but_jpeg_100_remains() -> None:
    gray = picture(channels=1)  # colour would lose half of its resolution
    low = degrade(gray, 1, HARMLESS, generator())
    assert np.abs(low.astype(int) - gray).mean() < 1.5


def test_simple_way_without_noise_is_the_bicubic_through_jpeg() -> None:
    settings = RealWorld(simple=1.0, simple_noise=(0, 0), simple_jpeg=(100, 100))
    low = degrade(picture(channels=1), 4, settings, generator())
    expected = imresize(picture(channels=1), scale=1 / 4)
    assert np.abs(low.astype(int) - expected).max() <= 2


def test_blur_of_a_point_is_the_kernel() -> None:
    kernel = gaussian_kernel(7, Ellipse(1.0, 2.0, 0.4))
    point = np.zeros((15, 15, 1), np.float32)
    point[7, 7] = 1
    assert np.allclose(blur(point, kernel)[4:11, 4:11, 0], kernel[::-1, ::-1], atol=1e-7)


@pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
def test_resize_keeps_a_flat_picture_flat(mode: str) -> None:
    flat = np.full((20, 30, 1), 0.3, np.float32)
    out = resize(flat, (7, 45), mode)
    assert out.shape == (7, 45, 1)
    assert np.allclose(out, 0.3, atol=1e-6)


def test_resize_rejects_unknown_mode_and_empty_size() -> None:
    with pytest.raises(ConfigError):
        resize(np.zeros((4, 4, 1), np.float32), (2, 2), "lanczos")
    with pytest.raises(ConfigError):
        resize(np.zeros((4, 4, 1), np.float32), (0, 2), "area")


def test_random_resize_stays_in_its_range() -> None:
    image = np.zeros((40, 40, 1), np.float32)
    stage = DamageStage(enlarge=0.5, reduce=0.5, resize=(0.5, 1.5))
    sides = [random_resize(image, (40, 40), stage, generator(s)).shape[0] for s in range(60)]
    assert min(sides) >= 20
    assert max(sides) <= 60
    assert min(sides) < 30
    assert max(sides) > 50


def test_random_kernels_are_of_many_kinds_and_all_sum_to_one() -> None:
    kernels = [random_kernel(DamageStage(sinc=0.3), generator(s)) for s in range(80)]
    assert all(k.sum() == pytest.approx(1, abs=1e-4) for k in kernels)
    assert {len(k) for k in kernels} == set(range(7, 23, 2))
    assert any(k.min() < -1e-3 for k in kernels)  # a sinc
    assert any(not np.allclose(k, k.T, atol=1e-4) for k in kernels)  # not round


def test_each_random_step_can_be_switched_off() -> None:
    image = picture().astype(np.float32) / 255
    assert random_blur(image, QUIET, generator()) is image
    assert np.array_equal(random_noise(image, QUIET, generator()), image)


def test_random_jpeg_of_low_quality_damages() -> None:
    image = picture().astype(np.float32) / 255
    assert np.abs(random_jpeg(image, (10, 10), generator()) - image).mean() > 0.01


def test_bytes_are_clipped_and_rounded() -> None:
    assert to_bytes(np.array([-0.1, 0.499 / 255, 0.501 / 255, 1.2], np.float32)).tolist() == [
        0,
        0,
        1,
        255,
    ]


@pytest.mark.parametrize(
    "change",
    [{"blur": 1.5}, {"enlarge": 0.6, "reduce": 0.6}, {"noise": (5, 1)}, {"jpeg": (0, 50)},
     {"resize": (0.0, 1.0)}, {"resize": (1.2, 1.5)}, {"sigma": (0.0, 1.0)}],
)  # fmt: skip
def test_rejects_impossible_settings(change: dict) -> None:
    with pytest.raises(ConfigError):
        replace(DamageStage(), **change)
