"""The models that a visitor may choose from, and one shared, loaded copy of each that is in use."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from swinsr.demo.jobs import Submission
from swinsr.demo.speeds import Speeds
from swinsr.demo.telling import tell
from swinsr.errors import ModelNotFoundError
from swinsr.files.engines import Engines, restorer, wrapped
from swinsr.files.settings import Settings
from swinsr.image import Image
from swinsr.zoo import (
    Damage,
    ModelEntry,
    bundled_models,
    cached_path,
    default_model,
    download,
    find_published,
    published_models,
)

if TYPE_CHECKING:
    from swinsr.inference import Upscaler

AUTOMATIC = "auto"
CRISP = "crisp"
# Kinds that tell what a picture has been through, and how that is said as a reason.
DAMAGES: dict[str, tuple[Damage, str]] = {
    "photo": ("slight", "a photograph"),
    "drawing": ("none", ""),
    "old": ("heavy", "an old or noisy picture"),
}
# What a picture is, in place of a model's name. CRISP is offered only where a network for it ships.
KINDS = {
    AUTOMATIC: "Automatic",
    "photo": "Photo",
    "drawing": "Drawing or text",
    "old": "Old or noisy",
    CRISP: "Crisp",
}
BASELINES = {
    "bicubic": "the usual smooth enlargement, for comparison",
    "lanczos": "a slightly sharper usual enlargement, for comparison",
    "nearest": "plain bigger pixels, for comparison",
}
TASKS = {
    "classical_sr": "enlarges clean pictures",
    "lightweight_sr": "enlarges clean pictures, quickly",
    "real_sr": "enlarges photographs of unknown quality",
    "compressed_sr": "enlarges strongly compressed JPEG pictures",
    "gray_denoise": "removes noise from gray pictures",
    "color_denoise": "removes noise from colour pictures",
    "gray_jpeg": "removes JPEG blocks from gray pictures",
    "color_jpeg": "removes JPEG blocks from colour pictures",
    "baseline": "interpolation",
}
# Networks kept in memory at most; the one that was not used for longest goes.
LOADED = 4
# Of the picture that speed is first measured with.
_SQUARE = (96, 96, 3)


@dataclass(frozen=True)
class Offer:
    """One model as it is offered.

    Attributes:
        name: what a request calls it.
        entry: None for a baseline.
        here: whether it can be used without a download.
    """

    name: str
    entry: ModelEntry | None
    here: bool

    @property
    def restores(self) -> bool:
        """Whether it works at the picture's own size."""
        return self.entry is not None and self.entry.scale == 1

    @property
    def scale(self) -> float:
        """What it enlarges by where no size is asked for; that of interpolation is free."""
        return 4.0 if self.entry is None else float(self.entry.scale)

    @property
    def included(self) -> bool:
        """Whether it is a network that ships with the program."""
        return self.entry is not None and self.entry.url is None

    @property
    def task(self) -> str:
        """What it does, in words."""
        return TASKS.get("baseline" if self.entry is None else self.entry.task, "restores pictures")

    @property
    def place(self) -> str:
        """Whether it is here, in words."""
        if self.entry is None:
            return "always here"
        if self.entry.url is None:
            return "included"
        size = f" ({self.entry.bytes / 1e6:.0f} MB)" if self.entry.bytes else ""
        return f"downloaded{size}" if self.here else f"will be downloaded{size}"

    @property
    def label(self) -> str:
        """One line for a list to choose from."""
        return f"{self.name}: {self.task}, {self.place}"


def offers() -> list[Offer]:
    """Every model: those that ship, those downloaded, the other published ones, baselines."""
    bundled = [Offer(m.name, m, True) for m in bundled_models()]
    names = {m.name for m in bundled_models()}
    published = [
        Offer(m.name, m, cached_path(m) is not None)
        for m in published_models()
        if m.name not in names
    ]
    baselines = [Offer(name, None, True) for name in BASELINES]
    # Colour first: what most pictures are.
    published.sort(key=lambda offer: offer.name.startswith(("swinir-gray", "swin2sr-gray")))
    here = [offer for offer in published if offer.here]
    return [*bundled, *here, *baselines, *(offer for offer in published if not offer.here)]


def list_models() -> list[dict[str, Any]]:
    """Every model as `/models` gives it."""
    return [
        {
            "name": offer.name,
            "task": "baseline" if offer.entry is None else offer.entry.task,
            "restores": offer.restores,
            "scale": None if offer.entry is None else offer.entry.scale,
            "licence": None if offer.entry is None else offer.entry.licence,
            "bytes": None if offer.entry is None else offer.entry.bytes,
            "here": offer.here,
            "summary": "" if offer.entry is None else offer.entry.summary,
        }
        for offer in offers()
    ]


def find_offer(name: str, *, restores: bool | None = None) -> Offer:
    """The model of a name. Requests name models, never files.

    Args:
        name: as in `offers`.
        restores: True for models that work at the picture's own size, False for those that enlarge.

    Raises:
        ModelNotFoundError: none of that name, or one for the other task.
    """
    offer = next((offer for offer in offers() if offer.name == name), None)
    if offer is None:
        raise ModelNotFoundError(
            f"{name[:80]!r} is no model of this server; its list of models has the names"
        )
    if restores is not None and offer.restores != restores:
        there, here = ("enlarges", "restore") if restores else ("restores", "enlarge")
        raise ModelNotFoundError(f"{name} {there} pictures and cannot {here} them; choose another")
    return offer


