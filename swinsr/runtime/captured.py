"""Pictures of shapes that come again, each shape captured as a graph of the GPU's work.

Tiles, frames and folders of photographs are of few shapes. The first picture of a shape runs as
usual, which also compiles and chooses its kernels; the second is captured; from then on the graph
is replayed. Large pictures keep the GPU at work as they are, and a graph of one would hold the
memory of all its maps.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor

from swinsr.runtime.graph import CudaGraph, Graph
from swinsr.runtime.progress import Progress, silent

# Graphs that are kept; the one that was used longest ago goes.
SHAPES = 4
# Pixels of a batch, above which nothing is captured.
LARGEST = 1 << 18
Compute = Callable[[Tensor, Progress], Tensor]


class CapturedShapes:
    """A function of one picture tensor, captured for each of the last shapes that came twice."""

    def __init__(self, compute: Compute, graph: Callable[[], Graph] = CudaGraph) -> None:
        """Capture nothing yet.

        Args:
            compute: (batch, C, H, W) and a `Progress` to a new tensor, without waiting for the
                host.
            graph: makes what records.
        """
        self._compute, self._make_graph = compute, graph
        self._seen: OrderedDict[torch.Size, _Captured | None] = OrderedDict()
        # A graph has one place for its input: two threads at once would overwrite each other's.
        self._lock = threading.Lock()

    def __call__(self, x: Tensor, progress: Progress = silent) -> Tensor:
        """The function's result; a replay notifies nobody until it is over."""
        if x.shape[0] * x.shape[-2] * x.shape[-1] > LARGEST:
            return self._compute(x, progress)
        with self._lock:
            again = x.shape in self._seen
            captured = self._seen.pop(x.shape, None)
            if again and captured is None:
                captured = _Captured(self._compute, x, self._make_graph())
            self._seen[x.shape] = captured
            while len(self._seen) > SHAPES:
                self._seen.popitem(last=False)
            if captured is not None:
                return captured(x)
        return self._compute(x, progress)


class _Captured:
    """One shape's graph, its input and its result."""

    def __init__(self, compute: Compute, x: Tensor, graph: Graph) -> None:
        self._input, self._graph = x.clone(), graph
        graph.warm_up(lambda: compute(self._input, silent))
        self._result = graph.record(lambda: compute(self._input, silent))

    def __call__(self, x: Tensor) -> Tensor:
        self._input.copy_(x, non_blocking=True)
        self._graph.replay()
        return self._result.clone()  # the next replay writes there
