"""A training step of the bundled network for x4, all in."""

import statistics

import numpy as np
import torch

from benchmarks.gpu.clock import milliseconds, peak_bytes
from benchmarks.gpu.rows import Ceilings
from benchmarks.networks import cost_of, network
from swinsr.runtime.graph import CudaGraph
from swinsr.training.data.on_device.stream import device_batches
from swinsr.training.data.sampler import Part, Sampler
from swinsr.training.data.tasks import Source, make_task
from swinsr.training.recipes.objective import OptimizerSettings
from swinsr.training.recipes.settings import DataSettings, Recipe
from swinsr.training.steps.stepper import Stepper

# Pictures that crops are cut from.
_PICTURES, _SIDE = 8, 512


def training_step(
    device: torch.device, ceilings: Ceilings, *, batch: int, patch: int, runs: int
) -> str:
    """Time cutting and recolouring, forward, loss, backward, clipping, Muon and average.

    Args:
        device: where.
        ceilings: what it does at most.
        batch: crops.
        patch: their side, in pixels of the input.
        runs: steps that are timed.

    Returns:
        One line of text.
    """
    built = network("default")
    recipe = Recipe(
        network=built.config,
        data=DataSettings(train=("unused",), batch=batch, patch=patch, recolour=0.5),
        optimizer=OptimizerSettings(name="muon"),
    )
    scale = built.config.upscale
    rng, side = np.random.default_rng(0), max(_SIDE, patch * scale)
    pictures = rng.integers(0, 256, (_PICTURES, side, side, 3), np.uint8)
    sources = [Source(p, np.ascontiguousarray(p[::scale, ::scale])) for p in pictures]
    sampler = Sampler(sources, make_task(recipe), batch, 0)
    stepper = Stepper(built, recipe, device, Part())
    graph = CudaGraph if stepper.way == "captured" else None
    crops = device_batches(sampler, recipe, Part(), range(1000, 10**6), device, graph)

    def step() -> None:
        stepper.step(next(crops))

    taken = statistics.median(milliseconds(step, device, runs=runs))
    peak = peak_bytes(step, device)
    # Backward is two products for each of the forward pass.
    operations = 3 * 2.0 * cost_of(built.config).macs(patch * scale, patch * scale) * batch
    share, _ = ceilings.shares(taken, operations, 0.0)
    held = f", {peak / 1e9:.2f} GB" if peak else ""
    return (
        f"training step ({stepper.way}), bundled x4, batch {batch} of {patch}x{patch}: "
        f"{taken:.2f} ms, {share:.1%} of the product's ceiling{held}"
    )