def restoring(name: str) -> Literal["denoise", "jpeg"]:
    """What a model that restores takes out."""
    entry = find_offer(name, restores=True).entry
    return "denoise" if entry is not None and entry.task.endswith("denoise") else "jpeg"


def restorer_name(task: str) -> str:
    """The bundled model that takes out "denoise" or "jpeg".

    Raises:
        ModelNotFoundError: none ships, or there is no such task.
    """
    if task not in ("denoise", "jpeg"):
        raise ModelNotFoundError(f"{task[:40]!r} is nothing that is restored here")
    return restorer(task)


def automatic(scale: float) -> str:
    """The bundled model for an enlargement of a picture of which nothing is known."""
    return default_model(scale).name


def crisp_name(scale: float) -> str:
    """The bundled model for a crisp result.

    Raises:
        ModelNotFoundError: none ships.
    """
    return _reaching(crisp_models(), scale, "crisp results")


def crisp_models() -> list[ModelEntry]:
    """The bundled networks for crisp results; none in an installation without."""
    return [m for m in bundled_models() if m.faithful is not None and m.scale > 1]


def quicker(scale: float) -> list[str]:
    """Models that take less time than the usual ones, the better first."""
    return [default_model(scale, fast=True).name, "bicubic"]


def _reaching(models: list[ModelEntry], scale: float, purpose: str) -> str:
    """The model of the smallest scale that reaches the one asked for, or of the largest."""
    ordered = sorted(models, key=lambda m: m.scale)
    if not ordered:
        raise ModelNotFoundError(f"no model for {purpose} is included here; choose another kind")
    return next((m for m in ordered if m.scale >= scale), ordered[-1]).name


class Catalogue:
    """Loads models when they are first used, once, and shares them between jobs."""

    def __init__(self, *, precision: str = "auto", device: str = "auto") -> None:
        """Load nothing yet; the options are those of `Upscaler.from_pretrained`."""
        self._precision, self._device = precision, device
        self._loaded: OrderedDict[str, Upscaler] = OrderedDict()
        self._lock = threading.Lock()
        self.speeds = Speeds()

    @property
    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        return list(self._loaded)

    def engines(self, settings: Settings, job: Submission) -> Engines:
        """The models of a run, of which each is shared with other runs.

        Args:
            settings: of the run.
            job: notified with what is going on.
        """

        def load(name: str, asked: Settings) -> "Upscaler":
            return wrapped(self.get(name, job, asked.sharpness), asked)

        return Engines(settings, load)

    def reaching(self, model: str, scale: float, job: Submission) -> "Upscaler":
        """The model of a name, or with `AUTOMATIC` those that a clean picture is given."""
        return self.engines(Settings(model=model), job).get(scale)

    def warm_up(self) -> None:
        """Load the usual model and learn how quick this machine is; meant for a thread.

        Raises:
            SwinsrError: the model cannot be had.
        """
        job = Submission(math.inf)
        name = automatic(4)
        ready = self.get(name, job)
        square = Image(np.random.default_rng(0).integers(0, 256, _SQUARE, np.uint8))
        for _ in range(2):  # the first run pays for its own start
            start = time.perf_counter()
            ready.upscale(square)
            seconds = time.perf_counter() - start
        self.speeds.note(find_offer(name).entry, ready.scale, square.height * square.width, seconds)

    def get(self, name: str, job: Submission, sharpness: float | None = None) -> "Upscaler":
        """A model ready to run; downloaded and loaded first where that is needed.

        Args:
            name: of an offer.
            job: notified with what is going on.
            sharpness: of the crisp model; see `Upscaler.from_pretrained`.

        Raises:
            ModelNotFoundError: no model of that name.
            DownloadError: it could not be fetched whole and right.
            CheckpointError: its file is damaged.
        """
        with self._alone(job):
            key = name if sharpness is None else f"{name} {sharpness!r}"
            ready = self._loaded.get(key)
            if ready is not None:
                self._loaded.move_to_end(key)
                return ready
            offer = find_offer(name)
            if not offer.here:
                fetch(name, job)
            job.stage("Loading the model")
            from swinsr.inference import Upscaler  # brings torch: not before it is needed

            ready = Upscaler.from_pretrained(
                name, precision=self._precision, device=self._device, sharpness=sharpness
            )
            ready.engine.tell = tell
            self._loaded[key] = ready
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
            return ready

    @contextmanager
    def _alone(self, job: Submission) -> Iterator[None]:
        """One thread at a time; the others wait and can be stopped meanwhile."""
        while not self._lock.acquire(timeout=0.2):
            job.check()
        try:
            yield
        finally:
            self._lock.release()


def fetch(name: str, job: Submission) -> None:
    """Download a published model and compare its checksum; one that is here is left as it is.

    Raises:
        ModelNotFoundError: none is published under the name.
        DownloadError: offline, not there, wrong bytes, or no space.
    """
    entry = find_published(name)
    if entry is None:
        raise ModelNotFoundError(f"{name} is not to be downloaded; it ships with swinsr")
    job.stage(f"Downloading {entry.name}")

    def report(done: int, total: int | None) -> None:
        job.report(done / total if total else 0.0)
        megabytes = f"{done / 1e6:.0f}" + (f" of {total / 1e6:.0f}" if total else "")
        job.text = f"Downloading {entry.name}, {megabytes} MB"

    download(entry, report=report)
