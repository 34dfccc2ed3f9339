"""A picture of what each degradation does, for the eye.

    python -m swinsr.degradations.gallery PHOTO OUT.png [--side 160] [--columns 5] [--seed 0]

Every tile is the middle of the photograph after one step, or after the whole real-world pipeline.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.degradations.filters import blur, resize
from swinsr.degradations.jpeg import jpeg
from swinsr.degradations.kernels import (
    Ellipse,
    gaussian_kernel,
    generalised_gaussian_kernel,
    plateau_kernel,
    sinc_kernel,
)
from swinsr.degradations.noise import add_gaussian_noise, add_poisson_noise
from swinsr.degradations.real_world import RealWorld, degrade, to_bytes, to_float
from swinsr.errors import ShapeMismatchError, SwinsrError
from swinsr.image import Image, on_white, read_image, to_depth, to_rgb, write_image
from swinsr.image.resize.matlab import imresize

Bytes = NDArray[np.uint8]
LABEL = 20  # pixels of height below each tile
PIPELINES = 5
SCALE = 4


def degradations(seed: int) -> dict[str, Callable[[Bytes], Bytes]]:
    """Label to degradation, (height, width, 3) to some (h, w, 3)."""

    def random() -> np.random.Generator:
        return np.random.default_rng(seed)

    def on_floats(
        function: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    ) -> Callable[[Bytes], Bytes]:
        return lambda image: to_bytes(function(to_float(image)))

    wide = Ellipse(2.5, 2.5)
    kernels = {
        "Gaussian blur": gaussian_kernel(15, wide),
        "turned Gaussian": gaussian_kernel(21, Ellipse(4.0, 1.0, 0.6)),
        "generalised, beta 0.6": generalised_gaussian_kernel(21, wide, 0.6),
        "plateau, beta 2": plateau_kernel(21, wide, 2.0),
        "sinc, cutoff pi/4": sinc_kernel(21, np.pi / 4),
    }
    steps: dict[str, Callable[[Bytes], Bytes]] = {
        "photograph": lambda image: image,
        "bicubic / 4": lambda image: imresize(image, scale=1 / SCALE),
        "noise 25": on_floats(lambda x: add_gaussian_noise(x, 25, random())),
        "gray noise 25": on_floats(lambda x: add_gaussian_noise(x, 25, random(), gray=True)),
        "Poisson x 3": on_floats(lambda x: add_poisson_noise(x, 3, random())),
        "JPEG 40": lambda image: jpeg(image, 40),
        "JPEG 10": lambda image: jpeg(image, 10),
        "area / 3": on_floats(lambda x: resize(x, (x.shape[0] // 3, x.shape[1] // 3), "area")),
    }
    for name, kernel in kernels.items():
        steps[name] = on_floats(partial(blur, kernel=kernel))
    for number in range(PIPELINES):
        steps[f"real world {number + 1}, / 4"] = partial(_pipeline, seed=[seed, number])
    return steps


def gallery(photo: Bytes, *, side: int = 160, columns: int = 5, seed: int = 0) -> Bytes:
    """Labelled tiles of every degradation.

    Args:
        photo: (height, width, 3) uint8; its middle square of `side` is used.
        side: of a tile, in pixels; a multiple of 4.
        columns: tiles in a row.
        seed: of the random ones.

    Raises:
        ShapeMismatchError: the photograph is smaller than a tile, or `side` is no multiple of 4.
    """
    if min(photo.shape[:2]) < side or side % SCALE or side < 1:
        raise ShapeMismatchError(
            f"A tile of {side} pixels needs a multiple of {SCALE} and a photograph at least as "
            f"large, not {photo.shape[1]}x{photo.shape[0]}"
        )
    top, left = ((n - side) // 2 for n in photo.shape[:2])
    square = np.ascontiguousarray(photo[top : top + side, left : left + side])
    tiles = [_tile(function(square), side, name) for name, function in degradations(seed).items()]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(rows, 0)


def _pipeline(image: Bytes, seed: list[int]) -> Bytes:
    return degrade(image, SCALE, RealWorld(), np.random.default_rng(seed))


def _tile(image: Bytes, side: int, name: str) -> Bytes:
    tile = np.full((side + LABEL, side + 4, 3), 255, np.uint8)
    shown = cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)
    tile[:side, :side] = shown
    cv2.putText(
        tile, name, (2, side + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA
    )
    return tile


def main(arguments: list[str] | None = None) -> int:
    """Read, degrade, write; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m swinsr.degradations.gallery", description="Show what degradations do."
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        photo = read_image(given.photo)
        pixels = photo.pixels if photo.alpha is None else on_white(photo.pixels, photo.alpha)
        rgb = np.asarray(to_depth(to_rgb(pixels), np.uint8))
        sheet = gallery(rgb, side=given.side, columns=given.columns, seed=given.seed)
        write_image(given.output, Image(sheet), overwrite=True)
    except SwinsrError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
