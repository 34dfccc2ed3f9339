"""Numbers beyond 0..1, colour where there is none and flat parts go around the network."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from PIL import ImageDraw

from swinsr import Settings, Upscaler, upscale_file
from swinsr.image import Image, Metadata
from swinsr.image.resize.matlab import imresize
from swinsr.inference.faithful import carry_rest, known_part
from swinsr.zoo import bundled_models
from tests.helpers.profiles import ADOBE, DISPLAY_P3, PROPHOTO, gamma, matrix_profile, srgb_curve

MODELS = [m.name for m in bundled_models()]
ENLARGING = [m.name for m in bundled_models() if m.scale > 1]
PROFILES = {
    "Display P3": matrix_profile(DISPLAY_P3, srgb_curve()),
    "Adobe RGB": matrix_profile(ADOBE, gamma(2.19921875)),
    "ProPhoto": matrix_profile(PROPHOTO, gamma(1.8)),
}
BORDER = 12  # pixels of the input that zero padding shows in


def nearest(planes, scale=2):
    assert planes.min() >= 0 and planes.max() <= 1
    return planes.repeat(scale, axis=0).repeat(scale, axis=1)


def tinted(planes, scale=2):
    return nearest(planes, scale) * np.float32([1.1, 1.0, 0.9])


def carried_around(planes, run, scale):
    out = run(known_part(planes))
    carry_rest(out, planes, scale)
    return out


def gray_text():
    page = PilImage.new("RGB", (96, 40), "white")
    ImageDraw.Draw(page).text((4, 4), "Gray text\nR = G = B", fill="black")
    return np.asarray(page)


@pytest.mark.parametrize("name", MODELS)
def test_gray_in_rgb_comes_back_without_colour(name):
    out = Upscaler.from_pretrained(name)(gray_text())
    assert (out == out[..., :1]).all()
    assert out.min() < 60 and out.max() > 240


def test_gray_parts_of_a_coloured_picture_stay_gray_and_colour_stays_as_it_was():
    rng = np.random.default_rng(0)
    planes = np.repeat(rng.random((40, 60, 1), np.float32), 3, axis=2)
    planes[:, 30:] = rng.random((40, 30, 3), np.float32)
    out = carried_around(planes, tinted, 2)
    assert (out[:, :40] == out[:, :40, :1]).all()
    assert np.array_equal(out[:, 60:], tinted(planes)[:, 60:])


def test_luma_is_the_networks():
    planes = np.repeat(np.random.default_rng(1).random((20, 20, 1), np.float32), 3, axis=2)
    luma = np.float32([0.299, 0.587, 0.114])
    np.testing.assert_allclose(
        carried_around(planes, tinted, 2) @ luma, tinted(planes) @ luma, atol=1e-6
    )


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_what_is_beyond_the_range_is_interpolated(height, width, channels, scale):
    rng = np.random.default_rng(height * 41 + width)
    planes = rng.uniform(-3, 5, (height, width, channels)).astype(np.float32)
    inner = planes.clip(0, 1)
    out = carried_around(planes, lambda x: nearest(x, scale), scale)
    rest = imresize(planes - inner, size=out.shape[:2]) if scale > 1 else planes - inner
    if channels == 3 and (planes.max(2) - planes.min(2)).min() < 0.01:
        return
    np.testing.assert_allclose(out, nearest(inner, scale) + rest, atol=1e-6)


@given(st.integers(20, 60), st.integers(20, 60), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_tiles_decide_as_the_whole_does(height, width, seed):
    rng = np.random.default_rng(seed)
    planes = np.repeat(rng.random((height, width, 1), np.float32), 3, axis=2)
    if seed % 2:  # flat but for the spots
        planes[:] = 0.5
    spots = rng.random((height, width)) < 0.01
    planes[spots] = rng.random((int(spots.sum()), 3), np.float32)
    whole = carried_around(planes, tinted, 2)
    part = carried_around(planes[:20], tinted, 2)
    np.testing.assert_allclose(part[:24], whole[:24], atol=1e-6)


@pytest.mark.parametrize("name", ENLARGING)
def test_flat_colours_stay_flat_to_the_corners(name):
    upscaler = Upscaler.from_pretrained(name)
    for colour in ((255, 0, 0), (0, 0, 255), (20, 200, 60), (128, 128, 128)):
        out = upscaler(np.full((32, 40, 3), colour, np.uint8))
        assert np.abs(out.astype(int) - colour).max() <= 1, colour


def drifting(planes, scale=2):
    """Off by 0.1, as a network is in a corner."""
    return nearest(planes, scale) + np.float32(0.1)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_not_flat_is_the_networks_and_the_limit_fades_between(channels):
    planes = np.full((40, 60, channels), 0.5, np.float32)
    planes[:, 40:] = np.random.default_rng(0).random((40, 20, channels), np.float32)
    planes[..., 0] *= np.float32(0.97)  # no gray
    moved = (carried_around(planes, drifting, 2) - nearest(planes))[:, ::2]
    assert moved[:, :30].max() <= 1.01 / 255
    np.testing.assert_allclose(moved[:, 36:], 0.1, atol=1e-6)
    # Steps of a few levels at most.
    assert (np.diff(moved[0, :, 0]) >= -1e-6).all() and np.diff(moved[0, :36, 0]).max() < 8 / 255


def test_a_restoration_changes_what_is_flat():
    """A coarse JPEG's plateaus, which are not the truth."""
    planes = np.full((40, 40, 3), (0.2, 0.3, 0.4), np.float32)
    np.testing.assert_array_equal(
        carried_around(planes, lambda x: drifting(x, 1), 1), drifting(planes, 1)
    )


