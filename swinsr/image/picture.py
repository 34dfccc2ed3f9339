"""A picture in memory: colour, transparency and what the file said about them."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from swinsr.errors import PictureTypeError, ShapeMismatchError

Array: TypeAlias = npt.NDArray[Any]

SAMPLE_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


@dataclass(frozen=True)
class Metadata:
    """What travels beside the pixels, in one form for all file formats.

    Attributes:
        icc: the ICC profile, byte for byte.
        exif: the EXIF block from its byte order mark on, without the JPEG prefix `Exif\\0\\0`.
        xmp: the XMP packet.
        dpi: horizontal and vertical resolution, pixels per inch.
        png_colour: PNG chunks (type, data) that say what the sample values mean: gAMA, cHRM,
            sRGB, cICP. Kept for PNG outputs; the pixels are never changed by them.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    png_colour: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, eq=False)
class Image:
    """A picture as the rest of the program sees it, upright and in gray or RGB.

    Attributes:
        pixels: (height, width, 1) gray or (height, width, 3) RGB; uint8, uint16, or float32 with
            0 black and 1 white. Never premultiplied by alpha.
        alpha: (height, width) of the same type, 0 transparent, its largest value
            opaque; or None.
        metadata: profile, EXIF, XMP and resolution.
        source_format: "PNG", "JPEG", "WebP", "TIFF" or "BMP" where it was read from one.
        notes: sentences on what reading could not keep as it was, for the user to see.

    Raises:
        ShapeMismatchError: the arrays are not of these shapes.
        PictureTypeError: the pixels are of another type.
    """

    pixels: Array
    alpha: Array | None = None
    metadata: Metadata = field(default_factory=Metadata)
    source_format: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold every picture to the shapes and types that the other functions rely on."""
        shape, dtype = self.pixels.shape, self.pixels.dtype
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

    def with_pixels(self, pixels: Array, alpha: Array | None) -> "Image":
        """The same picture in everything but its pixels; sizes and types may change.

        Raises:
            ShapeMismatchError: as for a new picture.
        """
        return replace(self, pixels=pixels, alpha=alpha)
