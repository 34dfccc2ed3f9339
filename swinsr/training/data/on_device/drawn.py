"""A draw of a batch, captured as a graph where the device has them, and replayed for each step."""

from collections.abc import Callable

import torch
from torch import Tensor

from swinsr.runtime.graph import Graph
from swinsr.training.data.sampler import Tensors

Draw = Callable[[Tensor], Tensors]


class Drawn:
    """A function of a step's number alone, which is kept in a tensor of the device."""

    def __init__(self, draw: Draw, device: torch.device, graph: Callable[[], Graph] | None) -> None:
        """Draw nothing yet.

        Args:
            draw: takes the step's number, an int64 scalar, and waits for nothing.
            device: where it works.
            graph: makes what records; None for operator by operator.
        """
        self._draw, self._make_graph = draw, graph
        self._number = torch.zeros((), dtype=torch.int64, device=device)
        self._graph: Graph | None = None
        self._kept: list[Tensor | None] = []

    def __call__(self, step: int) -> Tensors:
        """A step's tensors, new ones."""
        self._number.fill_(step)
        if self._make_graph is None:
            return self._draw(self._number)
        if self._graph is None:
            self._graph = self._make_graph()
            self._graph.warm_up(self._prepare)
            self._graph.record(self._work)
        self._graph.replay()
        return [None if t is None else t.clone() for t in self._kept]

    def _prepare(self) -> None:
        self._kept = list(self._draw(self._number))

    def _work(self) -> Tensor:
        for kept, drawn in zip(self._kept, self._draw(self._number), strict=True):
            if kept is not None and drawn is not None:
                kept.copy_(drawn)
        return self._number
