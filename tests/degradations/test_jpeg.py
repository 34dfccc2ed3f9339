"""JPEG artefacts come from a real encoder."""

import io

import numpy as np
import pytest
from PIL import Image

from swinsr.degradations import jpeg
from swinsr.errors import ConfigError, ShapeMismatchError


def picture(channels: int = 3) -> np.ndarray:
    y, x = np.mgrid[:48, :64]
    planes = [127 + 100 * np.sin(x / (4 + c)) * np.cos(y / (5 - c)) for c in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def error(image: np.ndarray, quality: int) -> float:
    return float(np.abs(jpeg(image, quality).astype(float) - image).mean())


@pytest.mark.parametrize("channels", [1, 3])
def test_lower_quality_is_further_from_the_picture(channels: int) -> None:
    image = picture(channels)
    errors = [error(image, quality) for quality in (95, 50, 10)]
    assert errors == sorted(errors)
    assert errors[0] < 3 < errors[2]


def test_is_what_another_encoder_of_that_quality_gives() -> None:
    image = picture()
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=30)
    theirs = np.asarray(Image.open(buffer), float)
    assert np.abs(jpeg(image, 30) - theirs).mean() < 0.5


def test_keeps_the_order_of_channels() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert jpeg(red, 90)[..., 0].mean() > 190
    assert jpeg(red, 90)[..., 2].mean() < 10


@pytest.mark.parametrize("quality", [0, 101, -3])
def test_rejects_qualities_that_do_not_exist(quality: int) -> None:
    with pytest.raises(ConfigError, match="quality"):
        jpeg(picture(), quality)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 2), (0, 8, 3)])
def test_rejects_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatchError):
        jpeg(np.zeros(shape, np.uint8), 50)
