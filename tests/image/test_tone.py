"""Curves far from sRGB's: to sRGB's as LittleCMS goes, and back unchanged."""

import io
import struct

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageCms

from swinsr.image import Image, Metadata
from swinsr.image.colour.tone import tone_of
from swinsr.inference import Upscaler
from swinsr.inference.engine import BaselineEngine
from tests.helpers.profiles import (
    ADOBE,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    gamma,
    matrix_profile,
    srgb_curve,
)
from tests.image.image_files import gray_profile, rgb_profile


def sampled(power):
    values = (np.linspace(0, 1, 1024) ** power * 65535).round().astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + values.tobytes()


FAR = {
    "linear": matrix_profile(SRGB, gamma(1.0)),
    "linear wide": matrix_profile(PROPHOTO, gamma(1.0)),
    "sampled": matrix_profile(SRGB, sampled(1.2)),
}
NEAR = {
    "srgb": rgb_profile(),
    "srgb by hand": matrix_profile(SRGB, srgb_curve()),
    "adobe": matrix_profile(ADOBE, gamma(2.19921875)),
    "p3": matrix_profile(DISPLAY_P3, srgb_curve()),
    "prophoto": matrix_profile(PROPHOTO, gamma(1.8)),
}
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


@pytest.mark.parametrize("name", ["linear", "sampled"])
def test_to_srgb_as_littlecms_converts_it(name):
    """Of sRGB's primaries, whose conversion is the curve's."""
    tone = tone_of(Metadata(icc=FAR[name]), 3)
    theirs = ImageCms.profileToProfile(
        PilImage.fromarray(PIXELS),
        ImageCms.ImageCmsProfile(io.BytesIO(FAR[name])),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    ours = tone.to_srgb(PIXELS.astype(np.float32) / 255)
    assert np.abs(np.clip(ours, 0, 1) * 255 - np.asarray(theirs)).max() <= 1.5


@pytest.mark.parametrize("name", FAR)
def test_numbers_stay_within_their_range(name):
    tone = tone_of(Metadata(icc=FAR[name]), 3)
    corners = np.stack(np.meshgrid(*[np.float32([0, 0.5, 1])] * 3), axis=-1).reshape(1, -1, 3)
    seen = tone.to_srgb(corners)
    assert seen.min() == 0 and seen.max() == pytest.approx(1, abs=1e-6)
    assert (seen[corners == 0] == 0).all()


@pytest.mark.parametrize("name", NEAR)
def test_curves_near_srgb_are_left_alone_whatever_the_primaries(name):
    assert tone_of(Metadata(icc=NEAR[name]), 3) is None


@pytest.mark.parametrize("name", FAR)
def test_there_and_back_is_the_same(name):
    tone = tone_of(Metadata(icc=FAR[name]), 3)
    pixels = np.random.default_rng(1).random((64, 64, 3)).astype(np.float32)
    back = tone.from_srgb(tone.to_srgb(pixels))
    apart = np.abs(back - pixels)
    # Next to black a curve's slope makes much of rounding; elsewhere it is exact to 16 bits.
    assert apart.max() <= 1 / 255
    assert np.quantile(apart, 0.99) <= 1 / 65535


def test_usual_gamma_and_no_profile_are_left_alone():
    assert tone_of(Metadata(png_colour=((b"gAMA", struct.pack(">I", 45455)),)), 1) is None
    assert tone_of(Metadata(), 3) is None


def test_gray_curve_and_png_gamma_are_followed():
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 256, 1)
    linear = tone_of(Metadata(png_colour=((b"gAMA", struct.pack(">I", 100000)),)), 1)
    assert abs(linear.to_srgb(ramp)[0, 55, 0] - 0.502) < 0.005  # 55/255 of the light is mid gray
    assert tone_of(Metadata(icc=gray_profile()), 1) is None  # gamma 2.2


@pytest.mark.parametrize("cut", [100, 131, 140, 200, 260])
def test_damaged_profiles_are_no_tone(cut):
    data = FAR["linear"][:cut]
    assert tone_of(Metadata(icc=data), 3) is None


class _Halver(BaselineEngine):
    """Takes half of every number it is given, as a network that darkens would."""

    task = "classical_sr"
    scale = 1

    def enlarge(self, planes, scale, size, progress):
        self.seen = planes
        return planes * np.float32(0.5)


def test_the_network_sees_srgbs_curve_and_the_output_is_right_in_its_own_profile():
    profile = FAR["linear wide"]
    engine = _Halver("nearest")
    # 8 bits would be too coarse near black in linear light.
    deep = PIXELS.astype(np.uint16) * np.uint16(257)
    image = Image(deep, metadata=Metadata(icc=profile))
    result = Upscaler(engine).upscale(image, 1.0)
    tone = tone_of(image.metadata, 3)
    assert np.allclose(engine.seen, tone.to_srgb(PIXELS.astype(np.float32) / 255), atol=1e-6)
    seen = tone.to_srgb(result.pixels.astype(np.float32) / 65535)
    inside = (engine.seen > 0.02).all(axis=2)
    assert np.abs(seen - engine.seen * 0.5)[inside].max() < 1 / 255
    assert result.metadata.icc == profile
