"""`imresize` against MATLAB's formula written out pixel by pixel, and against published images."""

import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.degradations import KERNELS, imresize
from swinsr.errors import ConfigError, ShapeMismatchError

TESTSETS = os.environ.get("SWINSR_TESTSETS", "")


def keys_cubic(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    if x <= 2:
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return 0.0


def slow_line(line: np.ndarray, out_length: int, scale: float) -> np.ndarray:
    """One line of pixels by the definition: every input pixel of the mirrored line is weighed."""
    n = len(line)
    shrink = min(scale, 1.0)
    reach = math.ceil(2 / shrink) + 1
    out = np.empty(out_length)
    for i in range(out_length):
        centre = (i + 0.5) / scale - 0.5
        total = weight_sum = 0.0
        for j in range(math.floor(centre) - reach, math.floor(centre) + reach + 2):
            weight = keys_cubic(shrink * (centre - j))
            folded = j % (2 * n)
            total += weight * line[folded if folded < n else 2 * n - 1 - folded]
            weight_sum += weight
        out[i] = total / weight_sum
    return out


def slow_resize(image: np.ndarray, out: tuple[int, int], scales: tuple[float, float]) -> np.ndarray:
    axes = (0, 1) if scales[0] <= scales[1] else (1, 0)
    top = np.iinfo(image.dtype).max if image.dtype.kind == "u" else None
    for axis in axes:
        image = np.apply_along_axis(slow_line, axis, image.astype(float), out[axis], scales[axis])
        if top is not None:
            # Halves go up; the two implementations may differ in the last bit of an exact half.
            image = np.clip(np.floor(image + 0.5 + 1e-9), 0, top)
    return image


def random_image(shape: tuple[int, ...], dtype: type, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


@pytest.mark.parametrize("scale", [1 / 2, 1 / 4, 2, 4, 0.3, 1.7])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_equals_the_formula_written_out(scale: float, dtype: type) -> None:
    image = random_image((12, 9, 3), dtype)
    out = (math.ceil(scale * 12), math.ceil(scale * 9))
    ours = imresize(image, scale=scale)
    assert ours.dtype == dtype
    expected = slow_resize(image, out, (scale, scale))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [1 / 3, 3])
def test_thirds_equal_the_formula_to_rounding(scale: float) -> None:
    image = random_image((12, 9), np.float64)
    expected = slow_resize(image, (round(12 * scale), round(9 * scale)), (scale, scale))
    np.testing.assert_allclose(imresize(image, scale=scale), expected, atol=1e-12)


def test_size_gives_each_axis_its_scale_and_shrinks_first() -> None:
    image = random_image((10, 12), np.uint8)
    expected = slow_resize(image, (15, 5), (1.5, 5 / 12))
    assert np.array_equal(imresize(image, size=(15, 5)), expected)


def test_weights_of_halving_and_doubling_are_the_known_fractions() -> None:
    impulse = np.zeros((1, 24))
    impulse[0, 12] = 1
    halved = imresize(impulse, size=(1, 12))[0] * 256
    np.testing.assert_allclose(halved[4:9], [-3, 29, 111, -9, 0], atol=1e-12)
    doubled = imresize(impulse, size=(1, 48))[0] * 128
    np.testing.assert_allclose(doubled[21:29], [-3, -9, 29, 111, 111, 29, -9, -3], atol=1e-12)


def test_vertical_pass_rounds_before_the_horizontal_one() -> None:
    image = random_image((32, 32), np.uint8)
    one_pass = imresize(image.astype(np.float64), scale=0.5).round().clip(0, 255)
    two_passes = imresize(image, scale=0.5)
    horizontal_first = imresize(image.T.copy(), scale=0.5).T
    assert not np.array_equal(one_pass, two_passes)
    assert not np.array_equal(horizontal_first, two_passes)
    assert np.abs(one_pass - two_passes).max() <= 1


def test_overshoot_is_clipped_for_integers_and_kept_for_floats() -> None:
    step = np.zeros((4, 16), np.uint8)
    step[:, 8:] = 255
    assert imresize(step, scale=2).min() == 0 and imresize(step, scale=2).max() == 255
    assert imresize(step / 255, scale=2).min() < -0.02
    assert imresize(step / 255, scale=2).max() > 1.02


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    out=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    value=st.integers(0, 255),
    kernel=st.sampled_from(KERNELS),
)
def test_flat_images_stay_flat(
    height: int, width: int, out: tuple[int, int], value: int, kernel: str
) -> None:
    resized = imresize(np.full((height, width), value, np.uint8), size=out, kernel=kernel)
    assert resized.shape == out and (resized == value).all()


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    scale=st.sampled_from([1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4]),
    kernel=st.sampled_from(KERNELS),
    seed=st.integers(0, 1000),
)
def test_mirrored_input_gives_mirrored_output(
    shape: tuple[int, int], scale: float, kernel: str, seed: int
) -> None:
    height, width = (int(n / min(scale, 1) + 0.5) for n in shape)
    if kernel == "nearest" and scale < 1:
        return  # one of two equally near pixels is taken, always on the same side
    image = random_image((height, width), np.float64, seed)
    flipped = imresize(image[::-1, ::-1], scale=scale, kernel=kernel)[::-1, ::-1]
    np.testing.assert_allclose(flipped, imresize(image, scale=scale, kernel=kernel), atol=1e-12)


