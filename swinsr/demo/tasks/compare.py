"""Two to four models on the same piece of a picture."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from swinsr.demo.catalogue import AUTOMATIC, find_offer
from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.convert import Workshop, run
from swinsr.errors import ConfigError
from swinsr.image import Image, to_depth, write_image

FEWEST, MOST = 2, 4


@dataclass(frozen=True)
class Panel:
    """One picture of several that are looked at together."""

    file: Path
    label: str
    note: str = ""


def piece_of(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of a square piece of a picture, less where that is smaller."""
    return min(side, height), min(side, width)


def enlarged(height: int, width: int, scale: float) -> tuple[int, int]:
    """The size at which everything is shown."""
    return int(height * scale + 0.5), int(width * scale + 0.5)


def crop_around(image: Image, x: float, y: float, side: int) -> Image:
    """A square piece, whole where the picture is smaller.

    Args:
        image: the picture.
        x, y: its middle, as shares of width and height, 0 to 1.
        side: in pixels.
    """
    height, width = piece_of(image.height, image.width, side)
    top = min(max(round(y * image.height) - height // 2, 0), image.height - height)
    left = min(max(round(x * image.width) - width // 2, 0), image.width - width)
    part = slice(top, top + height), slice(left, left + width)
    alpha = None if image.alpha is None else np.ascontiguousarray(image.alpha[part])
    return dataclasses.replace(image, pixels=np.ascontiguousarray(image.pixels[part]), alpha=alpha)


def run_comparison(
    shop: Workshop,
    job: Submission,
    path: str | None,
    models: list[str],
    scale: float,
    place: tuple[float, float],
    side: int,
) -> list[Panel]:
    """The piece as it is, and as each model enlarges it, all at one size.

    Args:
        shop: folder, limits and models.
        job: notified with the progress.
        path: of the upload.
        models: two to four names of offers.
        scale: factor of enlargement; models that restore work at the picture's own size, and
            their result is then enlarged as it is.
        place: middle of the piece, as shares of width and height.
        side: of the piece, in pixels.

    Raises:
        ConfigError: fewer or more models.
        SwinsrError: whatever is wrong with the upload or a model.
    """
    if not FEWEST <= len(models) <= MOST:
        raise ConfigError(f"choose {FEWEST} to {MOST} models to compare, not {len(models)}")
    upload = shop.open(path)
    piece = crop_around(upload.read(), *place, side)
    size = enlarged(piece.height, piece.width, scale)
    shop.limits.check_output(upload.name, *size)
    panels = [Panel(save_shown(shop, enlarge_plainly(piece, size)), "The original, bigger pixels")]
    for number, model in enumerate(models, 1):
        restores = model != AUTOMATIC and find_offer(model).restores
        upscaler = shop.catalogue.reaching(model, scale, job)
        name = upscaler.engine.name
        job.stage(f"{number} of {len(models)}: {name}")
        done, seconds = run(upscaler, piece, 1.0 if restores else scale, job, upload.name)
        if (done.height, done.width) != size:
            done = enlarge_plainly(done, size)
        panels.append(Panel(save_shown(shop, done), name, f"{seconds:.2f} s"))
    return panels


def enlarge_plainly(image: Image, size: tuple[int, int]) -> Image:
    """The same pixels, bigger; nothing is invented."""
    rows = (np.arange(size[0]) * image.height) // size[0]
    columns = (np.arange(size[1]) * image.width) // size[1]
    alpha = None if image.alpha is None else image.alpha[rows[:, None], columns]
    return image.with_pixels(image.pixels[rows[:, None], columns], alpha)


def save_shown(shop: Workshop, image: Image) -> Path:
    """A file that browsers show: 8 bits, lossless."""
    path = shop.folder.new_file("panel.png")
    alpha = None if image.alpha is None else to_depth(image.alpha, np.uint8)
    shown = image.with_pixels(to_depth(image.pixels, np.uint8), alpha)
    metadata = dataclasses.replace(image.metadata, exif=None, xmp=None)
    write_image(path, dataclasses.replace(shown, metadata=metadata))
    return path