def test_a_slope_is_not_flat():
    planes = np.repeat(np.linspace(0, 0.8, 80, dtype=np.float32)[None, :, None], 40, axis=0)
    np.testing.assert_allclose(carried_around(planes, drifting, 2), drifting(planes), atol=1e-6)


@pytest.mark.parametrize("space", PROFILES)
@pytest.mark.parametrize("name", ["swinsr-light-x4", "swinsr-photo-x4", "swinsr-sharp-x4"])
def test_flat_colours_of_a_wide_gamut_stay_flat(name, space):
    flat = np.zeros((48, 48, 3), np.uint8) + np.uint8([0, 255, 0])
    picture = Image(flat, metadata=Metadata(icc=PROFILES[space]))
    with_profile = Upscaler.from_pretrained(name).upscale(picture).pixels
    assert np.abs(with_profile.astype(int) - [0, 255, 0]).max() <= 1


def test_ramp_from_gray_to_a_saturated_green_is_as_smooth_as_its_interpolation():
    share = np.linspace(0, 1, 64)[None, :, None]
    ramp = np.repeat(128 * (1 - share) + np.array([0, 255, 0]) * share, 48, axis=0)
    picture = Image(np.rint(ramp).astype(np.uint8), metadata=Metadata(icc=PROFILES["Display P3"]))
    out = Upscaler.from_pretrained("swinsr-light-x2").upscale(picture).pixels.astype(int)
    smooth = Upscaler.from_pretrained("bicubic").upscale(picture, 2).pixels.astype(int)
    inner = (slice(2 * BORDER, -2 * BORDER),) * 2
    assert (np.abs(out - smooth)[inner] > 4).mean() < 0.005


RANGES = [(300.0, 1400.0), (0.0, 4.0), (0.0, 255.0), (-1.0, 1.0)]


def measured(low, high):
    """A smooth float picture from `low` to `high`."""
    y, x = np.mgrid[:40, :48].astype(np.float32)
    wave = (np.sin(x / 5) + np.cos(y / 7))[..., None]
    wave = (wave - wave.min()) / (wave.max() - wave.min())
    return (low + wave * (high - low)).astype(np.float32)


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("tile", [None, 32])
def test_float_files_keep_their_numbers(tmp_path, low, high, tile):
    values = measured(low, high)
    tifffile.imwrite(tmp_path / "in.tif", values[..., 0])
    way = {"mode": "overlap", "tile": tile, "overlap": 16} if tile else {}
    for model, near in (("bicubic", 0.02), ("swinsr-light-x2", 0.05)):
        out = tmp_path / f"{model}.tif"
        upscale_file(tmp_path / "in.tif", out, Settings(scale=2, model=model, **way))
        found = tifffile.imread(out)
        expected = imresize(values, size=(80, 96))[..., 0]
        assert found.dtype == np.float32
        inner = (slice(8, -8), slice(8, -8))
        assert np.abs(found - expected)[inner].max() <= near * (high - low)
        if model == "bicubic":
            np.testing.assert_allclose(found, expected, atol=2e-6 * max(abs(low), abs(high)))


def test_float_arrays_in_the_unit_range_end_within_it():
    planes = np.random.default_rng(0).random((16, 16, 3), np.float32).round()
    out = Upscaler.from_pretrained("bicubic")(planes, 2)
    assert out.min() == 0 and out.max() == 1
