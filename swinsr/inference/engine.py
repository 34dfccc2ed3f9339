"""What enlarges the colours of a picture: a network, or interpolation as a baseline.

An engine says what it can do (`scale`, `tileable`, `memory`); whoever runs one asks that, and not
what it is. Engines are made of engines too (`swinsr.inference.ensemble`): they wrap `run`, and
passes, tiles and the memory budget come with it.
"""

import dataclasses
import hashlib
import json
import logging
import math
from abc import ABC
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.errors import NotEnoughMemoryError
from swinsr.image.convert import to_gray
from swinsr.image.resize.matlab import imresize
from swinsr.inference.baselines import BASELINES
from swinsr.inference.batches import Batches, Finish
from swinsr.inference.faithful import carry_rest, known_part
from swinsr.inference.passes import SPARE, passes_for
from swinsr.inference.tiles import SMALLEST_TILE, Tiling, choose, largest_tile
from swinsr.models import RestorationConfig
from swinsr.runtime.enough_memory import enough_memory
from swinsr.runtime.footprint import footprint
from swinsr.runtime.free_memory import budget
from swinsr.runtime.modules.windows import CHUNK_TOKENS_ON_GPU
from swinsr.runtime.network import Ready
from swinsr.runtime.progress import Progress, Steps, part, silent
from swinsr.runtime.transfer import transfer_for
from swinsr.tiling import (
    ArraySink,
    ArraySource,
    Shrinking,
    Stream,
    TilePlan,
    each,
    plan_tiles,
    run_tiles,
)

log = logging.getLogger("swinsr")
WHOLE_IF_IT_FITS = Tiling()
FloatArray = NDArray[np.float32]
# Pixels of tiles that run together on a GPU: as many as the modules take in one chunk of windows.
# What is quickest was not measured.
BATCH_PIXELS = CHUNK_TOKENS_ON_GPU


