"""Against libvips, where it is installed: a third decoder beside Pillow's and OpenCV's."""

import io

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.image import read_frames, read_image
from tests.image.image_files import (
    exif_bytes,
    opencv_tiff,
    pillow_bytes,
    png_bytes,
    png_chunk,
    random_samples,
    smooth_samples,
    tiff_bytes,
)

pyvips = pytest.importorskip("pyvips", reason="needs pyvips, a third decoder", exc_type=Exception)

RGB = smooth_samples(37, 51, 3)
RGBA = np.concatenate([RGB, smooth_samples(37, 51, 1)], axis=2)
GRAY = RGB[..., :1]
DEEP = random_samples((37, 51, 3), np.uint16)
FLOAT = random_samples((37, 51, 3), np.float32)
KEY = png_chunk(b"tRNS", bytes([0, 3]))
PALETTE = png_chunk(b"PLTE", random_samples((48,), np.uint8).tobytes())
INDICES = random_samples((37, 51, 1), np.uint8) % 16


def palette_gif():
    return pillow_bytes(RGB, "GIF", "P")


EXACT = {
    "png-rgb": lambda: pillow_bytes(RGB, "PNG"),
    "png-rgba": lambda: pillow_bytes(RGBA, "PNG"),
    "png-16": lambda: png_bytes(DEEP, 16, 2),
    "png-16-adam7": lambda: png_bytes(DEEP, 16, 2, interlaced=True),
    "png-gray-1": lambda: png_bytes(INDICES % 2, 1, 0),
    "png-gray-2-adam7": lambda: png_bytes(INDICES % 4, 2, 0, interlaced=True),
    "png-gray-4-key": lambda: png_bytes(INDICES, 4, 0, chunks=KEY),
    "png-palette-4": lambda: png_bytes(INDICES, 4, 3, chunks=PALETTE),
    "webp-lossless": lambda: pillow_bytes(RGBA, "WEBP", lossless=True, exact=True),
    "webp-lossy": lambda: pillow_bytes(RGB, "WEBP", quality=80),
    "gif": palette_gif,
    "tiff-8": lambda: tiff_bytes(RGB, photometric="rgb"),
    "tiff-16-big-endian": lambda: tiff_bytes(DEEP, photometric="rgb", byteorder=">"),
    "tiff-float": lambda: tiff_bytes(FLOAT, photometric="rgb"),
    "tiff-tiled": lambda: tiff_bytes(RGB, photometric="rgb", tile=(16, 16), compression="zlib"),
    "tiff-planar": lambda: tiff_bytes(
        DEEP.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate"
    ),
    "tiff-lzw-16": lambda: opencv_tiff(DEEP, 5),
    "tiff-bigtiff": lambda: tiff_bytes(GRAY[..., 0], bigtiff=True),
}


def by_libvips(data):
    """(H, W, C) as libvips decodes and turns it; one band of 0 and 1 for bits."""
    picture = pyvips.Image.new_from_buffer(data, "").autorot()
    samples = picture.numpy()
    return samples if samples.ndim == 3 else samples[..., None]


def ours(data):
    image = read_image(data)
    planes = [image.pixels] if image.alpha is None else [image.pixels, image.alpha[..., None]]
    return np.concatenate(planes, axis=2)


@pytest.mark.parametrize("name", EXACT)
def test_samples_are_those_of_libvips(name):
    data = EXACT[name]()
    mine, theirs = ours(data), by_libvips(data)
    if theirs.shape[2] == 4 and mine.shape[2] == 3:
        assert theirs[..., 3].min() == 255
        theirs = theirs[..., :3]
    if mine.shape[2] == 1 and theirs.shape[2] == 3:
        mine = np.repeat(mine, 3, axis=2)
    assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_libvips_turns_it(orientation):
    exif = b"Exif\0\0" + exif_bytes(orientation)
    data = pillow_bytes(RGB, "JPEG", quality=95, subsampling="4:4:4", exif=exif)
    mine, theirs = ours(data), by_libvips(data)
    assert mine.shape == theirs.shape
    assert np.abs(mine.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_is_that_of_libvips_to_the_rounding_of_chroma(subsampling):
    data = pillow_bytes(RGB, "JPEG", quality=90, subsampling=subsampling)
    assert np.abs(ours(data).astype(int) - by_libvips(data)).max() <= 4


def test_animation_frames_are_those_of_libvips():
    frames = [PilImage.fromarray(np.roll(RGB, 5 * i, 1)) for i in range(4)]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    whole = pyvips.Image.new_from_buffer(stream.getvalue(), "", n=-1)
    theirs = whole.numpy().reshape(4, 37, 51, -1)[..., :3]
    mine = [frame.image.pixels for frame in read_frames(stream.getvalue())]
    assert np.array_equal(np.stack(mine), theirs)
