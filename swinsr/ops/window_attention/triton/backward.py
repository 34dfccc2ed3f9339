"""Window attention in Triton, backward: scores are computed again from queries and keys.

With p the weights, g the output's gradient, and s the scores before scale and bias:

    dv = p.T @ g,   dp = g @ v.T,   d = p * (dp - rowsum(p * dp)),
    dq = scale * d @ k,   dk = scale * d.T @ q,   dbias = sum of d,   dscale = sum of d * s

One kernel takes some queries of a window and gives dq, dbias and dscale. Where those are all the
queries there are it also gives dk and dv; else a second kernel does, which takes some of the keys.
Each program sums its own windows' dbias and dscale, and the sums are added afterwards in a fixed
order: the result does not depend on which program was the quicker.
"""

import triton
import triton.language as tl

from swinsr.ops.window_attention.triton.forward import (
    SHORTEST,
    inverse_length,
    load_rows,
    load_scores,
    product,
    store_rows,
    unit,
    window_kind,
)


@triton.jit
def through_unit(gradient, x, inverse):
    """The gradient of x from that of `unit(x)`; in float32."""
    direction = x.to(tl.float32) * inverse[:, None]
    along = tl.sum(gradient * direction, axis=1)
    # A vector that is too short was divided by a constant.
    along = tl.where(inverse < 1.0 / SHORTEST, along, 0.0)
    return (gradient - direction * along[:, None]) * inverse[:, None]


