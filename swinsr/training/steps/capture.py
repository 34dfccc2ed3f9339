"""A training step captured once as a graph of the GPU's work, and replayed."""

import os
from collections.abc import Callable

import torch
from torch import Tensor

from swinsr.errors import ConfigError, DeviceError
from swinsr.ops.gpu import triton_lacks
from swinsr.runtime.graph import CudaGraph, Graph
from swinsr.training.data.sampler import Tensors

STEP_VARIABLE = "SWINSR_STEP"
STEP_WAYS = ("auto", "plain", "compiled", "captured")
# Until every kernel is compiled and chosen, every state is there and memory has its size.
WARM_UP = 3


def step_way(device: torch.device, processes: int, *, recomputes: bool = False) -> str:
    """How a step runs: "plain", "compiled" (its blocks), or "captured", which is compiled too.

    Args:
        device: where.
        processes: how many train together; gradients that they exchange are not captured.
        recomputes: whether blocks are computed again in the backward pass, which puts back the
            random generator's state and so waits for the host.

    Raises:
        ConfigError: SWINSR_STEP names something unknown.
        DeviceError: SWINSR_STEP names what cannot run here.
    """
    asked = os.environ.get(STEP_VARIABLE, "auto")
    if asked not in STEP_WAYS:
        raise ConfigError(
            f"{STEP_VARIABLE}={asked}: unknown way of a step; choose from {', '.join(STEP_WAYS)}"
        )
    lacks = ""
    if device.type != "cuda":
        lacks = f"a graph is captured on a CUDA GPU and the network is on {device.type}"
    elif processes > 1:
        lacks = "several processes train together"
    elif recomputes:
        lacks = "network.use_checkpoint computes blocks again"
    if asked == "captured" and lacks:
        raise DeviceError(f"{STEP_VARIABLE}=captured cannot run: {lacks}")
    if asked != "auto":
        return asked
    if device.type != "cuda" or triton_lacks(device):
        return "plain"
    return "compiled" if lacks else "captured"


class CapturedStep:
    """A step that is warmed up and captured when it is first taken, then replayed."""

    def __init__(
        self,
        step: Callable[[Tensors], Tensor],
        state: Callable[[], list[Tensor]],
        device: torch.device,
        graph: Callable[[], Graph] = CudaGraph,
    ) -> None:
        """Capture nothing yet.

        Args:
            step: works on given tensors of the device and returns a scalar.
            state: all that a step changes; what is new after the first starts as zeros.
            device: where the step works.
            graph: makes what records.
        """
        self._step, self._state, self._device, self._make_graph = step, state, device, graph
        self._graph: Graph | None = None
        self._inputs: list[Tensor | None] = []

    def __call__(self, tensors: Tensors) -> Tensor:
        """Take a step; tensors of other shapes than the first ones' are not replayed."""
        if self._graph is None:
            self._inputs = [None if t is None else t.to(self._device, copy=True) for t in tensors]
            self._graph = self._make_graph()
            self._capture(self._graph)
        elif [_kind(t) for t in tensors] != [_kind(t) for t in self._inputs]:
            return self._step(on_device(tensors, self._device))
        for kept, given in zip(self._inputs, tensors, strict=True):
            if kept is not None and given is not None:
                kept.copy_(given, non_blocking=True)
        self._graph.replay()
        return self._loss.clone()  # the next replay writes there

    def _capture(self, graph: Graph) -> None:
        before = [(tensor, tensor.detach().clone()) for tensor in self._state()]
        known = {id(tensor) for tensor, _ in before}
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            for _ in range(WARM_UP):
                graph.warm_up(lambda: self._step(self._inputs))
            with torch.no_grad():
                for tensor, value in before:
                    tensor.copy_(value)
                for tensor in self._state():
                    if id(tensor) not in known:
                        tensor.zero_()
            self._loss = graph.record(lambda: self._step(self._inputs))


def on_device(tensors: Tensors, device: torch.device) -> Tensors:
    """A step's tensors where they are worked on."""
    return [None if t is None else t.to(device, non_blocking=True) for t in tensors]


def _kind(tensor: Tensor | None) -> object:
    return None if tensor is None else (tensor.shape, tensor.dtype)
