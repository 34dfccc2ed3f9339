"""What a step asks of the device, written down; and a graph on a processor."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Recording(TorchDispatchMode):
    """Every operation with its numbers and shapes; what needs the host is refused."""

    # Reading a value back, and a tensor made of numbers on the host and then moved.
    REFUSED = ("_local_scalar_dense", "lift_fresh", "is_nonzero", "equal")

    def __init__(self) -> None:
        super().__init__()
        self.work: list[object] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        assert not any(word in str(function) for word in self.REFUSED), f"{function} in a step"
        if "profiler" not in str(function):
            self.work.append((str(function), _told(args), _told(kwargs or {})))
        return function(*args, **(kwargs or {}))


def _told(value: Any) -> object:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: _told(item) for key, item in value.items()}
    return [_told(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)


class Replayed:
    """A graph that records by remembering and replays by doing, on any device."""

    def warm_up(self, work: Callable[[], object]) -> None:
        work()

    def record(self, work: Callable[[], Tensor]) -> Tensor:
        self.work, self.result = work, torch.zeros(())
        return self.result

    def replay(self) -> None:
        self.result.copy_(self.work())
