"""Files of several pictures: the frames of animations with their timing, the pages of TIFFs.

One picture at a time is in memory.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import GifImagePlugin, ImageFile, PngImagePlugin, WebPImagePlugin

from swinsr.image.convert import to_rgb
from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.gif import blocks as gif
from swinsr.image.formats.headers import Header, read_header
from swinsr.image.formats.ifd import Directory, Layout, read_directory
from swinsr.image.formats.pillow.images import assemble, metadata_of
from swinsr.image.formats.png import animation as apng
from swinsr.image.formats.png import chunks as png
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.formats.table import ALL
from swinsr.image.formats.webp.chunks import animation_of
from swinsr.image.limits import DEFAULT_MAX_PIXELS, check_pixels
from swinsr.image.picture import Image
from swinsr.image.read import decode, own_errors
from swinsr.image.source import ImageSource, open_source

_NEW_SUBFILE_TYPE, _REDUCED = 254, 1


@dataclass(frozen=True)
class Frame:
    """One of a file's pictures.

    Attributes:
        image: upright. Frames of animations are RGB with alpha, all of one size.
        seconds: how long it is shown; 0 for pages.
    """

    image: Image
    seconds: Fraction = Fraction(0)


@dataclass(frozen=True)
class Frames:
    """All pictures of a file, decoded one after the other as they are asked for.

    Attributes:
        name: of the file, for messages.
        format: as in `Header`.
        count: how many pictures, at least one.
        kind: "animation", "pages", or "" for a single picture.
        delays: seconds that each frame of an animation is shown.
        loops: how often an animation runs, 0 for ever.
        notes: what was left out of the file as a whole.
    """

    name: str
    format: str
    count: int
    kind: str
    delays: tuple[Fraction, ...]
    loops: int
    notes: tuple[str, ...]
    data: bytes
    header: Header
    max_pixels: int | None

    def __iter__(self) -> Iterator[Frame]:
        """Decode.

        Raises:
            ImageReadError: a picture is damaged or of an unread kind.
            ImageTooLargeError: a page above the limit.
        """
        pictures = self._pictures()
        for number in range(self.count):
            with own_errors(self.name):
                image = next(pictures, None)
                if image is None:
                    raise DamagedError(f"picture {number + 1} of {self.count} is missing")
            delay = self.delays[number] if self.delays else Fraction(0)
            yield Frame(replace(image, source_format=self.format), delay)

    def limited(self, format_name: str) -> "Frames":
        """The same file for an output that may hold one picture alone, or pages without timing."""
        several = ALL[format_name].several
        if self.count == 1 or self.kind == several:
            return self
        if self.kind == "animation" and several == "pages":
            note = f"the animation's {self.count} frames became pages, without their timing"
            return replace(self, kind="pages", notes=(*self.notes, note))
        what = "an animation" if self.kind == "animation" else "a document"
        units = "frames" if self.kind == "animation" else "pages"
        better = "webp" if self.kind == "animation" else "tif"
        note = (
            f"it is {what} of {self.count} {units}, and only the first was written, as "
            f"{format_name} holds no more; use --format {better}"
        )
        return replace(self, count=1, notes=(*self.notes, note))

    def _pictures(self) -> Iterator[Image]:
        if not self.kind:
            yield decode(self.data, self.header, self.max_pixels)
        elif self.format == "TIFF":
            yield from _pages(self.data, self.name, self.max_pixels)
        elif self.format == "GIF":
            yield from _animated(GifImagePlugin.GifImageFile, self.data, self.header, 0)
        elif self.format == "WebP":
            yield from _animated(WebPImagePlugin.WebPImageFile, self.data, self.header, 0)
        else:
            skipped = int(apng.parse(self.data).still_first)
            yield from _animated(PngImagePlugin.PngImageFile, self.data, self.header, skipped)


def read_frames(source: ImageSource, *, max_pixels: int | None = DEFAULT_MAX_PIXELS) -> Frames:
    """Look into a file of one or more pictures; they are decoded when the result is iterated.

    GIF, WebP and PNG animations give every frame as it is seen, TIFFs every page that is no
    smaller copy of another. All other files give one picture, as `read_image` does.

    Args:
        source: a path, the file's bytes, or a binary stream, read to its end.
        max_pixels: refuse pictures with more pixels before decoding; None for no limit.

    Raises:
        ImageReadError: no such file, not a picture, or one whose structure is damaged.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    with open_source(source) as (name, stream), own_errors(name):
        header = read_header(stream)
        check_pixels(name, header.height, header.width, max_pixels)
        data = _all(stream)
        count, kind, loops = 1, "", 0
        delays: tuple[Fraction, ...] = ()
        notes: tuple[str, ...] = ()
        if header.format == "GIF":
            found = gif.parse(data)
            delays, loops = tuple(Fraction(d, 100) for d in found.delays), found.loops
        elif header.format == "WebP":
            delays, loops = animation_of(data)
        elif header.format == "PNG" and (file := png.parse(data)).frames > 1:
            animation = apng.parse(data)
            delays, loops = animation.delays, animation.loops
            if file.depth == 16:
                notes = ("its 16-bit frames were rounded to 8 bits",)
        elif header.format == "TIFF":
            count = len(_page_offsets(data))
        if len(delays) > 1:
            count, kind = len(delays), "animation"
        elif count > 1:
            kind = "pages"
        return Frames(
            name, header.format, count, kind, delays if kind else (), loops, notes, data, header,
            max_pixels,
        )  # fmt: skip


