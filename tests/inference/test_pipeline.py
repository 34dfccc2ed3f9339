"""Many pictures: stages overlap, memory is bounded, one failure stays one."""

import threading
import time
from collections.abc import Sequence

import pytest

from swinsr.errors import ImageReadError, ImageWriteError, NotEnoughMemoryError
from swinsr.inference.pipeline import Pipeline


def plain(items: Sequence[int], values: Sequence[int]) -> list[int]:
    return [10 * value for value in values]


def test_outcomes_come_in_order_with_results() -> None:
    pipeline = Pipeline(lambda i: i + 1, plain, lambda i, v: (i, v))
    outcomes = list(pipeline.run(range(50)))
    assert [o.item for o in outcomes] == list(range(50))
    assert [o.result for o in outcomes] == [(i, 10 * (i + 1)) for i in range(50)]
    assert not any(o.error for o in outcomes)


def test_no_items_give_no_outcomes() -> None:
    assert list(Pipeline(lambda i: i, plain, lambda i, v: v).run([])) == []


def test_reading_computing_and_writing_overlap() -> None:
    """Each stage waits until the other two are at work on other pictures."""
    meeting = threading.Barrier(3)

    def meet(item: int, lowest: int) -> None:
        # Pictures in the middle of the run have neighbours before and after them.
        if lowest <= item < lowest + 4:
            meeting.wait(timeout=20)

    def read(item: int) -> int:
        meet(item, 4)
        return item

    def compute(items: Sequence[int], values: Sequence[int]) -> list[int]:
        meet(items[0], 2)
        return list(values)

    def write(item: int, value: int) -> int:
        meet(item, 0)
        return value

    outcomes = list(Pipeline(read, compute, write, ahead=4).run(range(10)))
    assert [o.result for o in outcomes] == list(range(10))


def test_errors_end_their_own_item_alone() -> None:
    def read(item: int) -> int:
        if item == 1:
            raise ImageReadError("1.png: broken")
        return item

    def compute(items: Sequence[int], values: Sequence[int]) -> list[int]:
        if 2 in values:
            raise NotEnoughMemoryError("2.png: too large")
        return list(values)

    def write(item: int, value: int) -> int:
        if item == 3:
            raise ImageWriteError("3.png: disk full")
        return value

    for batch in (1, 3):
        pipeline = Pipeline(read, compute, write, alike=lambda v: 0, batch=batch)
        outcomes = list(pipeline.run(range(5)))
        told = {o.item: str(o.error) for o in outcomes if o.error}
        assert told == {1: "1.png: broken", 2: "2.png: too large", 3: "3.png: disk full"}
        assert [o.result for o in outcomes if not o.error] == [0, 4]


def test_alike_items_in_a_row_are_computed_together() -> None:
    groups: list[list[int]] = []

    def compute(items: Sequence[int], values: Sequence[int]) -> list[int]:
        groups.append(list(items))
        return list(values)

    sizes = [1, 1, 1, 1, 1, 2, 2, 1, 3]
    pipeline = Pipeline(lambda i: sizes[i], compute, lambda i, v: v, alike=lambda v: v, batch=3)
    assert [o.result for o in pipeline.run(range(9))] == sizes
    assert groups == [[0, 1, 2], [3, 4], [5, 6], [7], [8]]


@pytest.mark.parametrize("batch", [1, 4])
def test_few_pictures_are_in_memory_at_a_time(batch: int) -> None:
    alive, most, lock = 0, 0, threading.Lock()

    def change(by: int) -> None:
        nonlocal alive, most
        with lock:
            alive += by
            most = max(most, alive)

    def read(item: int) -> int:
        change(1)
        return item

    def write(item: int, value: int) -> None:
        time.sleep(0.001)
        change(-1)

    pipeline = Pipeline(read, lambda i, v: list(v), write, alike=lambda v: 0, batch=batch, ahead=2)
    assert len(list(pipeline.run(range(100)))) == 100
    # Two queues of `ahead` and a batch each, the batch at work, one being read, one being written.
    assert most <= 2 * (2 + batch) + batch + 3


@pytest.mark.parametrize("stage", ["read", "compute", "write", "items"])
def test_defects_are_raised_where_the_run_was_started(stage: str) -> None:
    def fail_at(name: str) -> None:
        if name == stage:
            raise ZeroDivisionError(name)

    def items() -> list[int]:
        for number in range(30):
            if number == 10:
                fail_at("items")
            yield number  # type: ignore[misc]
        return []

    def read(item: int) -> int:
        fail_at("read")
        return item

    def compute(group: Sequence[int], values: Sequence[int]) -> list[int]:
        fail_at("compute")
        return list(values)

    def write(item: int, value: int) -> None:
        fail_at("write")

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match=stage):
        list(Pipeline(read, compute, write).run(items()))
    assert threading.active_count() == before


def test_leaving_early_ends_the_threads_and_begins_nothing_further() -> None:
    read: list[int] = []
    written: list[int] = []
    pipeline = Pipeline(
        lambda i: read.append(i) or i, lambda i, v: list(v), lambda i, v: written.append(i)
    )
    before = threading.active_count()
    run = pipeline.run(range(1000))
    assert next(run).item == 0
    run.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    count = len(read), len(written)
    assert len(read) < 20
    time.sleep(0.05)
    assert (len(read), len(written)) == count
