"""Between Pillow's images and ours."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image.colour import icc
from swinsr.image.depth import in_depth, ranged
from swinsr.image.formats import exif
from swinsr.image.formats.faults import UnsupportedError, codec_errors, foreign_decoder
from swinsr.image.picture import Array, Image, Metadata

# Modes that Pillow itself converts without loss into one that we take apart.
_VIA = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA", "RGBX": "RGB", "YCbCr": "RGB",
        "HSV": "RGB"}  # fmt: skip


def from_pil(picture: PilImage.Image) -> Image:
    """A Pillow image of any mode as an `Image`; decodes a lazily opened file.

    Mode 1 becomes gray; P and PA become RGB, with alpha where the palette is transparent; CMYK and
    LAB become sRGB through the embedded profile. A float image (F) goes from 0 to 1, or
    from its smallest sample to its largest where those lie beyond.
    The EXIF orientation is kept as it is, not applied: Pillow's own functions do the same.

    Raises:
        ImageReadError: the file behind it is damaged, or the mode has no picture meaning.
    """
    name = str(getattr(picture, "filename", "") or "the given Pillow image")
    try:
        with foreign_decoder():
            picture.load()
        return assemble(picture, metadata_of(picture))
    except UnsupportedError as error:
        raise ImageReadError(f"{name}: {error}") from error
    except codec_errors() as error:
        raise ImageReadError(
            f"{name}: the picture data is damaged or cut short ({error}); get the file again"
        ) from error


def to_pil(image: Image) -> PilImage.Image:
    """An `Image` as a Pillow image of mode L, LA, RGB, RGBA, I;16 or F, its metadata in `info`.

    Pillow has no 16-bit or float modes with more than one channel: such pictures are rounded to 8
    bits. Only gray without alpha keeps 16 bits (I;16) or float (F).
    """
    pixels, alpha = image.pixels, image.alpha
    if pixels.dtype != np.uint8 and (alpha is not None or not image.is_gray):
        eight = in_depth(image, np.uint8)
        pixels, alpha = eight.pixels, eight.alpha
    picture = PilImage.fromarray(interleave(pixels, alpha))
    metadata = image.metadata
    info: dict[str, Any] = {"icc_profile": metadata.icc, "xmp": metadata.xmp, "dpi": metadata.dpi}
    if metadata.exif is not None:
        info["exif"] = exif.PREFIX + metadata.exif
    picture.info.update({key: value for key, value in info.items() if value is not None})
    return picture


def interleave(pixels: Array, alpha: Array | None) -> Array:
    """(H, W) for gray alone, else (H, W, 2 to 4) with alpha last; contiguous."""
    if alpha is not None:
        return np.concatenate([pixels, alpha[..., None]], axis=2)
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def assemble(picture: PilImage.Image, metadata: Metadata) -> Image:
    """A loaded Pillow image and what its file said as an `Image`.

    Raises:
        UnsupportedError: the mode is no gray or colour picture.
    """
    notes: tuple[str, ...] = ()
    if picture.mode in ("CMYK", "LAB"):
        picture, note = icc.to_srgb(picture, metadata.icc)
        notes = () if note is None else (note,)
        metadata = replace(metadata, icc=icc.srgb_profile(), png_colour=())
    pixels, alpha = _arrays(picture)
    return ranged(Image(pixels, alpha, metadata, notes=notes))


def _arrays(picture: PilImage.Image) -> tuple[Array, Array | None]:
    picture = _plain(picture)
    samples: Array = np.array(picture)  # a copy: Pillow's own memory is read-only
    if picture.mode == "I":
        if samples.min() < 0 or samples.max() > 65535:
            raise UnsupportedError(
                "its 32-bit integer samples have no defined white; convert it to 16 bit or float"
            )
        samples = samples.astype(np.uint16)
    elif picture.mode.startswith("I;16"):
        samples = samples.astype(np.uint16)  # native byte order
    if samples.ndim == 2:
        return samples[..., None], None
    if samples.shape[2] in (2, 4):
        return np.ascontiguousarray(samples[..., :-1]), np.ascontiguousarray(samples[..., -1])
    return samples, None


def _plain(picture: PilImage.Image) -> PilImage.Image:
    """The same picture in a mode whose array needs no table: L, LA, RGB, RGBA, I, I;16, F."""
    mode = picture.mode
    if mode == "P":
        clear = "transparency" in picture.info
        coloured = picture.palette is not None and picture.palette.mode == "RGBA"
        return picture.convert("RGBA" if clear or coloured else "RGB")
    if mode in ("1", "L", "RGB") and "transparency" in picture.info:
        return picture.convert("RGBA" if mode == "RGB" else "LA")
    if mode in _VIA:
        return picture.convert(_VIA[mode])
    if mode in ("L", "LA", "RGB", "RGBA", "I", "F") or mode.startswith("I;16"):
        return picture
    raise UnsupportedError(f"its kind of pixels ({mode}) is not known; convert it to RGB")


def metadata_of(picture: PilImage.Image) -> Metadata:
    """Profile, EXIF, XMP and resolution as Pillow's readers leave them in `info`."""
    info = picture.info
    block = info.get("exif")
    xmp = info.get("xmp")
    return Metadata(
        icc=info.get("icc_profile") or None,
        exif=(block.removeprefix(exif.PREFIX) or None) if isinstance(block, bytes) else None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp or None,
        dpi=sane_dpi(info.get("dpi")),
    )


def sane_dpi(value: Any) -> tuple[float, float] | None:
    """A resolution as two positive finite numbers, or None."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    x, y = (float(part) for part in value)
    return (x, y) if isfinite(x) and isfinite(y) and 0 < x < 1e6 and 0 < y < 1e6 else None
