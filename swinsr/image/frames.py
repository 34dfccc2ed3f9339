"""Files of several pictures: the frames of animations with their timing, the pages of TIFFs.

One picture at a time is in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from swinsr.image.convert import largest_value, to_rgb
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import Contents, Header
from swinsr.image.formats.headers import read_header
from swinsr.image.formats.packing import whole
from swinsr.image.formats.table import ALL
from swinsr.image.limits import DEFAULT_MAX_PIXELS, Limit
from swinsr.image.picture import Image
from swinsr.image.read import decode, finished, own_errors
from swinsr.image.source import ImageSource, open_source


@dataclass(frozen=True)
class Frame:
    """One of a file's pictures.

    Attributes:
        image: upright. Frames of animations are RGB with alpha, all of one size.
        seconds: how long it is shown; 0 for pages.
    """

    image: Image
    seconds: Fraction = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class Frames(Contents):
    """All pictures of a file, decoded one after the other as they are asked for.

    Attributes:
        name: of the file, for messages.
        data: the file.
        header: of it.
        limit: on the pixels of each picture.
    """

    name: str
    data: bytes
    header: Header
    limit: Limit

    @property
    def format(self) -> str:
        """As in `Header`."""
        return self.header.format

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
            yield Frame(image, delay)

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
            yield decode(self.data, self.header, self.limit)
            return
        for image in ALL[self.format].read_frames(self.data, self.header, self.limit):
            yield finished(image, self.header)


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
        header, limit = read_header(stream), Limit(name, max_pixels)
        limit.check(header.height, header.width)
        data = whole(stream)
        found = ALL[header.format].contents(data)
        return Frames(**vars(found), name=name, data=data, header=header, limit=limit)


def uniform(image: Image, first: Image) -> Image:
    """A frame as animations need it: with alpha, of one size and kind.

    Args:
        image: any.
        first: the first frame, uniform.

    Raises:
        DamagedError: of another size, or in colour after a gray one.
    """
    if (image.height, image.width) != (first.height, first.width):
        raise DamagedError("the frames of an animation must be of one size")
    if first.is_gray and not image.is_gray:
        raise DamagedError("the frames of an animation must all be gray or all in colour")
    alpha = image.alpha
    if alpha is None:
        white = largest_value(image.pixels.dtype)
        alpha = np.full(image.pixels.shape[:2], white, image.pixels.dtype)
    pixels = image.pixels if first.is_gray else to_rgb(image.pixels)
    return image.with_pixels(pixels, alpha)