class Engine(ABC):
    """Enlarges or restores float pictures.

    Attributes:
        name: for messages.
        scale: its own factor of enlargement; None where any is as good.
        task: what it does, as in `swinsr.zoo.ModelEntry`.
        config: of its network; None without one.
        precision: what it computes in, for people.
        notes: what the user who asked for that should know.
        device: where it runs.
        tileable: whether a picture may be run in tiles that overlap. One that is not is
            interpolation alone, which needs no tiles: rows of its result are exact by themselves.
        kernel: the interpolation that brings a picture to its size, at the end or altogether.
        window: tiles lie on multiples of it.
        tiling: how pictures are dealt with that may be too large.
        spare: enlargement that is left to `kernel` after the last pass; 1 for none.
        tell: notified with what a user should know while it runs.
    """

    name: str
    scale: int | None
    task: str
    config: RestorationConfig | None = None
    precision: str = "float32"
    notes: tuple[str, ...] = ()
    device: torch.device = torch.device("cpu")
    tileable: bool = False
    kernel: str = "bicubic"
    window: int = 1
    tiling: Tiling = WHOLE_IF_IT_FITS
    spare: float = SPARE
    tell: Callable[[str], None] = log.warning

    def memory(self, height: int, width: int) -> int:
        """Bytes that one `run` over so many pixels takes; 0 without a network."""
        return 0

    def identity(self) -> str:
        """Text that differs where results may differ."""
        return self.name

    def run(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """One pass over (h, w, 1 or 3) in 0..1 in one piece, enlarged by `scale`, not clipped.

        Only where the engine is `tileable`.
        """
        raise NotImplementedError

    def stages(self, scale: float) -> tuple["Engine", ...]:
        """What runs one after the other to reach an enlargement; () for interpolation alone.

        Raises:
            ConfigError: it cannot.
        """
        if not self.tileable or self.scale is None:
            return ()
        return (self,) * passes_for(self.scale, scale, self.spare)

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged by `scale` to exactly `size`, not clipped."""
        stages = self.stages(scale)
        weights = work_of(stages)
        done = 0.0
        for stage, weight in zip(stages, weights, strict=True):
            share = weight / sum(weights)
            planes = stage.run_pass(planes, part(progress, done, done + share))
            done += share
        if not stages or planes.shape[:2] != size:
            planes = imresize(planes, size=size, kernel=self.kernel)
        if not stages:
            progress(1.0)
        return planes

    def run_pass(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """One pass over (H, W, 1 or 3), whole or in tiles."""
        height, width = planes.shape[:2]
        choice = choose(self, (height, width), self.tiling)
        if choice.tile is None:
            try:
                with enough_memory(f"run {width}x{height} pixels through the network at once"):
                    return self.run(planes, progress)
            except NotEnoughMemoryError:
                if self.tiling.mode == "exact":
                    raise
            release(self.device)
            tile = largest_tile(self, choice.allowed, self.tiling.shared)
            tile = min(tile, max(max(height, width) // 2, SMALLEST_TILE))
            self.tell(f"memory did not suffice for the whole picture; going on in tiles of {tile}")
            choice = dataclasses.replace(choice, tile=tile, overlap=self.tiling.shared)
        assert choice.tile is not None
        plan = self.plan(height, width, choice.tile, choice.overlap)
        steps = Steps(1.0, progress)
        function = self.shrinking(choice.overlap)
        scale = self.scale or 1
        sink = ArraySink(plan.height * scale)
        source = ArraySource(planes)
        run_tiles(self.stream(function), source, sink, plan, scale=scale, tick=steps.advance)
        return sink.array

    def plan(self, height: int, width: int, tile: int, overlap: int) -> TilePlan:
        """Tiles for one pass over a picture, on the network's windows."""
        return plan_tiles(height, width, tile=tile, overlap=overlap, align=self.window)

    def stream(self, function: Shrinking) -> Stream:
        """`function` over many tiles; several at once where that is quicker."""
        return each(function)

    def shrinking(self, overlap: int) -> Shrinking:
        """`run` that goes on in smaller tiles, and tells, where memory is short."""

        def function(tile: FloatArray) -> FloatArray:
            height, width = tile.shape[:2]
            with enough_memory(f"run {width}x{height} pixels through the network"):
                return self.run(tile, silent)

        def smaller(side: int) -> None:
            release(self.device)
            self.tell(f"memory did not suffice; going on in tiles of {side}")

        return Shrinking(
            function, scale=self.scale or 1, overlap=overlap, align=self.window, smaller=smaller
        )


class NetworkEngine(Engine):
    """A network made ready, run as often as the scale needs and then reduced."""

    tileable = True

    def __init__(
        self,
        network: Ready,
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
        self.config, self.tiling = network.config, tiling
        self.scale: int | None = network.config.upscale
        self.window = network.config.window_size
        self.precision, self.notes = network.precision, network.notes
        self._transfer = transfer_for(device)

    def memory(self, height: int, width: int) -> int:
        """Bytes that one `run` over so many pixels takes."""
        return footprint(self.network, height, width)

    def identity(self) -> str:
        """Its weights, and what decides how they are computed."""
        network = self.network
        total = hashlib.sha256(json.dumps(network.config.to_dict(), sort_keys=True).encode())
        for name, tensor in sorted(network.network.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return f"{total.hexdigest()} {self.device.type} {network.dtype} {network.native}" + (
            " tf32" if network.tf32 else ""
        )

    def run(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """One pass over (h, w, 1 or 3) in one piece, enlarged by the network's scale."""
        return self.start([planes], progress)()[0]

    def start(self, tiles: Sequence[FloatArray], progress: Progress = silent) -> Finish:
        """Begin a pass over tiles of one shape, (h, w, 1 or 3) each, together.

        Args:
            tiles: in 0..1, one at least.
            progress: notified with the share of the work that was begun.

        Returns:
            What waits for the results, each as `run` gives it.
        """
        channels, wanted = tiles[0].shape[2], self.network.config.in_chans
        pictures = [np.ascontiguousarray(known_part(t).transpose(2, 0, 1)) for t in tiles]
        x = torch.from_numpy(pictures[0][None] if len(tiles) == 1 else np.stack(pictures))
        if channels == 1 and wanted == 3:
            x = x.expand(-1, 3, -1, -1)
        elif channels == 3 and wanted == 1:
            x = x.flatten(0, 1)[:, None]  # three gray pictures
        out = self.network(self._transfer.upload(x), progress)
        under_way = [self._transfer.download(out)]  # let go when it is here: memory is short

        def finish() -> list[FloatArray]:
            results = under_way.pop()()
            if channels == 3 and wanted == 1:
                results = results.reshape(-1, 3, *results.shape[2:])
            made = [np.ascontiguousarray(r.numpy().transpose(1, 2, 0)) for r in results]
            del results
            return [self._finished(one, tile) for one, tile in zip(made, tiles, strict=True)]

        return finish

    def _finished(self, out: FloatArray, planes: FloatArray) -> FloatArray:
        """What the network gave, (H, W, C), with what it was not asked about."""
        if planes.shape[2] == 1 and out.shape[2] == 3:
            out = to_gray(out)  # as of the same picture stored as RGB
        carry_rest(out, planes, self.network.config.upscale)
        return out

    def batches(self) -> bool:
        """Whether tiles run together: on a GPU, which one of them may not keep at work."""
        return self.device.type == "cuda"

    def at_once(self, height: int, width: int) -> int:
        """Tiles of a size that run together: as many as keep a GPU at work and fit its memory."""
        if not self.batches():
            return 1
        allowed = budget(self.device, self.tiling.memory)
        return max(
            min(BATCH_PIXELS // (height * width), allowed // max(self.memory(height, width), 1)), 1
        )

    def stream(self, function: Shrinking) -> Stream:
        """`function` over many tiles; on a GPU several at once, read and written meanwhile."""
        if not self.batches():
            return super().stream(function)

        def start(tiles: Sequence[FloatArray]) -> Finish:
            height, width = tiles[0].shape[:2]
            work = f"run {len(tiles)} times {width}x{height} pixels through the network"
            with enough_memory(work):
                finish = self.start(tiles)

            def finished() -> list[FloatArray]:
                with enough_memory(work):
                    return finish()

            return finished

        def fewer(count: int) -> None:
            release(self.device)
            self.tell(f"memory did not suffice; going on with tiles {count} at a time")

        return Batches(start, function, self.at_once, fewer)


class BaselineEngine(Engine):
    """Interpolation, for comparison; needs no weights and goes to any scale at once."""

    scale: int | None = None
    task = "baseline"

    def __init__(self, name: str) -> None:
        """`name` is one of `BASELINES`."""
        self.name, self.kernel = name, BASELINES[name]


def work_of(stages: Sequence[Engine]) -> list[float]:
    """The pixels that each stage works on, over those of the first."""
    factors = [stage.scale or 1 for stage in stages]
    return [float(math.prod(factors[:i]) ** 2) for i in range(len(stages))]


def release(device: torch.device) -> None:
    """Give back what a failed attempt left in a GPU's cache, where it may be in pieces."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
