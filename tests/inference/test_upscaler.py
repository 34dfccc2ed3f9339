"""The library's front door: the same kind out as in, any scale, clean transparency."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from swinsr import Upscaler
from swinsr.checkpoints import save
from swinsr.errors import (
    ConfigError,
    DeviceError,
    ModelNotFoundError,
    PictureTypeError,
    ShapeMismatchError,
)
from swinsr.image import Image, to_depth, to_float
from swinsr.image.resize.matlab import imresize
from swinsr.inference.passes import SPARE, cheapest_stages, passes_for
from swinsr.models import from_published
from swinsr.runtime.progress import silent

BICUBIC = Upscaler.from_pretrained("bicubic")


@pytest.fixture(scope="module")
def light() -> Upscaler:
    return Upscaler.from_pretrained("swinsr-light-x2", device="cpu")


def picture(height: int, width: int, channels: int, dtype: Any, seed: int = 0) -> Any:
    """Smooth random colours, (height, width, channels)."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((height // 4 + 2, width // 4 + 2, channels))
    fine = np.repeat(np.repeat(coarse, 4, 0), 4, 1)[:height, :width]
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    return (fine * top).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4)])
def test_array_comes_back_as_the_same_kind(light: Upscaler, dtype: Any, shape: Any) -> None:
    array = picture(9, 7, 4, dtype)[..., : shape[2] if len(shape) == 3 else 1].reshape(shape)
    for upscaler in (light, BICUBIC):
        out = upscaler(array, scale=2)
        assert out.shape == (18, 14, *shape[2:])
        assert out.dtype == dtype


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pil_image_comes_back_in_its_mode(light: Upscaler, mode: str) -> None:
    image = PilImage.fromarray(picture(8, 8, 3, np.uint8))
    if mode == "I;16":
        image = PilImage.fromarray(picture(8, 8, 1, np.uint16)[..., 0])
    else:
        image = image.convert(mode)
    assert image.mode == mode
    out = light(image)
    assert (out.mode, out.size) == (mode, (16, 16))


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 12), width=st.integers(1, 12), scale=st.floats(1, 9, allow_nan=False))
def test_any_scale_gives_the_rounded_size(height: int, width: int, scale: float) -> None:
    light = Upscaler.from_pretrained("swinsr-light-x4", device="cpu")
    array = picture(height, width, 3, np.uint8)
    for upscaler in (light, BICUBIC):
        out = upscaler(array, scale=scale)
        assert out.shape == (int(height * scale + 0.5), int(width * scale + 0.5), 3)


def test_eight_times_by_two_passes_keeps_the_picture(light: Upscaler) -> None:
    array = picture(12, 12, 3, np.uint8)
    four = Upscaler.from_pretrained("swinsr-light-x4", device="cpu")
    assert four.engine.stages(8) == (four.engine,) * 2
    out, plain = four(array, scale=8), BICUBIC(array, scale=8)
    assert out.shape == plain.shape
    assert np.abs(out.astype(float) - plain).mean() < 12  # of 255: the same picture, in place


def test_sixteen_bits_are_more_than_eight(light: Upscaler) -> None:
    deep = picture(16, 16, 3, np.uint16)
    out = light(deep)
    assert len(np.unique(out)) > 256
    assert np.abs(out / 257.0 - light((deep / 257).astype(np.uint8))).mean() < 1.5


def test_gray_stays_gray_and_agrees_with_colour(light: Upscaler) -> None:
    gray = picture(16, 16, 1, np.uint8)
    out = light(gray)
    colour = light(np.repeat(gray, 3, axis=2))
    assert np.array_equal(np.repeat(out, 3, axis=2), colour)


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (255, 0, 255)])
def test_colour_under_transparency_leaves_no_fringe(
    light: Upscaler, hidden: tuple[int, int, int]
) -> None:
    """A disc of one colour stays that colour wherever it can be seen."""
    y, x = np.mgrid[:24, :24]
    inside = (y - 12) ** 2 + (x - 12) ** 2 < 64
    rgba = np.zeros((24, 24, 4), np.uint8)
    rgba[..., :3] = np.where(inside[..., None], (30, 160, 90), hidden)
    rgba[..., 3] = np.where(inside, 255, 0)
    for upscaler in (light, BICUBIC):
        out = upscaler(rgba, scale=2)
        seen = out[..., 3] > 8
        assert np.abs(out[seen][:, :3].astype(int) - (30, 160, 90)).max() <= 6
        corner = out[:8, :8, 3]
        assert corner.max() == 0
        assert out[20:28, 20:28, 3].min() == 255


def test_constant_alpha_is_exact(light: Upscaler) -> None:
    rgba = picture(10, 10, 4, np.uint8)
    rgba[..., 3] = 77
    out = light(rgba)
    assert (out[..., 3] == 77).all()
    assert np.array_equal(out[..., :3], light(rgba[..., :3]))


def test_metadata_is_carried(light: Upscaler) -> None:
    from swinsr.image import Metadata

    image = Image(picture(6, 6, 3, np.uint8), metadata=Metadata(icc=b"profile", dpi=(72, 72)))
    assert light(image).metadata == image.metadata