@triton.jit
def by_queries(
    gradient,
    qkv,
    scale,
    bias,
    mask,
    dqkv,
    dscale,
    dbias,
    sums,
    windows,
    rows,
    columns,
    heads,
    shares,
    TOKENS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    CHANNELS: tl.constexpr,
    COSINE: tl.constexpr,
    MASKED: tl.constexpr,
    WHOLE: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """See the module; `sums` keeps what was summed over keys for the other kernel."""
    share, head = tl.program_id(0), tl.program_id(1)
    queries = tl.program_id(2) * QUERIES + tl.arange(0, QUERIES)
    keys = tl.arange(0, KEYS)
    channels = tl.arange(0, CHANNELS)
    dim = heads * HEAD_DIM
    factor = tl.load(scale + head).to(tl.float32)
    added = load_scores(bias + head * TOKENS * TOKENS, queries, keys, TOKENS)
    bias_sum = tl.zeros([QUERIES, KEYS], dtype=tl.float32)
    scale_sum = tl.zeros([QUERIES], dtype=tl.float32)
    for number in range(share, windows, shares):
        window = tl.cast(number, tl.int64)
        at = window * TOKENS * 3 * dim + head * HEAD_DIM
        q = load_rows(qkv + at, queries, channels, 3 * dim, TOKENS, HEAD_DIM)
        k = load_rows(qkv + at + dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        v = load_rows(qkv + at + 2 * dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        place = gradient + window * TOKENS * dim + head * HEAD_DIM
        g = load_rows(place, queries, channels, dim, TOKENS, HEAD_DIM)
        q_used, k_used = q, k
        if COSINE:
            q_inverse, k_inverse = inverse_length(q), inverse_length(k)
            q_used, k_used = unit(q, q_inverse), unit(k, k_inverse)
        products = product(q_used, tl.trans(k_used), PRECISION)
        scores = products * factor + added
        if MASKED:
            kind = window_kind(window, rows, columns)
            scores += load_scores(mask + kind * TOKENS * TOKENS, queries, keys, TOKENS)
        largest = tl.max(scores, axis=1)
        weights = tl.exp(scores - largest[:, None])
        total = tl.sum(weights, axis=1)
        weights = weights / total[:, None]
        dweights = product(g, tl.trans(v), PRECISION)
        delta = tl.sum(weights * dweights, axis=1)
        dscores = weights * (dweights - delta[:, None])
        bias_sum += dscores
        scale_sum += tl.sum(dscores * products, axis=1)
        rounded = dscores.to(k.dtype)
        dq = product(rounded, k_used, PRECISION) * factor
        if COSINE:
            dq = through_unit(dq, q, q_inverse)
        store_rows(dqkv + at, dq, queries, channels, 3 * dim, TOKENS, HEAD_DIM)
        if WHOLE:
            dk = product(tl.trans(rounded), q_used, PRECISION) * factor
            if COSINE:
                dk = through_unit(dk, k, k_inverse)
            store_rows(dqkv + at + dim, dk, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
            dv = product(tl.trans(weights.to(g.dtype)), g, PRECISION)
            store_rows(dqkv + at + 2 * dim, dv, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        else:
            kept = sums + (window * heads + head) * 3 * TOKENS + queries
            tl.store(kept, largest, mask=queries < TOKENS)
            tl.store(kept + TOKENS, total, mask=queries < TOKENS)
            tl.store(kept + 2 * TOKENS, delta, mask=queries < TOKENS)
    own = (share * heads + head).to(tl.int64) * TOKENS
    inside = (queries < TOKENS)[:, None] & (keys < TOKENS)[None, :]
    place = dbias + own * TOKENS + queries[:, None] * TOKENS + keys[None, :]
    tl.store(place, bias_sum, mask=inside)
    tl.store(dscale + own + queries, scale_sum, mask=queries < TOKENS)


@triton.jit
def load_turned(start, keys, queries, TOKENS: tl.constexpr):
    """(keys, queries) of a (queries, keys) table; zero outside."""
    inside = (keys < TOKENS)[:, None] & (queries < TOKENS)[None, :]
    value = tl.load(start + queries[None, :] * TOKENS + keys[:, None], mask=inside, other=0.0)
    return value.to(tl.float32)


@triton.jit
def by_keys(
    gradient,
    qkv,
    scale,
    bias,
    mask,
    sums,
    dqkv,
    windows,
    rows,
    columns,
    heads,
    shares,
    TOKENS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    QUERIES: tl.constexpr,
    KEYS: tl.constexpr,
    CHANNELS: tl.constexpr,
    COSINE: tl.constexpr,
    MASKED: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """dk and dv of some of the keys, from all queries; everything is transposed."""
    share, head = tl.program_id(0), tl.program_id(1)
    keys = tl.program_id(2) * KEYS + tl.arange(0, KEYS)
    queries = tl.arange(0, QUERIES)
    channels = tl.arange(0, CHANNELS)
    dim = heads * HEAD_DIM
    factor = tl.load(scale + head).to(tl.float32)
    added = load_turned(bias + head * TOKENS * TOKENS, keys, queries, TOKENS)
    for number in range(share, windows, shares):
        window = tl.cast(number, tl.int64)
        at = window * TOKENS * 3 * dim + head * HEAD_DIM
        q = load_rows(qkv + at, queries, channels, 3 * dim, TOKENS, HEAD_DIM)
        k = load_rows(qkv + at + dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        v = load_rows(qkv + at + 2 * dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        place = gradient + window * TOKENS * dim + head * HEAD_DIM
        g = load_rows(place, queries, channels, dim, TOKENS, HEAD_DIM)
        k_used = k
        if COSINE:
            k_inverse = inverse_length(k)
            q, k_used = unit(q, inverse_length(q)), unit(k, k_inverse)
        scores = product(k_used, tl.trans(q), PRECISION) * factor + added
        if MASKED:
            kind = window_kind(window, rows, columns)
            scores += load_turned(mask + kind * TOKENS * TOKENS, keys, queries, TOKENS)
        kept = sums + (window * heads + head) * 3 * TOKENS + queries
        # Queries that are padding get no weight.
        largest = tl.load(kept, mask=queries < TOKENS, other=float("inf"))
        total = tl.load(kept + TOKENS, mask=queries < TOKENS, other=1.0)
        delta = tl.load(kept + 2 * TOKENS, mask=queries < TOKENS, other=0.0)
        weights = tl.exp(scores - largest[None, :]) / total[None, :]
        dv = product(weights.to(g.dtype), g, PRECISION)
        store_rows(dqkv + at + 2 * dim, dv, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        dweights = product(v, tl.trans(g), PRECISION)
        dscores = weights * (dweights - delta[None, :])
        dk = product(dscores.to(q.dtype), q, PRECISION) * factor
        if COSINE:
            dk = through_unit(dk, k, k_inverse)
        store_rows(dqkv + at + dim, dk, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
