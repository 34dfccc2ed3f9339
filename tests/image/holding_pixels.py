"""Files of every kind of pixels and colours."""

import io
import struct
from collections.abc import Iterator

import numpy as np
import tifffile

from swinsr.image import read_image
from tests.image.holding_files import (
    ALPHA,
    AVIF,
    BMP,
    COLOUR,
    GIF,
    HEIC,
    JPEG,
    PNG,
    TIFF,
    WEBP,
    Case,
    bmp_with_profile,
    chunks,
    into_gif,
    opened,
    png,
    saved,
    tiff,
)
from tests.image.image_files import (
    cmyk_jpeg,
    pillow_bytes,
    png_bytes,
    png_chunk,
    random_samples,
    rgb_profile,
)


def pixel_cases() -> Iterator[Case]:
    kind = "8 bits, gray or colour"
    plain = {PNG: png(), TIFF: tiff(), BMP: saved(BMP), WEBP: saved(WEBP)}
    twice = COLOUR.repeat(2, 0).repeat(2, 1)
    for form, data in plain.items():
        yield Case(
            kind, form, data, lambda d: bool((np.array(opened(d).convert("RGB")) == twice).all())
        )
    for form in (JPEG, AVIF, HEIC):
        near = {JPEG: 12, AVIF: 24, HEIC: 24}[form]
        yield Case(
            kind,
            form,
            saved(form, quality=100),
            lambda d, n=near: (
                None
                if np.abs(np.array(opened(d).convert("RGB")).astype(int) - twice).max() <= n
                else False
            ),
        )
    yield Case(kind, GIF, saved(GIF), lambda d: None)
    kind = "1 to 7 bits, palettes"
    four = random_samples((24, 32, 1), np.uint8) & np.uint8(15)
    yield Case(
        kind,
        PNG,
        png_bytes(four, 4, 0),
        lambda d: None if (np.array(opened(d))[::2, ::2] == four[..., 0] * 17).all() else False,
    )
    for form in (PNG, TIFF, BMP):
        data = pillow_bytes(COLOUR, form, mode="P")
        seen = np.array(opened(data).convert("RGB"))
        yield Case(
            kind,
            form,
            data,
            lambda d, s=seen: (
                None if (np.array(opened(d).convert("RGB"))[::2, ::2] == s).all() else False
            ),
        )
    kind = "9 to 16 bits"
    deep = random_samples((24, 32, 3), np.uint16)
    yield Case(
        kind,
        PNG,
        png_bytes(deep, 16, 2),
        lambda d: bool((read_image(d).pixels[::2, ::2] == deep).all()),
    )
    yield Case(
        kind,
        TIFF,
        tiff(samples=deep),
        lambda d: bool((tifffile.imread(io.BytesIO(d))[::2, ::2] == deep).all()),
    )
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (32, 24), deep.tobytes()).save(stream, quality=100)
    yield Case(kind, HEIC, stream.getvalue(), lambda d: None)
    kind = "floats and their range"
    height = np.linspace(300, 1400, 24 * 32, dtype=np.float32).reshape(24, 32)
    yield Case(
        kind,
        TIFF,
        tiff(samples=height, photometric="minisblack"),
        lambda d: bool((tifffile.imread(io.BytesIO(d))[::2, ::2] == height).all()),
    )
    kind = "inks (CMYK)"
    inks = random_samples((24, 32, 4), np.uint8)
    yield Case(kind, JPEG, cmyk_jpeg(inks), lambda d: None if opened(d).mode == "RGB" else False)
    yield Case(
        kind,
        TIFF,
        tiff(samples=inks, photometric="separated"),
        lambda d: None if opened(d).mode == "RGB" else False,
    )
    kind = "transparency"
    four = np.dstack([COLOUR, ALPHA])
    for form in (PNG, WEBP, TIFF):
        data = (
            tiff(samples=four, extrasamples=["unassalpha"])
            if form == TIFF
            else saved(form, samples=four)
        )
        yield Case(
            kind, form, data, lambda d: bool((np.array(opened(d))[::2, ::2, 3] == ALPHA).all())
        )
    for form in (AVIF, HEIC):
        yield Case(
            kind,
            form,
            saved(form, samples=four, quality=100),
            lambda d: (
                None
                if np.abs(np.array(opened(d))[::2, ::2, 3].astype(int) - ALPHA).max() < 16
                else False
            ),
        )
    binary = np.dstack([COLOUR, np.where(ALPHA > 90, 255, 0).astype(np.uint8)])
    yield Case(
        kind,
        GIF,
        saved(GIF, samples=binary),
        lambda d: bool((np.array(opened(d).convert("RGBA"))[::2, ::2, 3] == binary[..., 3]).all()),
    )


def colour_cases() -> Iterator[Case]:
    kind, icc = "colour profile", rgb_profile()
    for form in (PNG, JPEG, WEBP, TIFF, AVIF, HEIC):
        yield Case(
            kind,
            form,
            saved(form, icc_profile=icc),
            lambda d: opened(d).info.get("icc_profile") == icc,
        )
    yield Case(kind, BMP, bmp_with_profile(icc), lambda d: icc in d)
    blocks = b"".join(
        bytes([len(icc[i : i + 255])]) + icc[i : i + 255] for i in range(0, len(icc), 255)
    )
    yield Case(
        kind, GIF, into_gif(b"\x21\xff\x0bICCRGBG1012" + blocks + b"\0"), lambda d: icc[:200] in d
    )
    kind = "gamma, cICP, nclx"
    linear = png_chunk(b"gAMA", struct.pack(">I", 100000))
    yield Case(
        kind, PNG, png(linear), lambda d: chunks(d).get(b"gAMA") == struct.pack(">I", 100000)
    )
    hdr = saved(AVIF)
    at = hdr.index(b"nclx")
    hdr = hdr[: at + 4] + struct.pack(">HH", 9, 16) + hdr[at + 8 :]
    yield Case(
        kind, AVIF, hdr, lambda d: d[d.index(b"nclx") + 4 :][:4] == struct.pack(">HH", 9, 16)
    )