def test_restoration_network_keeps_size_and_alpha(tmp_path: Path) -> None:
    config = {
        "upscale": 1,
        "in_chans": 1,
        "img_size": 16,
        "window_size": 4,
        "depths": [1],
        "num_heads": [2],
        "embed_dim": 8,
        "upsampler": "",
    }
    file = save(from_published("swinir", config), tmp_path / "r.safetensors", task="gray_denoise")
    restorer = Upscaler.from_pretrained(file, device="cpu")
    rgba = picture(9, 11, 4, np.uint8)
    out = restorer(rgba)
    assert out.shape == rgba.shape
    assert np.array_equal(out[..., 3], rgba[..., 3])
    with pytest.raises(ConfigError, match="cannot enlarge by 2"):
        restorer(rgba, scale=2)


@pytest.mark.parametrize(
    ("model_scale", "scale", "passes"),
    [(4, 4, 1), (4, 1, 1), (4, 2.5, 1), (4, 8, 2), (4, 16, 2), (4, 64, 3), (2, 3, 2), (2, 64, 6)],
)
def test_fewest_passes(model_scale: int, scale: float, passes: int) -> None:
    assert passes_for(model_scale, scale) == passes


@pytest.mark.parametrize(
    ("scale", "stages"),
    [
        (4, (4,)), (4.1, (4,)), (6, (4,)), (6.1, (2, 4)), (8, (2, 4)), (12, (2, 4)), (13, (3, 4)),
        (18, (3, 4)), (24, (4, 4)), (64, (3, 4, 4)), (30, (2, 3, 4)),
    ],
)  # fmt: skip
def test_cheapest_stages_reach_the_scale_with_the_least_work(
    scale: float, stages: tuple[int, ...]
) -> None:
    assert cheapest_stages((2, 3, 4), scale, SPARE) == stages


@given(st.floats(1, 64), st.sets(st.sampled_from([2, 3, 4, 8]), min_size=1))
def test_stages_always_come_near_enough(scale: float, scales: set[int]) -> None:
    stages = cheapest_stages(scales, scale, SPARE)
    assert math.prod(stages) * SPARE >= scale and set(stages) <= scales
    assert list(stages) == sorted(stages)


def test_a_far_scale_takes_one_pass_unless_the_best_is_asked_for() -> None:
    quick = Upscaler.from_pretrained("swinsr-fast-x4", device="cpu")
    best = Upscaler.from_pretrained("swinsr-fast-x4", device="cpu", best=True)
    array = picture(12, 10, 3, np.uint8)
    assert [len(u.engine.stages(5)) for u in (quick, best)] == [1, 2]
    assert quick(array, 5).shape == best(array, 5).shape == (60, 50, 3)
    expected = imresize(quick.engine.run(to_float(array), silent), size=(60, 50))
    assert np.array_equal(quick(array, 5), to_depth(expected, np.uint8))


@pytest.mark.parametrize("scale", [0.5, 0, -1, 65, float("nan"), float("inf")])
def test_refuses_scales_out_of_range(light: Upscaler, scale: float) -> None:
    for upscaler in (light, BICUBIC):
        with pytest.raises(ConfigError, match="scale is between 1 and 64"):
            upscaler(picture(4, 4, 3, np.uint8), scale=scale)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 5), np.uint8), np.zeros(3, np.uint8)])
def test_refuses_what_is_no_picture(light: Upscaler, array: Any) -> None:
    with pytest.raises(ShapeMismatchError):
        light(array)


@pytest.mark.parametrize("thing", [[[1]], 7, None, {"a": 1}, b"x"])
def test_what_is_of_no_picture_type_is_a_type_error_of_ours(light: Upscaler, thing: Any) -> None:
    with pytest.raises(PictureTypeError, match="a picture is a path") as told:
        light(thing)
    assert isinstance(told.value, TypeError)
    assert not isinstance(told.value, ShapeMismatchError)


def test_refuses_number_types_without_a_white(light: Upscaler) -> None:
    with pytest.raises(PictureTypeError, match="int64"):
        light(np.zeros((4, 4), np.int64))


def test_default_model_suits_the_scale() -> None:
    assert Upscaler.from_pretrained(scale=2, device="cpu").scale == 2
    assert Upscaler.from_pretrained(device="cpu").scale == 4


def test_names_of_missing_models_and_devices_are_told() -> None:
    with pytest.raises(ModelNotFoundError, match="did you mean swinsr-light-x4"):
        Upscaler.from_pretrained("swinsr-light-x5")
    with pytest.raises(ModelNotFoundError, match="download https"):
        Upscaler.from_pretrained("swinir-classical-x4-df2k")
    with pytest.raises(DeviceError, match="unknown device 'gpu'"):
        Upscaler.from_pretrained("swinsr-light-x4", device="gpu")


def test_bundled_networks_beat_bicubic_on_a_photograph() -> None:
    """Guards the weights, not only the code: a reduced photograph is brought back."""
    from skimage import data

    from swinsr.degradations import imresize
    from swinsr.metrics import psnr_y

    truth = data.astronaut()[:256, 128:384]
    for scale in (2, 4):
        small = imresize(truth, scale=1 / scale)
        ours = Upscaler.from_pretrained(scale=scale, device="cpu")(small)
        plain = BICUBIC(small, scale=scale)
        gain = psnr_y(ours, truth, border=scale) - psnr_y(plain, truth, border=scale)
        assert gain > 1.0
