"""The attention half of a block: norm, qkv, window attention, projection and residual.

A program takes one window, or some queries of a large one: it reads pixels from where the shift
puts them, so that no map is rolled or cut, and goes through the heads, each of which adds its share
of the projection. Nothing but the map itself is read and written.
"""

import triton
import triton.language as tl

from swinsr.ops.swin_block.triton.parts import normed, rows_of, tile, weighed
from swinsr.ops.window_attention.triton.forward import (
    inverse_length,
    load_scores,
    product,
    unit,
    window_kind,
)


@triton.jit
def places_of(window, tokens, height, width, shift, WINDOW: tl.constexpr):
    """Where the tokens of a window lie in a batch of maps, counted in pixels."""
    columns = width // WINDOW
    count = (height // WINDOW) * columns
    picture, number = window // count, window % count
    y = ((number // columns) * WINDOW + tokens // WINDOW + shift) % height
    x = ((number % columns) * WINDOW + tokens % WINDOW + shift) % width
    return (picture * height + y) * width + x


@triton.jit
def projected(
    y,
    weight,
    bias,
    start,
    HEAD: tl.constexpr,
    CHANNELS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    DIM: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Queries, keys or values of one head, in y's type; `start` is its first row of the weight."""
    outputs = tl.arange(0, HEAD)
    inputs = tl.arange(0, CHANNELS)
    turned = tile(weight + start * DIM, inputs, outputs, DIM, DIM, HEAD_DIM)
    shift = tl.load(bias + start + outputs, mask=outputs < HEAD_DIM, other=0.0)
    return (product(y, turned, PRECISION) + shift[None, :]).to(y.dtype)


@triton.jit
def attention_half(
    x,
    out,
    scale,
    bias,
    mask,
    norm_weight,
    norm_bias,
    qkv_weight,
    qkv_bias,
    proj_weight,
    proj_bias,
    height,
    width,
    shift,
    eps,
    WINDOW: tl.constexpr,
    HEADS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    CHANNELS: tl.constexpr,
    HEAD: tl.constexpr,
    COSINE: tl.constexpr,
    MASKED: tl.constexpr,
    WHOLE: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """See the module. With COSINE it is V2's: the norm comes after the projection."""
    TOKENS: tl.constexpr = WINDOW * WINDOW
    DIM: tl.constexpr = HEADS * HEAD_DIM
    window = tl.program_id(0).to(tl.int64)
    queries = tl.program_id(1) * QUERIES + tl.arange(0, QUERIES)
    keys = tl.arange(0, KEYS)
    channels = tl.arange(0, CHANNELS)
    places = places_of(window, queries, height, width, shift, WINDOW)
    inside = (queries < TOKENS)[:, None] & (channels < DIM)[None, :]
    source = rows_of(x, places, channels, inside, DIM)
    y = source
    if not COSINE:
        y = normed(source, inside, eps, DIM)
    y = y.to(qkv_weight.dtype.element_ty)
    others = y
    if not WHOLE:
        every = (keys < TOKENS)[:, None] & (channels < DIM)[None, :]
        at = places_of(window, keys, height, width, shift, WINDOW)
        wide = rows_of(x, at, channels, every, DIM)
        if not COSINE:
            wide = normed(wide, every, eps, DIM)
        others = wide.to(qkv_weight.dtype.element_ty)
    kind = window_kind(window, height // WINDOW, width // WINDOW)
    total = tl.zeros([QUERIES, CHANNELS], dtype=tl.float32)
    for head in range(HEADS):
        first = head * HEAD_DIM
        q = projected(y, qkv_weight, qkv_bias, first, HEAD, CHANNELS, HEAD_DIM, DIM, PRECISION)
        k = projected(
            others, qkv_weight, qkv_bias, DIM + first, HEAD, CHANNELS, HEAD_DIM, DIM, PRECISION
        )
        v = projected(
            others, qkv_weight, qkv_bias, 2 * DIM + first, HEAD, CHANNELS, HEAD_DIM, DIM, PRECISION
        )
        if COSINE:
            q = unit(q, inverse_length(q))
            k = unit(k, inverse_length(k))
        scores = product(q, tl.trans(k), PRECISION) * tl.load(scale + head)
        scores += load_scores(bias + head * TOKENS * TOKENS, queries, keys, TOKENS)
        if MASKED:
            scores += load_scores(mask + kind * TOKENS * TOKENS, queries, keys, TOKENS)
        weights = tl.exp(scores - tl.max(scores, axis=1)[:, None])
        attended = product(weights.to(v.dtype), v, PRECISION) / tl.sum(weights, axis=1)[:, None]
        inputs = tl.arange(0, HEAD)
        turned = tile(proj_weight + first, inputs, channels, DIM, HEAD_DIM, DIM)
        total += product(attended.to(y.dtype), turned, PRECISION)
    total += tl.load(proj_bias + channels, mask=channels < DIM, other=0.0)[None, :]
    if COSINE:
        total = weighed(normed(total, inside, eps, DIM), norm_weight, norm_bias, channels, DIM)
    tl.store(out + places[:, None] * DIM + channels[None, :], source + total, mask=inside)
