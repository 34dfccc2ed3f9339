"""Memory kept from call to call."""

import threading

import pytest
import torch

from swinsr.ops.native import scratch as room


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_FREE", room._Free())


def test_what_is_given_back_is_taken_again() -> None:
    first = room.take(100)
    assert room.take(100).data_ptr() != first.data_ptr()  # never two at a time
    room.give_back(first)
    assert room.take(80).data_ptr() == first.data_ptr()


def test_smallest_that_is_enough() -> None:
    small, large = room.take(10), room.take(1000)
    room.give_back(large, small)
    assert room.take(5).numel() == 10
    assert room.take(50).numel() == 1000


def test_keeps_no_more_than_the_largest_few() -> None:
    room.give_back(*(torch.empty(n) for n in range(1, 20)))
    assert sorted(t.numel() for t in room._FREE.rooms) == [16, 17, 18, 19]


def test_threads_do_not_share() -> None:
    mine = room.take(100)
    room.give_back(mine)
    found = []
    other = threading.Thread(target=lambda: found.append(room.take(100).data_ptr()))
    other.start()
    other.join()
    assert found != [mine.data_ptr()]


def test_room_from_inference_serves_training() -> None:
    with torch.inference_mode():
        taken = room.take(100)
    assert not taken.is_inference()
