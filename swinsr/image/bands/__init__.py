"""Large picture files, read and written some rows at a time."""

from swinsr.image.bands.read import BandedPicture, open_bands
from swinsr.image.bands.write import Outline, encode_bands, fit_outline

__all__ = [
    "BandedPicture",
    "Outline",
    "encode_bands",
    "fit_outline",
    "open_bands",
]
