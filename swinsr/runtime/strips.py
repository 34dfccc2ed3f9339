"""Convolutions over a whole map, strip by strip of rows, with a halo: the same as in one piece."""

from collections.abc import Callable, Iterator

from torch import Tensor

from swinsr.nn.heads import HEAD_CHANNELS

# Rows of low-resolution features that any head sees above and below, rounded up.
HEAD_HALO = 5
# Output values of a strip that are held beside the result; on a GPU enough to keep it at work.
STRIP_VALUES = 1 << 22
STRIP_VALUES_ON_GPU = 1 << 28


def strips(height: int, rows: int, halo: int) -> Iterator[tuple[slice, slice, slice]]:
    """Cover rows: (rows to compute, rows to read, where the first lie in the second)."""
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        above, below = max(top - halo, 0), min(bottom + halo, height)
        yield slice(top, bottom), slice(above, below), slice(top - above, bottom - above)


def rows_per_strip(width: int, channels: int, halo: int, device: str = "cpu") -> int:
    """How many rows of `channels` values a pixel fit a strip, well above the halo."""
    limit = STRIP_VALUES if device == "cpu" else STRIP_VALUES_ON_GPU
    return max(limit // (width * channels), 8 * halo, 1)


def convolve(module: Callable[[Tensor], Tensor], x: Tensor, *, halo: int, channels: int) -> Tensor:
    """Apply convolutions that keep the size.

    Args:
        module: a map (batch, C, h, W) -> (batch, channels, h, W) that sees `halo` rows around.
        x: (batch, C, H, W).
        halo: rows that the module sees above and below.
        channels: of the result.

    Returns:
        (batch, channels, H, W), channels last in memory.
    """
    batch, _, height, width = x.shape
    out = x.new_empty((batch, height, width, channels)).permute(0, 3, 1, 2)
    rows = rows_per_strip(width, max(channels, x.shape[1]) * batch, halo, x.device.type)
    for computed, read, kept in strips(height, rows, halo):
        out[:, :, computed] = module(x[:, :, read])[:, :, kept]
    return out


def enlarge(
    module: Callable[[Tensor, Tensor, tuple[int, int]], Tensor],
    features: Tensor,
    image: Tensor,
    *,
    scale: int,
    tick: Callable[[float], None],
) -> Tensor:
    """Apply a reconstruction head.

    Args:
        module: (features, image, (height, width)) of a strip -> the strip's picture.
        features: (batch, C, H, W).
        image: (batch, in_chans, H, W) normalised input.
        scale: factor of enlargement.
        tick: notified with the share of the rows that each strip was.

    Returns:
        (batch, in_chans, H * scale, W * scale).
    """
    batch, channels, height, width = image.shape
    out = features.new_empty((batch, channels, height * scale, width * scale))
    inside = HEAD_CHANNELS * scale**2  # values a feature pixel takes where the head is widest
    rows = rows_per_strip(width, inside * batch, HEAD_HALO, image.device.type)
    for computed, read, kept in strips(height, rows, HEAD_HALO):
        strip = module(features[:, :, read], image[:, :, read], (read.stop - read.start, width))
        out[:, :, computed.start * scale : computed.stop * scale] = strip[
            :, :, kept.start * scale : kept.stop * scale
        ]
        tick((computed.stop - computed.start) / height)
    return out