def _all(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read()


def _animated(
    reader: type[ImageFile.ImageFile], data: bytes, header: Header, skipped: int
) -> Iterator[Image]:
    """Every frame as it is seen, on the whole canvas."""
    with foreign_decoder(), quiet_pillow(header.height * header.width):
        picture = reader(io.BytesIO(data))
    with picture:
        metadata = metadata_of(picture)
        for number in range(skipped, getattr(picture, "n_frames", 1)):
            with foreign_decoder(), quiet_pillow(header.height * header.width):
                picture.seek(number)
                if picture.size != (header.width, header.height):
                    raise DamagedError("it states two different sizes")
                picture.load()
                whole = assemble(picture.convert("RGBA"), metadata)
            yield whole


def _page_offsets(data: bytes) -> list[tuple[int, int]]:
    """Where each page's directory stands, and the number that points to the next."""
    stream = io.BytesIO(data)
    layout = Layout.of(stream)
    offset, seen, pages = layout.first, set[int](), list[tuple[int, int]]()
    while offset and offset not in seen:
        seen.add(offset)
        try:
            directory = read_directory(stream, layout, offset)
        except DamagedError:
            if not pages:
                raise
            raise DamagedError(f"page {len(pages) + 1} is damaged") from None
        if not pages or not _is_reduced(directory, layout.order):
            pages.append((offset, directory.following_position))
        offset = directory.following
    return pages


def _is_reduced(directory: Directory, order: str) -> bool:
    """A smaller copy of another page: one level of a pyramid, or a thumbnail."""
    kind = directory.numbers(_NEW_SUBFILE_TYPE, order)
    return bool(kind and kind[0] & _REDUCED)


def _pages(data: bytes, name: str, max_pixels: int | None) -> Iterator[Image]:
    """Each page decoded as if it were the file's only one."""
    layout = Layout.of(io.BytesIO(data))
    code, at = ("Q", 8) if layout.big else ("I", 4)
    for offset, following in _page_offsets(data):
        edited = bytearray(data)
        struct.pack_into(layout.order + code, edited, at, offset)
        if following + struct.calcsize(code) <= len(edited):
            struct.pack_into(layout.order + code, edited, following, 0)
        page = bytes(edited)
        header = read_header(io.BytesIO(page))
        check_pixels(name, header.height, header.width, max_pixels)
        yield decode(page, header, max_pixels)


def uniform(image: Image, height: int, width: int) -> Image:
    """A frame as animations need it: 8 bits are left to the encoder; RGB, with alpha, of one size.

    Raises:
        DamagedError: of another size.
    """
    if (image.height, image.width) != (height, width):
        raise DamagedError("the frames of an animation must be of one size")
    alpha = image.alpha
    if alpha is None:
        white = np.iinfo(image.pixels.dtype).max if image.pixels.dtype.kind == "u" else 1
        alpha = np.full((height, width), white, image.pixels.dtype)
    return image.with_pixels(to_rgb(image.pixels), alpha)
