"""What decoders and encoders raise, so that only our own errors leave this package."""

import lzma
import struct
import zlib

import cv2
from PIL.Image import DecompressionBombError

# Decoders of damaged data fail in their parsers wherever the damage happens to lead: an index past
# a table, a division by a zero size, a key that is no known enumeration. All of it means the same.
CODEC_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
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
