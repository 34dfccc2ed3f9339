"""Where batches are made, on the host or on the device, and the stream of them."""

from collections.abc import Callable, Iterator

import torch

from swinsr.errors import ConfigError
from swinsr.runtime.free_memory import free_memory
from swinsr.runtime.graph import Graph
from swinsr.training.data.on_device.cropper import TASKS, Cropper
from swinsr.training.data.on_device.drawn import Drawn
from swinsr.training.data.on_device.pool import Deliveries, Pool
from swinsr.training.data.prefetch import batches
from swinsr.training.data.sampler import Batch, Part, Sampler, batch_of
from swinsr.training.data.tasks import Source
from swinsr.training.recipes.settings import Recipe

# Of the device's free memory, what pictures or samples may take; the rest is the network's.
SHARE = 0.5


def wants_device(recipe: Recipe, device: torch.device) -> bool:
    """Whether a recipe's batches are to be made where the network trains.

    Raises:
        ConfigError: they are, by name, and the device cannot.
    """
    place = recipe.data.place
    if place == "device" and device.type == "mps":
        raise ConfigError("data.place 'device' needs float64, which mps lacks; set it to 'host'")
    return place == "device" or (place == "auto" and device.type == "cuda")


def too_large(
    sources: list[Source], recipe: Recipe, device: torch.device, free: int | None = None
) -> str:
    """Why pictures or samples do not fit the device; empty where they do.

    Args:
        sources: the pictures as the task prepared them.
        recipe: of the run.
        device: where they are going to be.
        free: bytes of its memory; as it says by default.
    """
    data, channels = recipe.data, recipe.network.in_chans
    if recipe.task.name in TASKS:
        what, needed = "pictures", sum(_bytes_of(source) for source in sources)
    else:
        crop = data.patch**2 * channels  # input, its clean form, and the target
        what, needed = "samples", data.pool * data.batch * crop * (2 + recipe.scale**2)
    allowed = SHARE * (free_memory(device) if free is None else free)
    if needed <= allowed:
        return ""
    return f"{needed / 1e9:.1f} GB of {what} do not fit {allowed / 1e9:.1f} GB on {device}"


def device_batches(
    sampler: Sampler,
    recipe: Recipe,
    part: Part,
    steps: range,
    device: torch.device,
    graph: Callable[[], Graph] | None = None,
) -> Iterator[Batch]:
    """This process's batches of the given steps, on the device, in order.

    Args:
        sampler: has the pictures, and makes the samples that the processor has to.
        recipe: of the run.
        part: this process's share.
        steps: the steps' numbers.
        device: where the batches are made.
        graph: makes what records a draw; None for operator by operator.
    """
    if not steps:
        return
    data = recipe.data
    if recipe.task.name in TASKS:
        drawn = Drawn(Cropper(sampler.sources, recipe, part, device).draw, device, graph)
        for step in steps:
            yield batch_of(step, drawn(step))
        return
    pool = Pool(recipe, part, device)
    drawn = Drawn(pool.draw, device, graph)
    deliveries = batches(
        Deliveries(sampler, steps.start, data.pool, data.reuse),
        part,
        range(steps.start - data.pool, steps.stop),
        workers=data.workers,
        prefetch=data.prefetch,
        pinned=device.type == "cuda",
    )
    for number, delivery in enumerate(deliveries, steps.start - data.pool):
        pool.put(delivery)
        if number >= steps.start:
            yield batch_of(number, drawn(number))


def _bytes_of(source: Source) -> int:
    return source.target.nbytes + (0 if source.input is None else source.input.nbytes)
