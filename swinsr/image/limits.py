"""The guard against decompression bombs, asked before any pixel is decoded."""

from swinsr.errors import ImageTooLargeError

# 250 megapixels: above the largest phone cameras (200), 0.75 GB as 8-bit RGB.
DEFAULT_MAX_PIXELS = 250_000_000


def check_pixels(name: str, height: int, width: int, max_pixels: int | None) -> None:
    """Refuse a picture of more than `max_pixels` pixels; None lets every size pass.

    Raises:
        ImageTooLargeError: naming the file, its size, the limit and the option that raises it.
    """
    if max_pixels is not None and height * width > max_pixels:
        raise ImageTooLargeError(
            f"{name}: {width} x {height} is {height * width:,} pixels, above the limit of "
            f"{max_pixels:,}; raise it with --max-pixels {height * width} if the file is trusted"
        )
