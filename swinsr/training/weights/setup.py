"""From a recipe to a network, its data and its device."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from swinsr.errors import ConfigError
from swinsr.image.resize.matlab import imresize
from swinsr.models import HierarchicalConfig, MaskedImageModel, RestorationNetwork, build
from swinsr.models.count import count_parameters
from swinsr.models.simmim import Encoder
from swinsr.models.swin import CLASSIFIERS
from swinsr.training.data.on_device.resize import imresize_on
from swinsr.training.data.on_device.stream import too_large, wants_device
from swinsr.training.data.pictures import Cutting, read_folders
from swinsr.training.data.sampler import Sampler, prepare_sources
from swinsr.training.data.tasks import make_task
from swinsr.training.recipes.settings import Recipe
from swinsr.training.weights.ema import Trained
from swinsr.training.weights.interpolator import make_interpolator
from swinsr.training.weights.warm_start import read_weights, take_weights


@dataclass(frozen=True)
class Data:
    """Where batches come from, one line about what was read, and whether the device makes them."""

    sampler: Sampler
    summary: str
    on_device: bool = False


def make_network(recipe: Recipe) -> tuple[Trained, str]:
    """A network with the recipe's initial weights, and one line about where they are from."""
    torch.manual_seed(recipe.run.seed)
    hierarchical = isinstance(recipe.network, HierarchicalConfig)
    weights = None
    if recipe.init.from_file:
        weights = read_weights(Path(recipe.init.from_file), hierarchical=hierarchical)
    network: Encoder
    if isinstance(recipe.network, HierarchicalConfig):
        network = CLASSIFIERS[recipe.network.family](recipe.network)
    else:
        network = build(recipe.network)
    told = f"{count_parameters(network):,} parameters, {recipe.init.mode}"
    # A pre-trained body has never given a picture: the interpolator goes around it. Other weights
    # have, and replace the interpolator.
    around = weights is not None and weights.pretrained and recipe.task.name != "simmim"
    interpolates = recipe.init.mode == "interpolator"
    if interpolates and not around and isinstance(network, RestorationNetwork):
        make_interpolator(network)
    if weights is not None:
        told += f"; {weights.path}: {take_weights(network, weights)}"
    if interpolates and around and isinstance(network, RestorationNetwork):
        make_interpolator(network)
    if recipe.task.name == "simmim":
        return MaskedImageModel(network), told
    assert isinstance(network, RestorationNetwork)
    return network, told


def task_name(recipe: Recipe) -> str:
    """The task as published models' names have it, for the header of exported weights."""
    colour = "color" if recipe.network.in_chans == 3 else "gray"
    names = {
        "bicubic": "classical_sr",
        "compressed": "compressed_sr",
        "photo": "real_sr",
        "real": "real_sr",
        "denoise": f"{colour}_denoise",
        "jpeg": f"{colour}_jpeg",
        "simmim": "simmim",
    }
    return names[recipe.task.name]


def read_data(recipe: Recipe, device: torch.device | None = None) -> Data:
    """Read and prepare the training pictures.

    Args:
        recipe: of the run.
        device: where the network trains; None for batches made on the host.

    Raises:
        ConfigError: no folder, no picture, none that is large enough, or more than the device that
            the recipe names for them can hold.
        ImageReadError: an unreadable picture, unless the recipe skips them.
    """
    wanted = device if device is not None and wants_device(recipe, device) else None
    resize = imresize if wanted is None else partial(imresize_on, wanted)
    settings, task = recipe.data, make_task(recipe, resize)
    reading = read_folders(
        settings.train,
        recipe.network.in_chans,
        unreadable=settings.unreadable,
        cutting=Cutting(settings.keep, settings.keep_side, recipe.run.seed)
        if settings.keep
        else None,
        sizes=settings.sizes,
        resize=resize,
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
    sampler = Sampler(sources, task, settings.batch, recipe.run.seed)
    if wanted is None:
        return Data(sampler, summary)
    lacks = too_large(sources, recipe, wanted)
    if lacks and settings.place == "device":
        raise ConfigError(f"{lacks}; set data.place to 'host', or take fewer with data.keep")
    told = f"batches are made on the host: {lacks}" if lacks else f"batches are made on {wanted}"
    return Data(sampler, f"{summary}; {told}", on_device=not lacks)
