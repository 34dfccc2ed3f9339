"""Batches prepared ahead of the step that needs them, in a thread or in worker processes."""

import gc
import multiprocessing
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from torch.utils.data import DataLoader, Dataset

from swinsr.training.data.sampler import Part


class Pinnable(Protocol):
    """What is made of tensors, which may lie in memory that a GPU copies from by itself."""

    def pin_memory(self: "Item") -> "Item":
        """The same there."""
        ...


Item = TypeVar("Item", bound=Pinnable)
Made = TypeVar("Made", bound=Pinnable, covariant=True)


class Loader(Protocol[Made]):
    """Makes what a step needs from the step's number alone."""

    def load(self, step: int, part: Part) -> Made:
        """This process's share of it."""
        ...


def batches(
    loader: Loader[Item],
    part: Part,
    steps: range,
    *,
    workers: int,
    prefetch: int,
    pinned: bool = False,
) -> Iterator[Item]:
    """What this process needs for the given steps, in order.

    Args:
        loader: makes it; a `Sampler` makes batches.
        part: this process's share.
        steps: the steps' numbers.
        workers: processes that prepare them; 0 takes a thread of this process.
        prefetch: batches to keep ready (of each worker, where there are workers).
        pinned: put them where a GPU copies from while the host goes on.
    """
    if workers:
        return _from_workers(loader, part, steps, workers, prefetch, pinned)
    return _from_thread(loader, part, steps, prefetch, pinned)


def _from_thread(
    loader: Loader[Item], part: Part, steps: range, prefetch: int, pinned: bool
) -> Iterator[Item]:
    ready: queue.Queue[Item | Exception] = queue.Queue(prefetch)
    stopped = threading.Event()

    def put(item: Item | Exception) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        try:
            for step in steps:
                made = loader.load(step, part)
                if not put(made.pin_memory() if pinned else made):
                    return
        except Exception as error:  # noqa: BLE001 - handed to the consumer, who raises it
            put(error)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        for _ in steps:
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


class _Steps(Dataset[Item]):
    """Steps as a data set whose items are whole batches."""

    def __init__(self, loader: Loader[Item], part: Part) -> None:
        self.loader, self.part = loader, part

    def __getitem__(self, step: int) -> Item:
        return self.loader.load(step, self.part)


def _from_workers(
    loader: Loader[Item], part: Part, steps: range, workers: int, prefetch: int, pinned: bool
) -> Iterator[Item]:
    # Forked workers share the pictures' memory; spawned ones (Windows, macOS) get copies.
    methods = multiprocessing.get_all_start_methods()
    made: DataLoader[Item] = DataLoader(
        _Steps(loader, part),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=prefetch,
        pin_memory=pinned,
        multiprocessing_context="fork" if "fork" in methods else "spawn",
    )
    with _nothing_to_collect():
        return iter(made)


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Around a fork: the child's garbage collector leaves alone what it got from this process.

    What it would end there may wait for threads that a fork does not copy, as a video's frames do
    for their scaler's, and so for ever.
    """
    gc.collect()
    before = gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if not before:
            gc.unfreeze()
