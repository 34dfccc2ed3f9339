"""Rows to a pool of actors, and their answers, whatever became of an actor."""

import dataclasses
import json
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from swinsr.cluster.settings import ClusterSettings
from swinsr.errors import DeviceError, SwinsrError
from swinsr.files.record import sentence

# Rows that one task takes, so that a million of them are no million tasks.
MOST_TASKS = 10_000


@dataclasses.dataclass(frozen=True)
class Share:
    """What one worker gets of the cluster.

    Attributes:
        smallest, largest: numbers of workers.
        processors, gpus: of each.
    """

    smallest: int
    largest: int
    processors: int
    gpus: float


def share_for(ray: Any, settings: ClusterSettings, rows: int) -> Share:
    """Workers for so many rows: one a GPU, or one every few processors; no more than rows.

    Raises:
        DeviceError: the cluster has not what one worker needs.
    """
    there = ray.cluster_resources()
    processors, cards = int(there.get("CPU", 0)), float(there.get("GPU", 0))
    gpus = settings.gpus_per_worker
    if gpus is None:
        gpus = 1.0 if cards else 0.0
    if gpus > cards or settings.threads > processors:
        raise DeviceError(
            f"the cluster has {processors} processors and {cards:g} GPUs, and a worker needs "
            f"{settings.threads} and {gpus:g}; ask for less, or add machines"
        )
    fits = processors // settings.threads
    if gpus:
        fits = min(fits, int(cards / gpus))
    smallest, largest = settings.workers or (fits, fits)
    return Share(min(smallest, rows), min(largest, rows), settings.threads, gpus)


def pin_threads() -> None:
    """On a worker: compute with as many threads as it has processors."""
    import cv2
    import ray
    import torch

    context = ray.get_runtime_context()
    assigned: dict[str, float] = context.get_assigned_resources()  # type: ignore[no-untyped-call]
    threads = max(int(assigned.get("CPU", 1)), 1)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


class Worker:
    """An actor: made once, then called row by row. What it cannot begin with ends the whole run.

    Ray makes it on each machine; `begin` returns what does the work on a row, and text for it.
    """

    def __init__(self, begin: Callable[[], Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
        """Load what is needed; what is wrong with that is told when the first row comes."""
        self._fatal: str | None = None
        try:
            self._answer = begin()
        except SwinsrError as error:
            self._fatal = f"worker on {socket.gethostname()}: {sentence(error)}"

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Rows of JSON in, answers of JSON out."""
        answers = []
        for text in batch["row"]:
            if self._fatal is not None:
                answers.append(json.dumps({"fatal": self._fatal}))
                continue
            answers.append(json.dumps(self._answer(json.loads(str(text)))))
        return {"answer": np.array(answers, dtype=object)}


@contextmanager
def answers(
    ray: Any,
    rows: Sequence[dict[str, Any]],
    begin: Callable[[], Callable[[dict[str, Any]], dict[str, Any]]],
    share: Share,
) -> Iterator[Generator[dict[str, Any], None, None]]:
    """The answers to all rows, in the order in which they come.

    A worker that is lost is made again, and what it had begun is given out again; what it had
    answered is not.

    Args:
        ray: connected.
        rows: as JSON can carry them.
        begin: makes a worker ready; it is sent to each.
        share: of the cluster.

    Yields:
        A generator. It raises `DeviceError` where a worker cannot begin.
    """
    from ray.data import ActorPoolStrategy, DataContext
    from ray.exceptions import RayError, RayTaskError

    context = DataContext.get_current()
    shown = context.enable_progress_bars
    context.enable_progress_bars = False
    tasks = min(len(rows), MOST_TASKS)
    dataset = ray.data.from_items(
        [{"row": json.dumps(row)} for row in rows], override_num_blocks=tasks
    ).map_batches(
        Worker,
        fn_constructor_args=(begin,),
        batch_size=1,
        compute=ActorPoolStrategy(min_size=share.smallest, max_size=share.largest),
        num_cpus=share.processors,
        num_gpus=share.gpus or None,
    )

    def each() -> Generator[dict[str, Any], None, None]:
        try:
            for row in dataset.iter_rows():
                answer: dict[str, Any] = json.loads(str(row["answer"]))
                if "fatal" in answer:
                    raise DeviceError(answer["fatal"])
                yield answer
        except RayTaskError:  # a defect of the program
            raise
        except RayError as error:
            reason = str(error).strip().split("\n")[0].removesuffix(".")
            raise DeviceError(
                f"the cluster was lost ({reason}); run the same command again when it is back"
            ) from error

    generator = each()
    try:
        yield generator
    finally:
        generator.close()
        context.enable_progress_bars = shown
