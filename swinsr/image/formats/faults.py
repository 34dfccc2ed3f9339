"""What decoders and encoders raise, so that only our own errors leave this package."""

import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

# What their parsers stumble over in damaged data: an index past a table, a division by a zero size,
# a list where one number was due. In our own code the same would be a defect and stays visible.
_STUMBLES = (TypeError, LookupError, ArithmeticError, AttributeError, AssertionError)


def codec_errors() -> tuple[type[Exception], ...]:
    """What codecs raise on purpose when the data is not what it should be, or the disk fails.

    For `except`, which calls it only when something was raised: the codecs are not loaded for it.
    """
    import cv2
    from PIL.Image import DecompressionBombError

    return (
        OSError,
        EOFError,
        ValueError,
        SyntaxError,
        RuntimeError,
        struct.error,
        zlib.error,
        lzma.LZMAError,
        cv2.error,
        DecompressionBombError,
    )


class DamagedError(ValueError):
    """The data contradicts itself or ends early. The text is a phrase, without the file's name."""


class UnsupportedError(ValueError):
    """Sound data of a kind we do not read. The text is a phrase that ends with the remedy."""


@contextmanager
def foreign_decoder() -> Iterator[None]:
    """Around calls of other libraries' decoders: whatever they stumble over is damage.

    Raises:
        DamagedError: in place of an exception that would mean a defect in our own code.
    """
    try:
        yield
    except _STUMBLES as error:
        raise DamagedError(f"its decoder failed: {error}") from error
