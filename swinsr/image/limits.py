"""The guard against decompression bombs, asked before any pixel is decoded."""

from dataclasses import dataclass

from swinsr.errors import ImageTooLargeError

# 250 megapixels: above the largest phone cameras (200), 0.75 GB as 8-bit RGB.
DEFAULT_MAX_PIXELS = 250_000_000


@dataclass(frozen=True)
class Limit:
    """The most pixels that a picture of a file may have.

    Attributes:
        name: of the file, for the message.
        max_pixels: None for no limit.
    """

    name: str
    max_pixels: int | None = DEFAULT_MAX_PIXELS

    def check(self, height: int, width: int) -> None:
        """Refuse a picture of more pixels.

        Raises:
            ImageTooLargeError: naming the file, its size, the limit and the option that raises it.
        """
        if self.max_pixels is not None and height * width > self.max_pixels:
            raise ImageTooLargeError(
                f"{self.name}: {width} x {height} is {height * width:,} pixels, above the limit of "
                f"{self.max_pixels:,}; raise it with --max-pixels {height * width} if the file is "
                "trusted"
            )
