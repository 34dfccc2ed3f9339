"""A picture in memory: colour, transparency and what the file said about them."""

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from swinsr.errors import PictureTypeError, ShapeMismatchError

Array: TypeAlias = npt.NDArray[Any]

SAMPLE_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


@dataclass(frozen=True)
class Text:
    """A text of a file.

    Attributes:
        keyword: what it is about; `COMMENT` for a format's only one.
        text: without formatting.
        language: an RFC 3066 tag, or empty.
        translated: the keyword in that language.
    """

    keyword: str
    text: str
    language: str = ""
    translated: str = ""


COMMENT = "Comment"


@dataclass(frozen=True)
class Metadata:
    """What travels beside the pixels, in one form for all file formats.

    Attributes:
        icc: the ICC profile, byte for byte.
        exif: the EXIF block from its byte order mark on, without the JPEG prefix `Exif\\0\\0`.
        xmp: the XMP packet.
        dpi: horizontal and vertical resolution, pixels per inch.
        png_colour: PNG chunks (type, data) that say what the sample values mean: gAMA, cHRM,
            sRGB, cICP, mDCV, cLLI. Kept for PNG outputs; the pixels are never changed by them.
        texts: PNG's texts, and the comments of other formats.
        iptc: the IPTC datasets (IIM, record after record).
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    png_colour: tuple[tuple[bytes, bytes], ...] = ()
    texts: tuple[Text, ...] = ()
    iptc: bytes | None = None

    def of_colour(self) -> "Metadata":
        """What the colours need, without all that describes the picture."""
        return Metadata(icc=self.icc, png_colour=self.png_colour)


@dataclass(frozen=True, eq=False)
class Image:
    """A picture as the rest of the program sees it, upright and in gray or RGB.

    Attributes:
        pixels: (height, width, 1) gray or (height, width, 3) RGB; uint8, uint16, or float32 with
            `low` black and `high` white. Never premultiplied by alpha.
        alpha: (height, width) of the same type, 0 transparent, its largest value
            opaque; or None.
        metadata: profile, EXIF, XMP and resolution.
        source_format: a name of `swinsr.image.formats.table.ALL` where it was read from a file.
        notes: sentences on what reading could not keep as it was, for the user to see.
        low, high: the numbers of float pixels that mean black and white, 0 and 1 unless the file
            says or holds others; `range` for pixels of all types. Alpha always goes from 0 to 1.

    Raises:
        ShapeMismatchError: the arrays are not of these shapes.
        PictureTypeError: the pixels are of another type.
    """

    pixels: Array
    alpha: Array | None = None
    metadata: Metadata = field(default_factory=Metadata)
    source_format: str | None = None
    notes: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Hold every picture to the shapes and types that the other functions rely on."""
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ShapeMismatchError(
                f"A picture's black ({self.low}) lies below its white ({self.high}), both finite"
            )
        if len(shape) != 3 or shape[2] not in (1, 3) or 0 in shape:
            raise ShapeMismatchError(
                f"A picture needs pixels of shape (height, width, 1 or 3), not {shape}; "
                "transparency goes into `alpha`"
            )
        if dtype not in SAMPLE_TYPES:
            raise PictureTypeError(
                f"A picture needs uint8, uint16 or float32 pixels, not {dtype}; convert them first"
            )
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != dtype):
            raise ShapeMismatchError(
                f"Alpha of shape {self.alpha.shape} and type {self.alpha.dtype} does not belong to "
                f"pixels of shape {shape} and type {dtype}; both must agree"
            )

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        """1 for gray, 3 for RGB; alpha is not counted."""
        return int(self.pixels.shape[2])

    @property
    def is_gray(self) -> bool:
        """Whether there is one colour channel."""
        return self.channels == 1

    @property
    def bits(self) -> int:
        """Bits per sample: 8, 16, or 32 for float."""
        return int(self.pixels.dtype.itemsize * 8)

    @property
    def range(self) -> tuple[float, float]:
        """The sample values that mean black and white."""
        if self.pixels.dtype.kind == "f":
            return self.low, self.high
        return 0.0, float(np.iinfo(self.pixels.dtype).max)

    def with_pixels(self, pixels: Array, alpha: Array | None) -> "Image":
        """The same picture in everything but its pixels; sizes and types may change.

        Raises:
            ShapeMismatchError: as for a new picture.
        """
        return replace(self, pixels=pixels, alpha=alpha)
