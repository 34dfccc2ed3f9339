"""Many pictures: the next ones are read and the last ones written while one is computed.

Three stages with bounded queues between them. Reading and writing have a thread each; computing
stays in the caller's, so that signals and PyTorch's threads are as ever. What is in memory at a
time is bounded, whatever the number of pictures.
"""

import queue
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from swinsr.errors import SwinsrError

Item = TypeVar("Item")
Read = TypeVar("Read")
Computed = TypeVar("Computed")
Written = TypeVar("Written")
AHEAD = 2  # pictures that wait for the next stage
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Outcome(Generic[Item, Written]):
    """What became of one item: the result of its last stage, or the error that ended it."""

    item: Item
    result: Written | None
    error: SwinsrError | None


class _Stopped(Exception):
    """The run ends early; a stage that waits leaves."""


class _Failed:
    """Takes the place of an item's value after an error."""

    def __init__(self, error: SwinsrError) -> None:
        self.error = error


class _Channel:
    """A bounded queue whose both ends look up when the run ends."""

    def __init__(self, size: int, stop: threading.Event) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(size)
        self._stop = stop

    def put(self, value: Any) -> None:
        while True:
            if self._stop.is_set():
                raise _Stopped
            try:
                return self._queue.put(value, timeout=_POLL_SECONDS)
            except queue.Full:
                continue

    def get(self) -> Any:
        while True:
            # What is finished is still handed over: so the queue first, and then the event.
            try:
                return self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._stop.is_set():
                    raise _Stopped from None


_END = object()


class Pipeline(Generic[Item, Read, Computed, Written]):
    """Runs items through reading, computing and writing, the three at the same time.

    pipeline = Pipeline(read, compute, write)
    for outcome in pipeline.run(paths):
        print(outcome.item, outcome.error or outcome.result)
    """

    def __init__(
        self,
        read: Callable[[Item], Read],
        compute: Callable[[Sequence[Item], Sequence[Read]], Sequence[Computed]],
        write: Callable[[Item, Computed], Written],
        *,
        alike: Callable[[Read], Hashable] = id,
        batch: int = 1,
        ahead: int = AHEAD,
    ) -> None:
        """Build from the three stages; each may raise a `SwinsrError`, which ends that item alone.

        Args:
            read: called in a thread of its own, one item at a time, in order.
            compute: called in the caller's thread with the items and what was read of them; returns
                as many results. An error in a batch of several has them computed one by one.
            write: called in a thread of its own, one item at a time, in order.
            alike: items in a row whose values this maps to the same are computed together.
            batch: at most so many.
            ahead: items that may wait between two stages, beside a batch.
        """
        self._read, self._compute, self._write = read, compute, write
        self._alike, self._batch, self._ahead = alike, max(batch, 1), max(ahead, 1)

    def run(self, items: Iterable[Item]) -> Iterator[Outcome[Item, Written]]:
        """The items' outcomes, in order, each when it is written.

        Closing the iterator, or an exception where it is used, ends the run: what is being read,
        computed or written is finished and nothing further is begun. An exception that is no
        `SwinsrError` ends it too and is raised here.
        """
        stop = threading.Event()
        read_ones = _Channel(self._ahead + self._batch, stop)
        computed = _Channel(self._ahead + self._batch, stop)
        # Outcomes are small and wait for the caller, who may be computing.
        written = _Channel(0, stop)
        threads = [
            threading.Thread(target=_guarded, args=(work, channel, stop), name=name, daemon=True)
            for work, channel, name in (
                (lambda: self._reading(items, read_ones), read_ones, "swinsr-read"),
                (lambda: self._writing(computed, written), written, "swinsr-write"),
            )
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._computing(read_ones, computed, written)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _reading(self, items: Iterable[Item], out: _Channel) -> None:
        for item in items:
            out.put((item, _attempt(self._read, item)))
        out.put(_END)

    def _computing(
        self, read_ones: _Channel, computed: _Channel, written: _Channel
    ) -> Iterator[Outcome[Item, Written]]:
        begun = finished = 0
        for group in self._groups(read_ones):
            for pair in self._results(group):
                computed.put(pair)
            begun += len(group)
            # No more is under way than the queues hold, so nothing waits for the caller in vain.
            while finished < begun - self._ahead:
                yield self._outcome(written)
                finished += 1
        computed.put(_END)
        while finished < begun:
            yield self._outcome(written)
            finished += 1

    def _outcome(self, written: _Channel) -> Outcome[Item, Written]:
        got = written.get()
        if isinstance(got, BaseException):
            raise got
        outcome: Outcome[Item, Written] = got
        return outcome

    def _groups(self, read_ones: _Channel) -> Iterator[list[tuple[Item, Read | _Failed]]]:
        """Items in a row that are alike, at most a batch of them."""
        group: list[tuple[Item, Read | _Failed]] = []
        kind: Hashable = None
        while True:
            got = read_ones.get()
            if isinstance(got, BaseException):
                raise got
            if got is _END:
                break
            item, value = got
            fresh = object() if isinstance(value, _Failed) else self._alike(value)
            if group and (fresh != kind or len(group) == self._batch):
                yield group
                group = []
            group.append((item, value))
            kind = fresh
            if self._batch == 1:
                yield group
                group = []
        if group:
            yield group

    def _results(
        self, group: list[tuple[Item, Read | _Failed]]
    ) -> Iterator[tuple[Item, Computed | _Failed]]:
        items = [item for item, _ in group]
        values = [value for _, value in group if not isinstance(value, _Failed)]
        if len(values) < len(group):
            for item, value in group:
                assert isinstance(value, _Failed)
                yield item, value
            return
        done = _attempt(self._compute, items, values)
        if not isinstance(done, _Failed):
            yield from zip(items, done, strict=True)
        elif len(group) == 1:
            yield items[0], done
        else:
            for single in group:
                yield from self._results([single])

    def _writing(self, computed: _Channel, out: _Channel) -> None:
        while (got := computed.get()) is not _END:
            item, value = got
            if not isinstance(value, _Failed):
                value = _attempt(self._write, item, value)
            if isinstance(value, _Failed):
                out.put(Outcome(item, None, value.error))
            else:
                out.put(Outcome(item, value, None))


def _attempt(function: Callable[..., Written], *arguments: Any) -> Written | _Failed:
    try:
        return function(*arguments)
    except SwinsrError as error:
        return _Failed(error)


def _guarded(work: Callable[[], None], channel: _Channel, stop: threading.Event) -> None:
    """A thread's life: a defect in it is handed on, to be raised where the run was started."""
    try:
        work()
    except _Stopped:
        return
    except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
        try:
            channel.put(error)
        except _Stopped:
            return
