"""The chunks by which a PNG says what its sample values mean, in whatever format they end up."""

USUAL_GAMMA = range(45000, 46001)  # near 1 / 2.2, in units of 1 / 100000: meant for sRGB


def changes_colour(kind: bytes, data: bytes) -> bool:
    """Whether colours look different where a chunk is missing."""
    if kind == b"gAMA":
        return int.from_bytes(data, "big") not in USUAL_GAMMA
    return kind == b"cICP"
