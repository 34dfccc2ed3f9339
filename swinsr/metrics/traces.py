"""How far a picture is from what it was before it was damaged, as a small network reads it.

A JPEG that was resized afterwards has no grid and no steps left to measure; what it has, ringing,
blocks of an odd size, colours coarser than the luma, a network sees at a glance. Fixed filters take
the finest structure (as in J. Fridrich and J. Kodovsky, "Rich models for steganalysis of digital
images", IEEE TIFS 7, 2012), five convolutions look at 33x33 pixels each, and of what they find the
mean and the quartiles over the picture tell. `weights/training/traces.py` trains it.
"""

import functools
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
WEIGHTS = Path(__file__).with_suffix(".safetensors")
# Rows: luma and the two colour differences (ITU-R BT.601, as JPEG has them).
COLOURS = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
# What is left of a plane beside corners, and beside smooth rows and columns.
FILTERS = np.array(
    [
        [[0.25, -0.5, 0.25], [-0.5, 1, -0.5], [0.25, -0.5, 0.25]],
        [[0, 0, 0], [0.5, -1, 0.5], [0, 0, 0]],
        [[0, 0.5, 0], [0, -1, 0], [0, 0.5, 0]],
    ],
    np.float32,
)
STRIDES = (1, 2, 2, 2, 1)
# Of the logarithm that the network gives: what is below it makes no difference to the eye.
OFFSET = 0.25
SMALLEST_TRACED = 64


def measure_traces(pixels: NDArray[np.uint8]) -> float:
    """How much damage changed luma, root mean square in 8-bit levels, as far as it shows.

    Args:
        pixels: (H, W, 1 or 3), both sides at least `SMALLEST_TRACED`.
    """
    found = _features(_residuals(pixels))
    *_, hidden, hidden_bias, out, out_bias = _weights()
    value = np.maximum(hidden @ found + hidden_bias, 0) @ out[0] + out_bias[0]
    return max(float(np.exp(value)) - OFFSET, 0.0)


def _residuals(pixels: NDArray[np.uint8]) -> Array:
    """(H - 2, W - 2, 9): three filters of luma, then of each colour difference; compressed."""
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    planes = rgb.astype(np.float32) @ COLOURS.T
    # (H, W, 3) at a time, each plane by the same filter.
    filtered = np.stack([cv2.filter2D(planes, -1, kernel) for kernel in FILTERS], axis=3)
    found = filtered[1:-1, 1:-1].reshape(planes.shape[0] - 2, planes.shape[1] - 2, -1)
    compressed: Array = np.copysign(np.log1p(np.abs(found)), found)
    return compressed


def _features(planes: Array) -> Array:
    """The mean and the quartiles of what the convolutions find: (3 * channels,)."""
    weights = _weights()
    for number, stride in enumerate(STRIDES):
        kernel, bias = weights[2 * number], weights[2 * number + 1]
        planes = np.maximum(_convolve(planes, kernel, stride) + bias, 0)
    found = np.sort(planes.reshape(-1, planes.shape[2]), axis=0)
    count = len(found)
    return np.concatenate([found.mean(axis=0), found[count // 4], found[3 * count // 4]])


def _convolve(planes: Array, kernel: Array, stride: int) -> Array:
    """(H, W, in) with an (out, in, 3, 3) kernel: (H - 2, W - 2, out), every `stride` of them."""
    height, width = planes.shape[0] - 2, planes.shape[1] - 2
    parts = (
        planes[row : row + height : stride, column : column + width : stride]
        @ kernel[:, :, row, column].T
        for row in range(3)
        for column in range(3)
    )
    return functools.reduce(np.add, parts)


@functools.cache
def _weights() -> tuple[Array, ...]:
    """Kernels and biases of the convolutions, then of two layers."""
    from safetensors.numpy import load_file

    stored = load_file(WEIGHTS)
    found = []
    for layer in (*(f"body.{n}" for n in range(len(STRIDES))), "head.0", "head.1"):
        found += [stored[f"{layer}.{name}"].astype(np.float32) for name in ("weight", "bias")]
    return tuple(found)
