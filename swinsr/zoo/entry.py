"""What is known of a model without opening its file."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

# How much a picture has been through, before a network is to enlarge it.
Damage: TypeAlias = Literal["none", "slight", "heavy"]


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
        damage: what it is taken for at its scale when no model is named: "none", "slight" as of a
            JPEG, or "heavy"; see `default`.
        faithful: the bundled model, trained for the least error, that this crisp one continues;
            None for all others.
        fast: whether it is the quicker one taken for its scale where speed is asked for.
        config: the published constructor's keywords, where listed.
        noise: sigma in 8-bit levels that it was trained to remove, for denoising.
        quality: of the JPEG encoder whose artefacts it was trained to remove.
        hub: id of the same weights on the Hugging Face Hub.
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
    fast: bool = False
    faithful: str | None = None
    damage: Damage = "none"
    config: Mapping[str, Any] | None = dataclasses.field(default=None, hash=False)
    noise: int | None = None
    quality: int | None = None
    hub: str | None = None

    @property
    def padding(self) -> str:
        """How pictures are padded for it, in words."""
        if self.config is None:
            return "reflected to the next multiple of the window"
        return f"reflected to the next multiple of {self.config['window_size']} pixels"
