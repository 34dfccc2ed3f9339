"""Pairs to measure on: read, cropped, made poorer as the papers' scripts do."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from swinsr.degradations import imresize
from swinsr.errors import ImageError, ImageReadError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.layout import Item
from swinsr.evaluation.sample import add_published_noise, load_sample
from swinsr.image import to_float, to_gray
from tests.evaluation.conftest import pictures, write

X4 = Condition("sr", 4)
COLOUR = pictures()["cat"]  # 42 x 48


def test_makes_matlabs_bicubic_of_the_truth_cropped_to_a_multiple(tmp_path: Path) -> None:
    sample = load_sample(Item("a", write(tmp_path / "a.png", COLOUR)), X4)
    assert np.array_equal(sample.truth, COLOUR[:40])
    assert np.array_equal(sample.source, to_float(imresize(COLOUR[:40], scale=1 / 4)))


def test_crops_the_truth_to_the_given_input(tmp_path: Path) -> None:
    source = imresize(COLOUR[:40], scale=1 / 4)
    item = Item("a", write(tmp_path / "a.png", COLOUR), write(tmp_path / "ax4.png", source))
    sample = load_sample(item, X4)
    assert sample.truth.shape == (40, 48, 3) and np.array_equal(sample.source, to_float(source))


@pytest.mark.parametrize("shape", [(11, 12), (10, 11), (20, 24), (42, 48)])
def test_refuses_an_input_of_another_size(tmp_path: Path, shape: tuple[int, int]) -> None:
    small = np.zeros((*shape, 3), np.uint8)
    item = Item("a", write(tmp_path / "a.png", COLOUR), write(tmp_path / "ax4.png", small))
    with pytest.raises(ImageError, match=rf"ax4\.png: {shape[1]} x {shape[0]}.*12 x 10.*48 x 42"):
        load_sample(item, X4)


def test_refuses_a_missing_input(tmp_path: Path) -> None:
    item = Item("a", write(tmp_path / "a.png", COLOUR), tmp_path / "ax4.png")
    with pytest.raises(ImageReadError, match=r"ax4\.png: it is missing"):
        load_sample(item, X4)


def test_refuses_a_gray_input_of_a_colour_picture(tmp_path: Path) -> None:
    gray = to_gray(imresize(COLOUR[:40], scale=1 / 4))
    item = Item("a", write(tmp_path / "a.png", COLOUR), write(tmp_path / "ax4.png", gray))
    with pytest.raises(ImageError, match=r"ax4\.png: it is gray, but a\.png is in colour"):
        load_sample(item, X4)


def test_equal_channels_count_as_gray(tmp_path: Path) -> None:
    gray = to_gray(COLOUR[:40])
    rgb = np.repeat(gray, 3, axis=2)
    small = imresize(gray, scale=1 / 4)
    item = Item("a", write(tmp_path / "a.png", rgb), write(tmp_path / "ax4.png", small))
    assert load_sample(item, X4).source.shape == (10, 12, 3)


def test_a_gray_truth_is_repeated_three_times_and_says_so(tmp_path: Path) -> None:
    gray = to_gray(COLOUR)
    sample = load_sample(Item("a", write(tmp_path / "a.png", gray)), X4)
    assert np.array_equal(sample.truth, np.repeat(gray[:40], 3, axis=2))
    assert "repeated three times" in sample.notes[0]


def test_refuses_a_truth_smaller_than_the_scale(tmp_path: Path) -> None:
    item = Item("a", write(tmp_path / "a.png", COLOUR[:1, :1]))
    with pytest.raises(ImageError, match="1 x 1 pixels are too few for x4"):
        load_sample(item, X4)


def test_noise_is_the_published_scripts(tmp_path: Path) -> None:
    sample = load_sample(Item("a", write(tmp_path / "a.png", COLOUR)), Condition("noise", level=25))
    bgr = COLOUR[..., ::-1].astype(np.float32) / 255.0
    np.random.seed(seed=0)  # as the scripts do for each picture
    expected = bgr + np.random.normal(0, 25 / 255.0, bgr.shape)
    assert np.array_equal(sample.source, expected[..., ::-1].astype(np.float32))


def test_gray_noise_needs_no_order_of_channels() -> None:
    planes = np.full((5, 7, 1), 0.5, np.float32)
    expected = 0.5 + np.random.RandomState(0).normal(0, 50 / 255.0, (5, 7, 1))
    assert np.array_equal(add_published_noise(planes, 50), expected.astype(np.float32))


@pytest.mark.parametrize("quality", [10, 40])
def test_jpeg_is_opencvs(tmp_path: Path, quality: int) -> None:
    sample = load_sample(
        Item("a", write(tmp_path / "a.png", COLOUR)), Condition("jpeg", level=quality)
    )
    options = [int(cv2.IMWRITE_JPEG_QUALITY), quality]
    _, code = cv2.imencode(".jpg", np.ascontiguousarray(COLOUR[..., ::-1]), options)
    assert np.array_equal(sample.source, to_float(cv2.imdecode(code, 1)[..., ::-1].copy()))


def test_gray_jpeg_of_a_colour_picture_takes_matlabs_y(tmp_path: Path) -> None:
    white = np.full((16, 16, 3), 255, np.uint8)
    item = Item("a", write(tmp_path / "a.png", white))
    sample = load_sample(item, Condition("jpeg", level=90, gray=True))
    assert sample.truth.shape == (16, 16, 1) and (sample.truth == 235).all()


def test_pairs_of_one_size_are_taken_as_given(tmp_path: Path) -> None:
    item = Item("a", write(tmp_path / "a.png", COLOUR), write(tmp_path / "b.png", 255 - COLOUR))
    sample = load_sample(item, Condition("pair"))
    assert np.array_equal(sample.source, to_float(255 - COLOUR))
    write(tmp_path / "b.png", COLOUR[1:])
    with pytest.raises(ImageError, match="both must be of one size"):
        load_sample(item, Condition("pair"))
