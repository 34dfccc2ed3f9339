"""Wide-gamut, linear and gray spaces: to sRGB's numbers as LittleCMS goes, and back unchanged."""

import io
import struct

import numpy as np
import pytest
from image_files import _profile, gray_profile, rgb_profile
from PIL import Image as PilImage
from PIL import ImageCms

from swinsr.image import Image, Metadata
from swinsr.image.colour.gamut import space_of
from swinsr.inference import Upscaler
from swinsr.inference.engine import BaselineEngine

SRGB = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)]
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
PROPHOTO = [(0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00008, 0.82491)]


def xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in values))


def gamma(power):
    return b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(power * 256))


def srgb_curve():
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">Hxx5i", 3, *(round(v * 65536) for v in numbers))


def sampled(power):
    values = (np.linspace(0, 1, 1024) ** power * 65535).round().astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + values.tobytes()


def matrix_profile(primaries, curve):
    tags = [(b"wtpt", xyz((0.9642, 1, 0.8249)))]
    tags += [(bytes([n]) + b"XYZ", xyz(p)) for n, p in zip(b"rgb", primaries, strict=True)]
    return _profile(
        b"mntr", b"RGB ", b"XYZ ", tags + [(bytes([n]) + b"TRC", curve) for n in b"rgb"]
    )


SPACES = {
    "adobe": matrix_profile(ADOBE, gamma(2.19921875)),
    "prophoto": matrix_profile(PROPHOTO, gamma(1.8)),
    "linear": matrix_profile(SRGB, gamma(1.0)),
    "sampled": matrix_profile(ADOBE, sampled(2.2)),
    "wide": matrix_profile(PROPHOTO, srgb_curve()),
}
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


@pytest.mark.parametrize("name", SPACES)
def test_to_srgb_as_littlecms_converts_it(name):
    space = space_of(Metadata(icc=SPACES[name]), 3)
    theirs = ImageCms.profileToProfile(
        PilImage.fromarray(PIXELS),
        ImageCms.ImageCmsProfile(io.BytesIO(SPACES[name])),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    ours = space.to_srgb(PIXELS.astype(np.float32) / 255)
    assert np.abs(np.clip(ours, 0, 1) * 255 - np.asarray(theirs)).max() <= 1.5


@pytest.mark.parametrize("name", SPACES)
def test_there_and_back_is_the_same(name):
    space = space_of(Metadata(icc=SPACES[name]), 3)
    pixels = np.random.default_rng(1).random((64, 64, 3)).astype(np.float32)
    back = space.from_srgb(space.to_srgb(pixels))
    apart = np.abs(back - pixels)
    # Next to black a curve's slope makes much of rounding; elsewhere it is exact to 16 bits.
    assert apart.max() <= 1 / 255
    assert np.quantile(apart, 0.99) <= 1 / 65535


def test_srgb_itself_by_any_name_is_left_alone():
    for profile in (rgb_profile(), matrix_profile(SRGB, srgb_curve())):
        assert space_of(Metadata(icc=profile), 3) is None
    assert space_of(Metadata(png_colour=((b"gAMA", struct.pack(">I", 45455)),)), 1) is None
    assert space_of(Metadata(), 3) is None


def test_gray_curve_and_png_gamma_are_followed():
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 256, 1)
    linear = space_of(Metadata(png_colour=((b"gAMA", struct.pack(">I", 100000)),)), 1)
    assert abs(linear.to_srgb(ramp)[0, 55, 0] - 0.502) < 0.005  # 55/255 of the light is mid gray
    gray = space_of(Metadata(icc=gray_profile()), 1)
    if gray is not None:  # gamma 2.2 is half a level from sRGB in parts
        assert np.abs(gray.from_srgb(gray.to_srgb(ramp)) - ramp).max() <= 1 / 65535


@pytest.mark.parametrize("cut", [100, 131, 140, 200, 260])
def test_damaged_profiles_are_no_space(cut):
    data = SPACES["adobe"][:cut]
    assert space_of(Metadata(icc=data), 3) is None


class _Halver(BaselineEngine):
    """Takes half of every number it is given, as a network that darkens would."""

    task = "classical_sr"
    scale = 1

    def enlarge(self, planes, scale, size, progress):
        self.seen = planes
        return planes * np.float32(0.5)


def test_the_network_sees_srgb_and_the_output_is_right_in_its_own_profile():
    profile = SPACES["adobe"]
    engine = _Halver("nearest")
    image = Image(PIXELS, metadata=Metadata(icc=profile))
    result = Upscaler(engine).upscale(image, 1.0)
    space = space_of(image.metadata, 3)
    assert np.allclose(engine.seen, space.to_srgb(PIXELS.astype(np.float32) / 255))
    seen = space.to_srgb(result.pixels.astype(np.float32) / 255)
    inside = (engine.seen > 0.02).all(axis=2)
    assert np.abs(seen - engine.seen * 0.5)[inside].max() < 4 / 255
    assert result.metadata.icc == profile
