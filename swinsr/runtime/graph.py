"""A GPU's work recorded once as a graph and replayed: starting it costs the host one call.

Starting hundreds of short kernels one by one takes longer than they run. What a graph holds are
addresses: its tensors must stay where they are, and nothing in it may wait for the host.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class Graph(Protocol):
    """Records the work of a function without doing it, and does it as often as is wanted."""

    def warm_up(self, work: Callable[[], object]) -> None:
        """Do the work once, where it will be recorded."""

    def record(self, work: Callable[[], Tensor]) -> Tensor:
        """Record it; the tensor is where each replay leaves its result."""

    def replay(self) -> None:
        """Do what was recorded."""


class CudaGraph:
    """`torch.cuda.CUDAGraph` on a stream of its own."""

    def __init__(self) -> None:
        """Nothing is recorded yet."""
        self._graph = torch.cuda.CUDAGraph()
        # One stream for warm-up and capture: autograd's accumulation of gradients stays with the
        # stream on which a parameter was first used, and the default one cannot be captured.
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm_up(self, work: Callable[[], object]) -> None:
        """See `Graph`."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            work()
        torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, work: Callable[[], Tensor]) -> Tensor:
        """See `Graph`."""
        torch.cuda.synchronize()
        # Other threads may copy pictures meanwhile.
        with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"):
            return work()

    def replay(self) -> None:
        """See `Graph`."""
        self._graph.replay()
