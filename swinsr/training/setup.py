"""From a recipe to a network, its data and its device."""

from dataclasses import dataclass
from pathlib import Path

import torch

from swinsr.errors import DeviceError
from swinsr.models import RestorationNetwork, build
from swinsr.training.interpolator import make_interpolator
from swinsr.training.pictures import Cutting, read_folders
from swinsr.training.sampler import Sampler, prepare_sources
from swinsr.training.settings import Recipe
from swinsr.training.tasks import make_task
from swinsr.training.transfer import take_weights


@dataclass(frozen=True)
class Data:
    """Where batches come from, and one line about what was read."""

    sampler: Sampler
    summary: str


def choose_device(name: str) -> torch.device:
    """The device of a recipe's run.device.

    Raises:
        DeviceError: it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(f"run.device {name!r} cannot be used here ({error}).") from error
    return device


def make_network(recipe: Recipe) -> tuple[RestorationNetwork, str]:
    """A network with the recipe's initial weights, and one line about where they are from."""
    torch.manual_seed(recipe.run.seed)
    network = build(recipe.network)
    told = f"{sum(p.numel() for p in network.parameters()):,} parameters, {recipe.init.mode}"
    if recipe.init.mode == "interpolator":
        make_interpolator(network)
    if recipe.init.from_file:
        transfer = take_weights(network, Path(recipe.init.from_file))
        told += f"; {recipe.init.from_file}: {transfer}"
    return network, told


def task_name(recipe: Recipe) -> str:
    """The task as published models' names have it, for the header of exported weights."""
    colour = "color" if recipe.network.in_chans == 3 else "gray"
    names = {
        "bicubic": "classical_sr",
        "compressed": "compressed_sr",
        "real": "real_sr",
        "denoise": f"{colour}_denoise",
        "jpeg": f"{colour}_jpeg",
    }
    return names[recipe.task.name]


def read_data(recipe: Recipe) -> Data:
    """Read and prepare the training pictures.

    Raises:
        ConfigError: no folder, no picture, or none that is large enough.
        ImageReadError: an unreadable picture, unless the recipe skips them.
    """
    settings, task = recipe.data, make_task(recipe)
    reading = read_folders(
        settings.train,
        recipe.network.in_chans,
        unreadable=settings.unreadable,
        cutting=Cutting(settings.keep, settings.keep_side, recipe.run.seed)
        if settings.keep
        else None,
    )
    sources, small = prepare_sources(reading.pictures, task)
    pixels = sum(s.target.shape[0] * s.target.shape[1] for s in sources)
    summary = (
        f"{len(sources)} {'crops' if settings.keep else 'pictures'}, {pixels / 1e6:.1f} megapixels"
    )
    if small:
        summary += f"; {small} smaller than a crop left out"
    if reading.unreadable:
        summary += f"; {len(reading.unreadable)} unreadable left out"
    return Data(Sampler(sources, task, settings.batch, recipe.run.seed), summary)
