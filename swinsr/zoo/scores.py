"""What papers print for the published checkpoints, to be set beside what is measured."""

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).with_name("published_scores.json")


@dataclasses.dataclass(frozen=True)
class PublishedScore:
    """Mean scores of one model on one dataset, as printed.

    Attributes:
        model: its name in `published_models`, or "bicubic".
        dataset: as papers call it.
        source: the paper and table.
        scores: by the names of `swinsr.metrics`: "psnr_y", "ssim_y", "psnr", "ssim", "psnrb".
        scale: of super-resolution; 1 for restoration.
        noise: sigma in 8-bit levels, for denoising.
        quality: of the JPEG encoder, for JPEG artefacts.
        self_ensemble: whether eight flipped and turned runs were averaged.
        misprints: scores that are almost certainly misprinted, with what was probably meant.
    """

    model: str
    dataset: str
    source: str
    scores: Mapping[str, float]
    scale: int = 1
    noise: int | None = None
    quality: int | None = None
    self_ensemble: bool = False
    misprints: Mapping[str, float] = dataclasses.field(default_factory=dict)


@functools.cache
def published_scores() -> tuple[PublishedScore, ...]:
    """Every printed score that is known."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    sources: dict[str, str] = table["sources"]
    return tuple(
        PublishedScore(**{**entry, "source": sources[entry["source"]]}) for entry in table["scores"]
    )


def find_score(
    model: str,
    dataset: str,
    *,
    scale: int = 1,
    noise: int | None = None,
    quality: int | None = None,
    self_ensemble: bool = False,
) -> PublishedScore | None:
    """What is printed for exactly this, or None."""
    wanted = (model, dataset, scale, noise, quality, self_ensemble)
    for s in published_scores():
        if (s.model, s.dataset, s.scale, s.noise, s.quality, s.self_ensemble) == wanted:
            return s
    return None
