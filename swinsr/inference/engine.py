"""What enlarges the colours of a picture: a network, or interpolation as a baseline."""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.degradations.bicubic import imresize
from swinsr.inference.passes import passes_for
from swinsr.inference.prepare import PreparedNetwork
from swinsr.inference.progress import Progress, part

FloatArray = NDArray[np.float32]
BASELINES = {"bicubic": "bicubic", "lanczos": "lanczos3", "nearest": "nearest"}


class Engine(Protocol):
    """Enlarges float pictures.

    Attributes:
        name: for messages.
        scale: its own factor of enlargement; None where any is as good.
        task: what it does, as in `swinsr.zoo.ModelEntry`.
    """

    name: str
    scale: int | None
    task: str

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged by `scale` to exactly `size`, not clipped."""
        ...


class NetworkEngine:
    """A prepared network, run as often as the scale needs and then reduced."""

    def __init__(
        self, network: PreparedNetwork, device: torch.device, *, name: str, task: str
    ) -> None:
        """`device` is where the network's weights are."""
        self.network, self.device, self.name, self.task = network, device, name, task
        self.scale: int | None = network.config.upscale
        self._model_scale = network.config.upscale

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged by `scale` to exactly `size`, not clipped."""
        passes = passes_for(self._model_scale, scale)
        # A pass works on the square of the scale times as many pixels as the one before.
        weights = [float(self._model_scale ** (2 * i)) for i in range(passes)]
        done = 0.0
        for weight in weights:
            share = weight / sum(weights)
            planes = self._pass(planes, part(progress, done, done + share))
            done += share
        if planes.shape[:2] != size:
            planes = imresize(planes, size=size)
        return planes

    def _pass(self, planes: FloatArray, progress: Progress) -> FloatArray:
        channels = planes.shape[2]
        wanted = self.network.config.in_chans
        x = torch.from_numpy(np.ascontiguousarray(planes.transpose(2, 0, 1)))[None]
        if channels == 1 and wanted == 3:
            x = x.expand(1, 3, -1, -1)
        elif channels == 3 and wanted == 1:
            x = x.transpose(0, 1)  # three gray pictures
        out = self.network(x.to(self.device), progress).cpu()
        if channels == 1 and wanted == 3:
            out = out.mean(dim=1, keepdim=True)
        elif channels == 3 and wanted == 1:
            out = out.transpose(0, 1)
        result: NDArray[Any] = out[0].numpy()
        return np.ascontiguousarray(result.transpose(1, 2, 0))


class BaselineEngine:
    """Interpolation, for comparison; needs no weights and goes to any scale at once."""

    scale: int | None = None
    task = "baseline"

    def __init__(self, name: str) -> None:
        """`name` is one of `BASELINES`."""
        self.name = name

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged to exactly `size`, not clipped."""
        out = imresize(planes, size=size, kernel=BASELINES[self.name])
        progress(1.0)
        return out
