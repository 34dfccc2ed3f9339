"""The damage of ordinary photographs: what it may do, and what it must not."""

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.degradations import Photo, photograph
from swinsr.degradations.photo import jpeg_of
from swinsr.errors import ConfigError
from swinsr.image.resize.matlab import imresize

ALWAYS = Photo(clean=0, blur=0, noise=0, again=0)


def picture(height: int = 64, width: int = 80, channels: int = 3) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2).reshape(height, width, channels)


@given(
    scale=st.sampled_from([1, 2, 4]),
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_gives_the_size_and_type_whatever_happens(
    scale: int, rows: int, columns: int, channels: int, seed: int
) -> None:
    image = picture(rows * scale, columns * scale, channels)
    out = photograph(image, scale, Photo(), np.random.default_rng(seed))
    assert (out.shape, out.dtype) == ((rows, columns, channels), np.uint8)


def test_follows_the_generator_alone() -> None:
    first, again, other = (
        photograph(picture(), 2, Photo(clean=0), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_clean_pictures_are_only_reduced() -> None:
    out = photograph(picture(), 4, Photo(clean=1), np.random.default_rng(0))
    assert np.array_equal(out, imresize(picture(), scale=0.25))


def test_each_damage_is_seen_alone() -> None:
    image = picture()
    plain = image.astype(float)

    def change(**values: object) -> float:
        made = photograph(image, 1, dataclasses.replace(ALWAYS, **values), np.random.default_rng(3))
        return float(np.abs(made - plain).mean())

    best = change(quality=(98, 98), full=1)
    assert best < 1.5
    assert change(quality=(40, 40), full=1) > 2 * best
    assert change(quality=(98, 98), full=0) > best  # chroma at half the size
    assert change(quality=(98, 98), full=1, noise=1, level=(6, 6)) > 2 * best
    assert change(quality=(98, 98), full=1, blur=1, sigma=(0.9, 0.9)) > best
    # What was larger when it was saved has its blocks made smaller.
    again = change(quality=(40, 40), full=1, again=1, factor=(0.6, 0.6))
    assert best < again < change(quality=(40, 40), full=1)


def test_chroma_sampling_is_the_one_asked_for() -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)
    image[:, 1::2] = (0, 0, 255)
    full, halved = (jpeg_of(image, 98, sampling).astype(int) for sampling in ("444", "420"))
    assert np.abs(full - image).mean() < 12 < np.abs(halved - image).mean()


@pytest.mark.parametrize(
    "values",
    [
        {"clean": 1.5},
        {"level": (3, 1)},
        {"quality": (0, 50)},
        {"factor": (0.1, 1)},
        {"sigma": (-1, 1)},
    ],
)
def test_refuses_what_is_no_share_or_range(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="photo"):
        Photo(**values)  # type: ignore[arg-type]
