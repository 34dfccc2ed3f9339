"""Tensors on their way between the host and the device, beside the computing.

From memory that the system may move, a GPU copies while the host waits. From pinned memory it does
so by itself, and results leave on a stream of their own while the next ones are computed. PyTorch
keeps pinned memory that was used and hands it out again when the copies are done.
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

Arrived = Callable[[], Tensor]


class Transfer(Protocol):
    """Brings tensors to a device and results back."""

    def upload(self, pictures: Tensor) -> Tensor:
        """A tensor of the host on the device; the host may go on before it is there."""
        ...

    def download(self, result: Tensor) -> Arrived:
        """Begin to bring a result back; the call that is returned waits for it."""
        ...


class Direct:
    """Copies that are done when the call returns; none where the device is the host."""

    def __init__(self, device: torch.device) -> None:
        """To and from `device`."""
        self._device = device

    def upload(self, pictures: Tensor) -> Tensor:
        """See `Transfer`."""
        return pictures.to(self._device)

    def download(self, result: Tensor) -> Arrived:
        """See `Transfer`."""
        arrived = result.cpu()
        return lambda: arrived


def _pinned(like: Tensor) -> Tensor:
    return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)


class Pinned:
    """Copies by way of pinned memory; results leave on a stream of their own."""

    def __init__(
        self,
        device: torch.device,
        cuda: Any = torch.cuda,
        pinned: Callable[[Tensor], Tensor] = _pinned,
    ) -> None:
        """To and from a CUDA device; `cuda` has its streams and `pinned` makes buffers."""
        self._device, self._cuda, self._pinned = device, cuda, pinned
        self._out = cuda.Stream(device)

    def upload(self, pictures: Tensor) -> Tensor:
        """See `Transfer`."""
        buffer = self._pinned(pictures)
        buffer.copy_(pictures)
        return buffer.to(self._device, non_blocking=True)

    def download(self, result: Tensor) -> Arrived:
        """See `Transfer`."""
        buffer = self._pinned(result)
        self._out.wait_stream(self._cuda.current_stream(self._device))
        with self._cuda.stream(self._out):
            buffer.copy_(result, non_blocking=True)
        # Its memory is not given to the next result before the copy is done.
        result.record_stream(self._out)
        done = self._out.record_event()

        def arrived() -> Tensor:
            done.synchronize()
            return buffer

        return arrived


def transfer_for(device: torch.device) -> Transfer:
    """How tensors get to a device and back."""
    return Pinned(device) if device.type == "cuda" else Direct(device)
