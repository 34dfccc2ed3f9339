"""What is known of a model without opening its file."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ModelEntry:
    """One model.

    Attributes:
        name: what a user calls it.
        file: its file's name.
        task: "classical_sr", "lightweight_sr", "real_sr", "compressed_sr", "gray_denoise",
            "color_denoise", "gray_jpeg" or "color_jpeg".
        scale: factor of enlargement, 1 for restoration.
        licence: SPDX identifier.
        bytes, sha256: of the file, None where not published.
        url: where it can be downloaded; None for a bundled model.
        family: "swinir" or "swin2sr" where listed.
        summary: one sentence on what it is good for.
        default: whether it is the one taken for its scale when no model is named.
    """

    name: str
    file: str
    task: str
    scale: int
    licence: str
    bytes: int | None = None
    sha256: str | None = None
    url: str | None = None
    family: str | None = None
    summary: str = ""
    default: bool = False
