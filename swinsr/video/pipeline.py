"""Work in stages at the same time: what is read waits for its turn, and what is done to be written.

Reading and writing have a thread each; computing stays in the caller's, so that signals and
PyTorch's threads are as ever. Of what waits there are `AHEAD` at most, on either side.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
AHEAD = 3


def read_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The same items, taken from their iterator in a thread before they are asked for."""
    pool = ThreadPoolExecutor(1, "swinsr-decode")
    try:
        waiting: deque[Future[T | None]] = deque(
            pool.submit(next, items, None) for _ in range(AHEAD)
        )
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()


@contextmanager
def write_behind(write: Callable[[T], None]) -> Iterator[Callable[[T], None]]:
    """A function that has a thread write its argument, and waits where too much waits.

    What goes wrong in the thread is raised at a later call, or at the end of the block; all is
    written when that ends well.
    """
    pool = ThreadPoolExecutor(1, "swinsr-encode")
    waiting: deque[Future[None]] = deque()

    def put(item: T) -> None:
        waiting.append(pool.submit(write, item))
        while len(waiting) > AHEAD or (waiting and waiting[0].done()):
            waiting.popleft().result()

    try:
        yield put
        while waiting:
            waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
