"""ICC profiles: which pixels a profile belongs to, and the way from CMYK and Lab to sRGB."""

import functools
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image as PilImage

_FIXED_DATE = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # 2000-01-01 00:00:00


def colour_space(profile: bytes) -> str:
    """The colour space a profile describes, as "RGB", "GRAY", "CMYK", ...; "" if it is no profile.

    Source: ICC.1:2022, section 7.2 (header: colour space at byte 16, signature at byte 36).
    """
    if len(profile) < 128 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("latin-1").strip()


def fits(profile: bytes, channels: int) -> bool:
    """Whether a profile may stand in a file with 1 (gray) or 3 (RGB) colour channels."""
    return colour_space(profile) == ("GRAY" if channels == 1 else "RGB")


@functools.cache
def srgb_profile() -> bytes:
    """LittleCMS's sRGB profile, with a fixed creation date so that outputs can be compared."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + _FIXED_DATE + profile[36:]


def to_srgb(
    picture: "PilImage.Image", profile: bytes | None
) -> tuple["PilImage.Image", str | None]:
    """Convert a CMYK or Lab picture to sRGB.

    Args:
        picture: mode CMYK or LAB.
        profile: the embedded profile; Lab pictures need none.

    Returns:
        The picture in mode RGB, and a note where the colours are approximate.
    """
    from PIL import ImageCms

    lab = picture.mode == "LAB"
    if not lab and (profile is None or colour_space(profile) != "CMYK"):
        return picture.convert("RGB"), _approximate("it carries no CMYK profile")
    try:
        source = ImageCms.createProfile("LAB") if lab else io.BytesIO(profile or b"")
        converted = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(source),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):
        return picture.convert("RGB"), _approximate("its colour profile is damaged")
    assert converted is not None  # None is for conversions in place only
    return converted, None


def _approximate(reason: str) -> str:
    return f"{reason}, so its colours were converted by the plain formula and are approximate"
