"""What was measured, as plain data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from swinsr.evaluation.options import Options
from swinsr.evaluation.trials import Trial
from swinsr.zoo.scores import PublishedScore, find_score


@dataclass(frozen=True)
class Measured:
    """One picture under one model.

    Attributes:
        name: of the picture.
        scores: by name; PSNR of identical pictures is inf.
        seconds: that the model took, without reading and scoring.
        height, width: of the truth that was compared, in pixels.
        notes: sentences on what was done to the files.
        crop: a piece of the output, base64 WebP.
        cached: whether it was measured in an earlier run.
    """

    name: str
    scores: Mapping[str, float]
    seconds: float
    height: int
    width: int
    notes: tuple[str, ...] = ()
    crop: str = ""
    cached: bool = False


@dataclass(frozen=True)
class Failure:
    """One picture that could not be measured, and the sentence why."""

    name: str
    message: str


@dataclass
class Result:
    """One row of the table: a model on a dataset under a condition."""

    job: Trial
    options: Options
    images: list[Measured] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    published: PublishedScore | None = None

    @property
    def self_ensemble(self) -> bool:
        """Whether eight runs were averaged; never for a baseline."""
        return self.options.self_ensemble and self.job.contestant.config is not None

    @property
    def complete(self) -> bool:
        """Whether it is all of the dataset, so that it can be compared with papers."""
        known = self.job.dataset.known
        fits = known is None or known.pictures == len(self.images)
        return fits and not self.failures and bool(self.images)

    @property
    def mean(self) -> dict[str, float]:
        """Mean of each score over the pictures; empty where none was measured."""
        if not self.images:
            return {}
        names = self.images[0].scores
        return {n: math.fsum(i.scores[n] for i in self.images) / len(self.images) for n in names}

    @property
    def seconds_per_image(self) -> float | None:
        """Mean time of the model for a picture."""
        if not self.images:
            return None
        return math.fsum(image.seconds for image in self.images) / len(self.images)

    @property
    def difference(self) -> dict[str, float]:
        """Measured less printed; empty where nothing is printed or the dataset is not complete."""
        if self.published is None or not self.complete:
            return {}
        mean = self.mean
        return {n: mean[n] - v for n, v in self.published.scores.items() if n in mean}


def find_published(job: Trial, options: Options) -> PublishedScore | None:
    """What papers print for a row, or None."""
    contestant, condition = job.contestant, job.condition
    if contestant.published is None or condition.kind == "pair":
        return None
    return find_score(
        contestant.published,
        job.dataset.name,
        scale=condition.scale,
        noise=condition.noise,
        quality=condition.quality,
        self_ensemble=options.self_ensemble and contestant.config is not None,
    )


def result_to_dict(result: Result) -> dict[str, Any]:
    """A row for JSON; docs/evaluation.md describes every field. Infinity becomes None."""
    contestant, condition = result.job.contestant, result.job.condition
    cost, published = contestant.cost, result.published
    is_network = contestant.config is not None
    return {
        "model": contestant.name,
        "task": contestant.task,
        "weights_sha256": contestant.digest if is_network else None,
        "dataset": result.job.dataset.name,
        "folder": str(result.job.dataset.root),
        "scale": condition.scale,
        "condition": {
            "kind": condition.kind,
            "label": condition.label,
            "noise": condition.noise,
            "quality": condition.quality,
            "gray": condition.gray,
            "border": condition.border,
        },
        "self_ensemble": result.self_ensemble,
        "padding": result.options.padding if is_network else None,
        "precision": contestant.engine.precision if is_network else None,
        "mean": {name: _finite(value) for name, value in result.mean.items()},
        "published": None
        if published is None
        else {
            "model": published.model,
            "source": published.source,
            "scores": dict(published.scores),
            "misprints": dict(published.misprints),
        },
        "difference": {name: _finite(value) for name, value in result.difference.items()},
        "complete": result.complete,
        "seconds_per_image": result.seconds_per_image,
        "parameters": None if cost is None else cost.parameters,
        "macs_per_pixel": None if cost is None else cost.macs_per_pixel,
        "images": [_image_to_dict(image) for image in result.images],
        "failures": [{"name": f.name, "message": f.message} for f in result.failures],
    }


def _image_to_dict(image: Measured) -> dict[str, Any]:
    return {
        "name": image.name,
        **{name: _finite(value) for name, value in image.scores.items()},
        "height": image.height,
        "width": image.width,
        "seconds": image.seconds,
        "cached": image.cached,
        "notes": list(image.notes),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
