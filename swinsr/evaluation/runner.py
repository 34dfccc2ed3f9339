"""Measure: every job, picture by picture, what is kept already taken from the cache."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from swinsr.errors import SwinsrError
from swinsr.evaluation.cache import Cache, key_of
from swinsr.evaluation.crop import encode_crop, find_place
from swinsr.evaluation.layout import Item, Items, list_items
from swinsr.evaluation.options import Options
from swinsr.evaluation.provenance import source_digest, versions
from swinsr.evaluation.results import Failure, Measured, Result, find_published
from swinsr.evaluation.sample import load_sample
from swinsr.evaluation.score import ExtraMetric, score_picture
from swinsr.evaluation.trials import Trial
from swinsr.image import probe_image, to_depth
from swinsr.metrics import pyiqa_metric
from swinsr.runtime.progress import Progress, silent
from swinsr.storage.digest import sha256_of


class Listener:
    """Told how the measuring goes; does nothing by itself."""

    def begin(self, total: float) -> None:
        """The work has this size, in units of its own."""

    def start(self, result: Result, item: Item, work: float) -> Progress:
        """A picture of `work` units is next; returns what takes the share that is done."""
        return silent

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        """A picture of `work` units is done; the result has it already."""

    def note(self, text: str) -> None:
        """A sentence that the user should see."""


@dataclass
class Runner:
    """Measures jobs.

    Attributes:
        options: how models are run.
        cache: where measurements are kept.
        listener: notified of how it goes.
        notes: sentences that were said, none twice.
    """

    options: Options
    cache: Cache
    listener: Listener
    notes: list[str] = field(default_factory=list)
    _hashes: dict[Path, str] = field(default_factory=dict)
    _extra: dict[int, Mapping[str, ExtraMetric]] = field(default_factory=dict)

    def run(self, jobs: Sequence[Trial]) -> list[Result]:
        """Measure all jobs; a picture that fails is named in its result and stops nothing.

        Raises:
            SwinsrError: a dataset's folder cannot be used at all.
            ConfigError: a further metric is not there.
        """
        lists = [list_items(job.dataset.root, job.condition) for job in jobs]
        for items in lists:
            for text in items.notes:
                self.note(text)
        for text in dict.fromkeys(n for job in jobs for n in job.contestant.engine.notes):
            self.note(f"{text}.")
        for job in jobs:
            self._extra_metrics(job.condition.border)
        work = [
            [_work(job, item, self.options) for item in items.items]
            for job, items in zip(jobs, lists, strict=True)
        ]
        self.listener.begin(sum(map(sum, work)))
        return [self._job(*each) for each in zip(jobs, lists, work, strict=True)]

    def _job(self, job: Trial, items: Items, work: Sequence[float]) -> Result:
        result = Result(job, self.options, published=find_published(job, self.options))
        known = job.dataset.known
        if result.published and known and known.pictures != len(items.items):
            self.note(
                f"{job.dataset.root} has {len(items.items)} pictures and not the {known.pictures} "
                f"of {known.name}; its scores are not compared with published ones."
            )
        for item, size in zip(items.items, work, strict=True):
            progress = self.listener.start(result, item, size)
            outcome: Measured | Failure
            try:
                outcome = self._picture(job, item, progress)
                result.images.append(outcome)
                for text in outcome.notes:
                    self.note(f"{item.truth}: {text}.")
            except SwinsrError as error:
                outcome = Failure(item.name, _naming(item, str(error)))
                result.failures.append(outcome)
            except MemoryError:
                message = f"{item.truth}: there is not enough memory to measure it."
                outcome = Failure(item.name, message)
                result.failures.append(outcome)
            self.listener.finish(result, outcome, size)
        return result

    def _picture(self, job: Trial, item: Item, progress: Progress) -> Measured:
        key = self._key(job, item)
        if key is not None and (entry := self.cache.get(key)) is not None:
            return _from_entry(item.name, entry)
        condition, contestant = job.condition, job.contestant
        sample = load_sample(item, condition)
        start = time.perf_counter()
        planes = contestant.restore(sample.source, condition.scale, self.options, progress)
        seconds = time.perf_counter() - start
        restored = to_depth(np.clip(planes, 0.0, 1.0), sample.truth.dtype)
        extra = self._extra_metrics(condition.border)
        scores = score_picture(restored, sample.truth, condition, extra)
        place = find_place(sample.truth, condition.scale)
        height, width = sample.truth.shape[:2]
        crop = encode_crop(place.of(restored))
        measured = Measured(item.name, scores, seconds, height, width, sample.notes, crop)
        if key is not None:
            self.cache.put(key, _to_entry(measured))
            if self.cache.problem is not None:
                self.note(self.cache.problem)
        return measured

    def _key(self, job: Trial, item: Item) -> str | None:
        """Everything the scores depend on; None where a file cannot be read."""
        try:
            files = [self._hash(p) for p in (item.truth, item.source) if p is not None]
        except OSError:
            return None  # reading it says what is wrong
        condition, contestant = job.condition, job.contestant
        options: dict[str, Any] = {"metrics": self.options.metrics}
        if contestant.config is not None:
            options |= {
                "self_ensemble": self.options.self_ensemble,
                "padding": self.options.padding,
                "precision": contestant.engine.precision,
                "device": self._device(job).type,
            }
        return key_of(
            {
                "source": source_digest(),
                "versions": versions(),
                "model": contestant.digest,
                "files": files,
                "condition": [condition.kind, condition.scale, condition.level, condition.gray],
                "options": options,
            }
        )

    def _device(self, job: Trial) -> torch.device:
        return getattr(job.contestant.engine, "device", torch.device("cpu"))

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = sha256_of(path)
        return self._hashes[path]

    def _extra_metrics(self, border: int) -> Mapping[str, ExtraMetric]:
        if border not in self._extra:
            self._extra[border] = {
                name: pyiqa_metric(name, border=border) for name in self.options.metrics
            }
        return self._extra[border]

    def note(self, text: str) -> None:
        """Tell the listener; once each, however many models come across it."""
        if text not in self.notes:
            self.notes.append(text)
            self.listener.note(text)


def _work(job: Trial, item: Item, options: Options) -> float:
    """About how long a picture takes, in MACs; 0 where it is unreadable."""
    try:
        header = probe_image(item.truth)
    except SwinsrError:
        return 0.0
    cost = job.contestant.cost
    runs = 8 if options.self_ensemble else 1
    macs = 0.0 if cost is None else cost.macs_per_pixel * runs
    scoring = 20_000.0  # what reading, scoring and interpolation weigh beside a network
    return header.height * header.width * (macs + scoring)


def _naming(item: Item, message: str) -> str:
    """A sentence that begins with the file it is about."""
    own = message.startswith(str(item.truth)) or (
        item.source is not None and message.startswith(str(item.source))
    )
    return message if own else f"{item.truth}: {message}"


def _to_entry(measured: Measured) -> dict[str, Any]:
    scores = {n: None if v == float("inf") else v for n, v in measured.scores.items()}
    return {
        "scores": scores,
        "seconds": measured.seconds,
        "height": measured.height,
        "width": measured.width,
        "notes": list(measured.notes),
        "crop": measured.crop,
    }


def _from_entry(name: str, entry: dict[str, Any]) -> Measured:
    scores = {n: float("inf") if v is None else float(v) for n, v in entry["scores"].items()}
    return Measured(
        name,
        scores,
        entry["seconds"],
        entry["height"],
        entry["width"],
        tuple(entry["notes"]),
        entry["crop"],
        cached=True,
    )
