"""What a file format is: the one form that all of them are told in.

A format is a folder here whose `__init__` has a child of `Format`, and one line of
`swinsr.image.formats.table`. Nothing else knows it by name: recognition, reading, writing, fitting,
frames, bands and the list of suffixes go through that table. Its methods import the code that they
need, so that naming a format loads no codec.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, ClassVar, TypeAlias

from swinsr.image.formats.faults import DamagedError
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Array, Image, Metadata

# What beside the pixels a format can hold.
ICC, EXIF, XMP, IPTC, DPI, COLOUR = "icc", "exif", "xmp", "iptc", "dpi", "colour"
TEXTS, ONE_COMMENT = "texts", "comment"


@dataclass(frozen=True)
class Header:
    """What a file says of itself."""

    format: str  # a name of `swinsr.image.formats.table.ALL`
    height: int  # as stored, before any EXIF orientation
    width: int


@dataclass(frozen=True, kw_only=True)
class Contents:
    """How many pictures a file holds, and how they belong together.

    Attributes:
        count: how many pictures, at least one.
        kind: "animation", "pages", or "" for a single picture.
        delays: seconds that each frame of an animation is shown.
        loops: how often an animation runs, 0 for ever.
        channels: 1 where all pictures are gray, else 3.
        notes: what was left out of the file as a whole.
    """

    count: int = 1
    kind: str = ""
    delays: tuple[Fraction, ...] = ()
    loops: int = 0
    channels: int = 3
    notes: tuple[str, ...] = ()

    @classmethod
    def animated(cls, delays: tuple[Fraction, ...], loops: int, channels: int = 3) -> Contents:
        """An animation; a single picture where it has one frame or none."""
        if len(delays) <= 1:
            return cls()
        return cls(
            count=len(delays), kind="animation", delays=delays, loops=loops, channels=channels
        )


# Metadata, and a sentence on each thing that was left out of it.
Described: TypeAlias = "tuple[Metadata, tuple[str, ...]]"
Frames: TypeAlias = "Iterable[tuple[Image, Fraction]]"


class Format(ABC):
    """A file format: what it holds, and its ways in and out.

    Attributes:
        name: as messages and `Header.format` call it.
        suffixes: of its files, the usual one first.
        side: the largest height and width.
        depths: bits per sample that it is written with.
        gray: whether it has pictures of one channel.
        alpha: whether it holds transparency.
        several: "animation" or "pages" where it holds more than one picture.
        timing: the parts of a second in which it counts a frame's time; 0 for any time at all.
        exact: whether it is written without loss, always or where that is asked for.
        kept: whether an output beside an input of it is of it too.
        holds: what beside the pixels.
        longest: the bytes that a piece of that may have.
        turned: whether its decoder turns pictures upright.
        banded: whether it is written in bands.
        vips_loader: libvips's name for what reads it in bands; "" for none.
        vips_options: of that.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    side: ClassVar[int] = 2**31 - 1
    depths: ClassVar[tuple[int, ...]] = (8,)
    gray: ClassVar[bool] = True
    alpha: ClassVar[bool] = True
    several: ClassVar[str] = ""
    timing: ClassVar[int] = 0
    exact: ClassVar[bool] = True
    kept: ClassVar[bool] = False
    holds: ClassVar[frozenset[str]] = frozenset()
    longest: ClassVar[Mapping[str, int]] = MappingProxyType({})
    turned: ClassVar[bool] = False
    banded: ClassVar[bool] = False
    vips_loader: ClassVar[str] = ""
    vips_options: ClassVar[Mapping[str, bool]] = MappingProxyType({})

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether a file is of this format, by its first 64 bytes."""

    @abstractmethod
    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """Height and width as stored, without decoding.

        Args:
            stream: the file, seekable.
            head: its first 64 bytes.

        Raises:
            DamagedError, UnsupportedError: as decoders raise.
        """

    @abstractmethod
    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """Decode the first picture, not turned.

        Args:
            data: the file.
            header: of it; its size was approved.
            limit: for what else the file may hold.

        Raises:
            one of `swinsr.image.formats.faults.codec_errors()`.
        """

    def contents(self, data: bytes) -> Contents:
        """How many pictures there are; a format of single pictures has no own answer."""
        del data
        return Contents()

    def read_frames(self, data: bytes, header: Header, limit: Limit) -> Iterator[Image]:
        """Decode all pictures of a file with several, not turned.

        Those of an animation are composed on the whole canvas, with alpha. Arguments and errors as
        for `read`.
        """
        yield self.read(data, header, limit)

    def outline(self, stream: BinaryIO) -> Described | None:
        """What `read` would say beside the pixels; None where bands might not decode alike."""
        del stream
        return None

    def missing(self) -> str:
        """What writing it lacks here, as a phrase with the remedy; empty where nothing."""
        return ""

    def losses(self, image: Image) -> tuple[str, ...]:
        """A sentence on each thing that encoding a fitted picture costs, beside `quality`."""
        del image
        return ()

    @abstractmethod
    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """Encode a picture that was fitted to the format.

        Args:
            stream: writable, readable and seekable, at its start.
            image: what to write.
            quality: 1 to 100, where the format has one.
            lossless: where it can be asked for that.
        """

    def write_frames(
        self, stream: BinaryIO, frames: Frames, like: Contents, quality: int, *, lossless: bool
    ) -> None:
        """Encode several pictures as they come; of formats with `several`.

        Args:
            stream: as for `write`.
            frames: fitted pictures, and seconds that each is shown.
            like: tells count and repetition.
            quality, lossless: as for `write`.
        """
        raise NotImplementedError(self.name)

    def write_bands(
        self, stream: BinaryIO, image: Image, bands: Iterable[Array], quality: int
    ) -> None:
        """Encode a picture as its rows come; of formats that are `banded`.

        Args:
            stream: as for `write`.
            image: of the right shape, type and metadata; its pixels are not looked at.
            bands: rows (n, width, channels + alpha), from top to bottom.
            quality: as for `write`.
        """
        raise NotImplementedError(self.name)


def check_size(image: Image, height: int, width: int, *, turned: bool = False) -> Image:
    """The picture, if it has the size that the header gave.

    Args:
        image: as decoded.
        height, width: from the header.
        turned: whether the decoder may have turned it.

    Raises:
        DamagedError: it has another.
    """
    stored = (image.height, image.width)
    if stored != (height, width) and not (turned and stored == (width, height)):
        raise DamagedError("it states two different sizes")
    return image
