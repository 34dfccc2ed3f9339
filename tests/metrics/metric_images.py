"""Pairs of images made by integer arithmetic alone, so that scores of them can be written down."""

import numpy as np


def hashed(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Values in 0..2**16 - 1 that look like noise and are the same everywhere."""
    value = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape) + np.uint64(seed * 7919 + 1)
    for shift in (13, 7, 17):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(0x9E3779B97F4A7C15)
    return (value >> np.uint64(48)).astype(np.int64)


def image_pair(
    shape: tuple[int, ...] = (61, 74, 3), noise: int = 20, seed: int = 0, dtype: type = np.uint8
) -> tuple[np.ndarray, np.ndarray]:
    """A restored image and its truth: slopes and edges, and the same with noise in steps of one.

    A third of the pixels of the truth keep their value, so that flat parts occur as well.
    """
    top = np.iinfo(dtype).max
    rows, columns = np.indices(shape[:2])
    base = (3 * rows + 2 * columns) % 256 + 60 * ((rows // 12 + columns // 17) % 2)
    if len(shape) == 3:
        base = base[..., None] * np.arange(4, 4 - shape[2], -1) // 4
    truth = np.clip(base + hashed(shape, seed) % 16, 0, 255)
    change = hashed(shape, seed + 1) % (2 * noise + 1) - noise
    restored = np.clip(truth + change * (hashed(shape, seed + 2) % 3 > 0), 0, 255)
    scale = top // 255
    return (restored * scale).astype(dtype), (truth * scale).astype(dtype)


def blocky_pair(
    shape: tuple[int, int], block: int = 8, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """A truth in slopes and a restored image that is flat in each block, as after hard JPEG."""
    truth = image_pair((*shape, 3), seed=seed)[1]
    restored = truth.copy()
    for top in range(0, shape[0], block):
        for left in range(0, shape[1], block):
            tile = restored[top : top + block, left : left + block]
            tile[:] = tile.reshape(-1, 3).astype(np.int64).sum(0) // (tile.size // 3)
    return restored, truth
