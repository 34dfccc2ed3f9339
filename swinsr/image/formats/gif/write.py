"""GIF: each frame with 256 colours of its own, one frame in memory at a time.

Source: Graphics Interchange Format, version 89a (CompuServe, 1990).
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import Image as PilImage

from swinsr.image.formats.form import Frames
from swinsr.image.formats.gif import blocks as gif
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.picture import Image

_TO_BACKGROUND = 2  # what is done with a frame before the next: transparent pixels show nothing old
_HALF = 128


def losses(image: Image) -> tuple[str, ...]:
    """A sentence on each thing that a picture of 8 bits loses."""
    notes = []
    if not image.is_gray:
        notes.append("colours were reduced to 256, as GIF holds no more")
    if image.alpha is not None and bool(((image.alpha > 0) & (image.alpha < 255)).any()):
        notes.append("half transparency became all or none, as GIF holds no more")
    return tuple(notes)


def encode_gif(stream: BinaryIO, image: Image) -> None:
    """Write a still; arguments as for `encode_gif_frames`."""
    encode_gif_frames(stream, [(image, Fraction(0))], None)


def encode_gif_frames(stream: BinaryIO, frames: Frames, loops: int | None) -> None:
    """Write an animation.

    Args:
        stream: writable.
        frames: 8-bit pictures of one size, and seconds that each is shown.
        loops: how often it runs, 0 for ever; None for a still.
    """
    for number, (image, seconds) in enumerate(frames):
        if number == 0:
            _begin(stream, image, loops)
        transparent, block = _picture(image, always_clear=loops is not None)
        if loops is not None or transparent is not None:
            packed = _TO_BACKGROUND << 2 | (transparent is not None)
            delay = min(round(seconds * 100), 65535)
            control = struct.pack("<BBHBB", 4, packed, delay, transparent or 0, 0)
            stream.write(b"\x21\xf9" + control)
        stream.write(block)
    stream.write(bytes([gif.TRAILER]))


def _begin(stream: BinaryIO, image: Image, loops: int | None) -> None:
    """Everything before the frames."""
    stream.write(b"GIF89a" + struct.pack("<HHBBB", image.width, image.height, 0, 0, 0))
    if loops is not None and loops != 1:
        more = loops - 1 if loops else 0
        stream.write(b"\x21\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, min(more, 65535), 0))
    for text in image.metadata.texts:
        comment = text.text.encode()
        blocks = (comment[at : at + 255] for at in range(0, len(comment), 255))
        parts = [bytes([len(block)]) + block for block in blocks]
        stream.write(b"\x21\xfe" + b"".join(parts) + b"\0")


def _picture(image: Image, *, always_clear: bool) -> tuple[int | None, bytes]:
    """The transparent colour's number, and descriptor, colours and data of one frame.

    Some viewers clear a frame to transparency only where it has a transparent colour itself, so in
    animations each has one, used or not.
    """
    clear = image.alpha < _HALF if image.alpha is not None else None
    picture = PilImage.fromarray(interleave(image.pixels, None))
    transparent = None
    if not image.is_gray or clear is not None:
        spare = clear is not None and (always_clear or bool(clear.any()))
        picture = picture.convert("RGB").quantize(255 if spare else 256)
        if spare:
            # The colour behind those that are used; the table is as long as it needs to be.
            indices = np.array(picture)
            transparent = 255
            if clear is not None:
                indices[clear] = transparent
            palette = (picture.getpalette() or []) + [0] * 768
            picture = PilImage.fromarray(indices)
            picture.putpalette(palette[:768])
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", optimize=False)
    data = buffer.getvalue()
    written = gif.parse(data).pictures[0]
    start, end = written.start, written.end
    packed = data[10]
    table = data[13 : 13 + (3 << (packed & 7) + 1)]
    # The file's table of colours becomes the frame's own.
    own = 0x80 | (data[start + 9] & 0x40) | (packed & 7)
    return transparent, data[start : start + 9] + bytes([own]) + table + data[start + 10 : end]
