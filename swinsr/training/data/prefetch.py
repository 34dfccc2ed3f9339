"""Batches prepared ahead of the step that needs them, in a thread or in worker processes."""

import multiprocessing
import queue
import threading
from collections.abc import Iterator

from torch.utils.data import DataLoader, Dataset

from swinsr.training.data.sampler import Batch, Part, Sampler


def batches(
    sampler: Sampler, part: Part, steps: range, *, workers: int, prefetch: int
) -> Iterator[Batch]:
    """This process's batches of the given steps, in order.

    Args:
        sampler: where they come from.
        part: this process's share.
        steps: the steps' numbers.
        workers: processes that prepare them; 0 takes a thread of this process.
        prefetch: batches to keep ready (of each worker, where there are workers).
    """
    if workers:
        return _from_workers(sampler, part, steps, workers, prefetch)
    return _from_thread(sampler, part, steps, prefetch)


def _from_thread(sampler: Sampler, part: Part, steps: range, prefetch: int) -> Iterator[Batch]:
    ready: queue.Queue[Batch | Exception] = queue.Queue(prefetch)
    stopped = threading.Event()

    def put(item: Batch | Exception) -> bool:
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
                if not put(sampler.load(step, part)):
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


class _Steps(Dataset[Batch]):
    """Steps as a data set whose items are whole batches."""

    def __init__(self, sampler: Sampler, part: Part) -> None:
        self.sampler, self.part = sampler, part

    def __getitem__(self, step: int) -> Batch:
        return self.sampler.load(step, self.part)


def _from_workers(
    sampler: Sampler, part: Part, steps: range, workers: int, prefetch: int
) -> Iterator[Batch]:
    # Forked workers share the pictures' memory; spawned ones (Windows, macOS) get copies.
    methods = multiprocessing.get_all_start_methods()
    loader: DataLoader[Batch] = DataLoader(
        _Steps(sampler, part),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=prefetch,
        multiprocessing_context="fork" if "fork" in methods else "spawn",
    )
    return iter(loader)
