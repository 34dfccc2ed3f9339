"""What both halves of a block are made of."""

import triton
import triton.language as tl


@triton.jit
def rows_of(start, places, channels, inside, DIM: tl.constexpr):
    """(rows, channels) of a map as float32, zero outside; `places` are those of whole pixels."""
    at = start + places[:, None] * DIM + channels[None, :]
    return tl.load(at, mask=inside, other=0.0).to(tl.float32)


@triton.jit
def normed(x, inside, eps, DIM: tl.constexpr):
    """Layer norm without weights, over the first DIM of the channels; the rest stay zero."""
    mean = tl.sum(x, axis=1) / DIM
    centred = tl.where(inside, x - mean[:, None], 0.0)
    variance = tl.sum(centred * centred, axis=1) / DIM
    return centred * tl.rsqrt(variance + eps)[:, None]


@triton.jit
def weighed(x, weight, bias, channels, DIM: tl.constexpr):
    """A norm's weights and biases after it."""
    valid = channels < DIM
    factor = tl.load(weight + channels, mask=valid, other=0.0)
    return x * factor[None, :] + tl.load(bias + channels, mask=valid, other=0.0)[None, :]


@triton.jit
def tile(weight, rows, columns, stride, last_row, last_column):
    """(rows, columns) of weight[column, row]: a linear layer's weight, turned; zero outside."""
    inside = (rows < last_row)[:, None] & (columns < last_column)[None, :]
    return tl.load(weight + columns[None, :] * stride + rows[:, None], mask=inside, other=0.0)
