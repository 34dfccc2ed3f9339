"""What enlarges the colours of a picture: a network, or interpolation as a baseline."""

import dataclasses
import logging
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.degradations.bicubic import imresize
from swinsr.errors import NotEnoughMemoryError
from swinsr.inference.memory import enough_memory
from swinsr.inference.passes import passes_for
from swinsr.inference.prepare import PreparedNetwork
from swinsr.inference.progress import Progress, Steps, part, silent
from swinsr.inference.tiles import SMALLEST_TILE, Tiling, choose, largest_tile
from swinsr.tiling import Shrinking, TilePlan, plan_tiles, tiled

log = logging.getLogger("swinsr")
WHOLE_IF_IT_FITS = Tiling()
FloatArray = NDArray[np.float32]
BASELINES = {"bicubic": "bicubic", "lanczos": "lanczos3", "nearest": "nearest"}


class Engine(Protocol):
    """Enlarges float pictures.

    Attributes:
        name: for messages.
        scale: its own factor of enlargement; None where any is as good.
        task: what it does, as in `swinsr.zoo.ModelEntry`.
        precision: what it computes in, for people.
        notes: what whoever asked for that should know.
    """

    name: str
    scale: int | None
    task: str
    precision: str
    notes: tuple[str, ...]

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged by `scale` to exactly `size`, not clipped."""
        ...


class NetworkEngine:
    """A prepared network, run as often as the scale needs and then reduced."""

    def __init__(
        self,
        network: PreparedNetwork,
        device: torch.device,
        *,
        name: str,
        task: str,
        tiling: Tiling = WHOLE_IF_IT_FITS,
    ) -> None:
        """Around a network.

        Args:
            network: what runs.
            device: where the network's weights are.
            name: for messages.
            task: what it does.
            tiling: how pictures are dealt with that may be too large.
        """
        self.network, self.device, self.name, self.task = network, device, name, task
        self.scale: int | None = network.config.upscale
        self._model_scale = network.config.upscale
        self.precision, self.notes = network.precision, network.notes
        self.tiling = tiling
        self.tell: Callable[[str], None] = log.warning

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
        """One pass, whole or in tiles."""
        height, width = planes.shape[:2]
        choice = choose(self.network, self.device, (height, width), self.tiling)
        if choice.tile is None:
            try:
                with enough_memory(f"run {width}x{height} pixels through the network at once"):
                    return self.run_tile(planes, progress)
            except NotEnoughMemoryError:
                if self.tiling.mode == "exact":
                    raise
            release(self.device)
            tile = largest_tile(self.network, choice.allowed, self.tiling.shared)
            tile = min(tile, max(max(height, width) // 2, SMALLEST_TILE))
            self.tell(f"memory did not suffice for the whole picture; going on in tiles of {tile}")
            choice = dataclasses.replace(choice, tile=tile, overlap=self.tiling.shared)
        assert choice.tile is not None
        plan = self.plan(height, width, choice.tile, choice.overlap)
        steps = Steps(1.0, progress)
        function = self.shrinking(choice.overlap)
        return tiled(function, planes, plan, scale=self._model_scale, tick=steps.advance)

    def plan(self, height: int, width: int, tile: int, overlap: int) -> TilePlan:
        """Tiles for one pass over a picture, on the network's windows."""
        window = self.network.config.window_size
        return plan_tiles(height, width, tile=tile, overlap=overlap, align=window)

    def shrinking(self, overlap: int) -> Shrinking:
        """`run_tile` that goes on in smaller tiles, and tells, where memory is short."""

        def function(tile: FloatArray) -> FloatArray:
            height, width = tile.shape[:2]
            with enough_memory(f"run {width}x{height} pixels through the network"):
                return self.run_tile(tile, silent)

        def smaller(side: int) -> None:
            release(self.device)
            self.tell(f"memory did not suffice; going on in tiles of {side}")

        window = self.network.config.window_size
        return Shrinking(
            function, scale=self._model_scale, overlap=overlap, align=window, smaller=smaller
        )

    def run_tile(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """One pass over (h, w, 1 or 3) in 0..1 in one piece, enlarged by the network's scale."""
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


def release(device: torch.device) -> None:
    """Give back what a failed attempt left in a GPU's cache, where it may be in pieces."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


class BaselineEngine:
    """Interpolation, for comparison; needs no weights and goes to any scale at once."""

    scale: int | None = None
    task, precision = "baseline", "float32"
    notes: tuple[str, ...] = ()

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
