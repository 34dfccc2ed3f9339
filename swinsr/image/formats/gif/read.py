"""GIF: the numbers of the colours by Pillow, everything else here.

Pillow fills what no frame covers with the colour of number 0, where browsers leave it transparent.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import GifImagePlugin

from swinsr.image.formats.compose import CLEAR, KEEP, RESTORE, FrameRectangle, composed
from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.form import Header
from swinsr.image.formats.gif.blocks import TRAILER, GifFile, GifPicture, parse
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.picture import COMMENT, Array, Image, Metadata, Text

_AFTER = {2: CLEAR, 3: RESTORE}


def decode_gif(data: bytes, header: Header) -> Image:
    """Decode the first picture of a GIF file, on its canvas."""
    file = parse(data)
    first = _frame(data, file, file.pictures[0])
    image, notes = first.image, file.notes
    if (image.height, image.width) != (header.height, header.width):
        image = next(composed([first], header.height, header.width, image.channels, Metadata()))
    if len(file.pictures) > 1:
        notes = (
            *notes,
            f"it is an animation of {len(file.pictures)} frames; only the first was read",
        )
    return replace(image, metadata=_metadata(file), notes=notes)


def decode_frames(data: bytes, header: Header) -> Iterator[Image]:
    """Decode every frame as it is seen, on the whole canvas, with alpha."""
    file = parse(data)
    parts = (_frame(data, file, picture) for picture in file.pictures)
    return composed(parts, header.height, header.width, 3, _metadata(file))


def _metadata(file: GifFile) -> Metadata:
    comment = file.comment.rstrip(b"\0").decode("utf-8", "replace")
    texts = (Text(COMMENT, comment),) if comment else ()
    return Metadata(icc=file.icc, xmp=file.xmp, texts=texts)


def _frame(data: bytes, file: GifFile, picture: GifPicture) -> FrameRectangle:
    numbers, is_gray = _numbers(data, file, picture)
    if is_gray:
        pixels = numbers[..., None].copy()
    else:
        colours = np.zeros((256, 3), np.uint8)
        table = np.frombuffer(picture.table or file.table, np.uint8).reshape(-1, 3)
        colours[: len(table)] = table
        pixels = colours[numbers]
    alpha = None
    if picture.clear is not None:
        alpha = np.where(numbers == picture.clear, 0, 255).astype(np.uint8)
    after = _AFTER.get(picture.after, KEEP)
    return FrameRectangle(Image(pixels, alpha), picture.top, picture.left, after, over=True)


def _numbers(data: bytes, file: GifFile, picture: GifPicture) -> tuple[Array, bool]:
    """The colours' numbers, (h, w) uint8; and whether they are gray levels themselves.

    Pillow gets a file of this frame alone, as large as the frame.
    """
    place = struct.pack("<BHHHH", 0x2C, 0, 0, picture.width, picture.height)
    alone = b"".join(
        [
            b"GIF89a",
            struct.pack("<HH", picture.width, picture.height),
            data[10:13],
            file.table,
            place,
            data[picture.start + 9 : picture.end],
            bytes([TRAILER]),
        ]
    )
    with (
        foreign_decoder(),
        quiet_pillow(picture.height * picture.width),
        GifImagePlugin.GifImageFile(io.BytesIO(alone)) as read,
    ):
        read.load()
        numbers: Array = np.array(read)
    if read.mode not in ("L", "P") or numbers.shape != (picture.height, picture.width):
        raise DamagedError("a frame of it cannot be decoded")
    return numbers, read.mode == "L"
