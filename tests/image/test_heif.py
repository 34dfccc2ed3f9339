"""HEIC and AVIF, where their libraries are installed."""

import io

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image import Image, Metadata, probe_image, read_image, write_image
from swinsr.image.formats.heif import read as heif
from tests.image.image_files import exif_bytes, rgb_profile, smooth_samples

COLOUR = smooth_samples(40, 56, 3)
HEIC = pytest.mark.skipif(not heif.can_heic(), reason="needs the pillow-heif package")
AVIF = pytest.mark.skipif(not heif.can_avif(), reason="needs Pillow 11.3 or later with AVIF")
FORMATS = [pytest.param("avif", marks=AVIF), pytest.param("heic", marks=HEIC)]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_what_is_written_is_read_with_its_profile_and_exif(tmp_path, suffix, alpha):
    metadata = Metadata(icc=rgb_profile(), exif=exif_bytes(1))
    plane = smooth_samples(40, 56, 1)[..., 0] if alpha else None
    path = tmp_path / f"x.{suffix}"
    write_image(path, Image(COLOUR, plane, metadata), quality=95)
    image = read_image(path)
    assert np.abs(image.pixels.astype(int) - COLOUR).max() <= 16
    assert (image.alpha is not None) == alpha
    assert image.metadata.icc == metadata.icc
    assert image.metadata.exif is not None
    assert probe_image(path).format == suffix.upper()


@AVIF
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_avif_is_turned_once(orientation):
    stream = io.BytesIO()
    exif = PilImage.Exif()
    exif[0x0112] = orientation
    PilImage.fromarray(COLOUR).save(stream, "AVIF", exif=exif, quality=95)
    turned = np.rot90(COLOUR, {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
    assert np.abs(read_image(stream.getvalue()).pixels.astype(int) - turned).max() <= 16


@HEIC
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_is_turned_once_and_its_exif_says_so(orientation):
    import pillow_heif

    stream = io.BytesIO()
    exif = PilImage.Exif()
    exif[0x0112] = orientation
    pillow_heif.register_heif_opener()
    PilImage.fromarray(COLOUR).save(stream, "HEIF", exif=exif.tobytes(), quality=95)
    image = read_image(stream.getvalue())
    with PilImage.open(io.BytesIO(stream.getvalue())) as picture:
        assert image.pixels.shape[1::-1] == picture.size
    turned = np.rot90(COLOUR, {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
    assert np.abs(image.pixels.astype(int) - turned).max() <= 16


@HEIC
def test_ten_bits_of_heic_become_sixteen():
    import pillow_heif

    deep = np.full((40, 56, 3), 65535, np.uint16)
    deep[:, :20] = 0
    file = pillow_heif.from_bytes("RGB;16", (56, 40), deep.tobytes())
    stream = io.BytesIO()
    file.save(stream, quality=100)
    image = read_image(stream.getvalue())
    assert image.bits == 16
    assert image.pixels.max() == 65535
    assert image.pixels[:, :10].max() < 700


@pytest.mark.parametrize(("suffix", "check"), [("avif", "can_avif"), ("heic", "can_heic")])
def test_a_missing_library_is_named_with_what_installs_it(tmp_path, monkeypatch, suffix, check):
    if not getattr(heif, check)():
        pytest.skip("needs the library, to make the file with")
    write_image(tmp_path / f"x.{suffix}", Image(COLOUR))
    monkeypatch.setattr(heif, check, lambda: False)
    with pytest.raises(ImageReadError, match="pip"):
        read_image(tmp_path / f"x.{suffix}")
