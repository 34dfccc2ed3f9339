"""A training step of the bundled network for x4, all in."""

import statistics

import torch

from benchmarks.gpu.clock import milliseconds, peak_bytes
from benchmarks.networks import network
from swinsr.training.data.sampler import Batch, Part
from swinsr.training.recipes.objective import OptimizerSettings
from swinsr.training.recipes.settings import DataSettings, Recipe
from swinsr.training.steps.stepper import Stepper


def training_step(device: torch.device, *, batch: int, patch: int, runs: int) -> str:
    """Time forward, loss, backward, clipping, Muon and average; one line of text."""
    built = network("default")
    recipe = Recipe(
        network=built.config,
        data=DataSettings(train=("unused",)),
        optimizer=OptimizerSettings(name="muon"),
    )
    stepper = Stepper(built, recipe, device, Part())
    scale = built.config.upscale
    source = torch.randint(256, (batch, 3, patch, patch), dtype=torch.uint8)
    target = torch.randint(256, (batch, 3, patch * scale, patch * scale), dtype=torch.uint8)
    pixels = Batch(step=1000, input=source.to(device), target=target.to(device))
    taken = milliseconds(lambda: stepper.step(pixels), device, runs=runs)
    peak = peak_bytes(lambda: stepper.step(pixels), device)
    held = f", {peak / 1e9:.2f} GB" if peak else ""
    return (
        f"training step, bundled x4, batch {batch} of {patch}x{patch}: "
        f"{statistics.median(taken):.2f} ms{held}"
    )
