"""Large picture files, read and written some rows at a time."""

from swinsr.image.bands.read import BandedPicture, open_bands
from swinsr.image.bands.write import BANDED_FORMATS, Outline, encode_bands, fit_outline

__all__ = [
    "BANDED_FORMATS",
    "BandedPicture",
    "Outline",
    "encode_bands",
    "fit_outline",
    "open_bands",
]