def test_nearest_repeats_pixels() -> None:
    image = random_image((5, 7, 3), np.uint8)
    expected = image.repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(imresize(image, scale=3, kernel="nearest"), expected)


def test_does_not_change_or_share_its_input() -> None:
    image = random_image((8, 8), np.uint8)
    before = image.copy()
    for scale in (1.0, 2.0, 0.5):
        out = imresize(image, scale=scale)
        assert not np.shares_memory(out, image) and out.flags.c_contiguous
        out[:] = 0
        assert np.array_equal(image, before)


@pytest.mark.parametrize(
    ("image", "options", "error", "words"),
    [
        (np.zeros((4, 4), np.uint8), {}, ConfigError, "exactly one"),
        (np.zeros((4, 4), np.uint8), {"scale": 2, "size": (8, 8)}, ConfigError, "exactly one"),
        (np.zeros((4, 4), np.uint8), {"scale": 0}, ConfigError, "positive"),
        (np.zeros((4, 4), np.uint8), {"scale": math.nan}, ConfigError, "positive"),
        (np.zeros((4, 4), np.uint8), {"size": (0, 8)}, ConfigError, "positive"),
        (np.zeros((4, 4), np.uint8), {"scale": 2, "kernel": "sinc"}, ConfigError, "bicubic"),
        (np.zeros((4, 4), np.int32), {"scale": 2}, ConfigError, "int32"),
        (np.zeros((4,), np.uint8), {"scale": 2}, ShapeMismatchError, "height, width"),
        (np.zeros((0, 4), np.uint8), {"scale": 2}, ShapeMismatchError, "height, width"),
    ],
)
def test_rejects_with_a_reason(
    image: np.ndarray, options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        imresize(image, **options)  # type: ignore[arg-type]


@pytest.mark.skipif(
    not TESTSETS or not Path(TESTSETS, "Set5", "HR").is_dir(),
    reason="SWINSR_TESTSETS names no folder that holds Set5/HR and Set5/LR_bicubic",
)
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("dataset", ["Set5", "Set14"])
def test_reproduces_published_images(dataset: str, scale: int) -> None:
    truths = sorted(Path(TESTSETS, dataset, "HR").glob("*.png"))
    assert truths
    for path in truths:
        small = Path(TESTSETS, dataset, "LR_bicubic", f"X{scale}", f"{path.stem}x{scale}.png")
        hr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        lr = cv2.imread(str(small), cv2.IMREAD_COLOR)
        height, width = hr.shape[0] // scale * scale, hr.shape[1] // scale * scale
        ours = imresize(hr[:height, :width], scale=1 / scale)
        assert int((ours != lr).sum()) == 0, path.name
