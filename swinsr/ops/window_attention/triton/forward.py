"""Window attention in Triton, forward: a program takes one head, some queries, and windows in turn.

    out = softmax(scale_h * q @ k.T + bias_h + mask) @ v

The head's bias stays with the program; scores never leave it. Tokens and head dimension are padded
to powers of two by masked loads: padded keys score minus infinity, padded channels are zero.
Sums are float32 whatever the type.
"""

import triton
import triton.language as tl

# torch.nn.functional.normalize's: no vector counts as shorter.
SHORTEST = tl.constexpr(1e-12)


@triton.jit
def load_rows(start, rows, channels, stride, TOKENS: tl.constexpr, HEAD_DIM: tl.constexpr):
    """(rows, channels) of one head of one window, zero beyond its tokens and channels."""
    inside = (rows < TOKENS)[:, None] & (channels < HEAD_DIM)[None, :]
    return tl.load(start + rows[:, None] * stride + channels[None, :], mask=inside, other=0.0)


@triton.jit
def store_rows(start, value, rows, channels, stride, TOKENS: tl.constexpr, HEAD_DIM: tl.constexpr):
    """The reverse of `load_rows`."""
    inside = (rows < TOKENS)[:, None] & (channels < HEAD_DIM)[None, :]
    value = value.to(start.dtype.element_ty)
    tl.store(start + rows[:, None] * stride + channels[None, :], value, mask=inside)


@triton.jit
def product(a, b, PRECISION: tl.constexpr):
    """a @ b in float32; "wide" widens 16 bits first, which Triton's interpreter needs."""
    if PRECISION == "wide":
        result = tl.dot(a.to(tl.float32), b.to(tl.float32), input_precision="ieee")
    else:
        result = tl.dot(a, b, input_precision=PRECISION)
    return result


@triton.jit
def inverse_length(x):
    """One over the length of each row, in float32."""
    wide = x.to(tl.float32)
    return 1.0 / tl.maximum(tl.sqrt(tl.sum(wide * wide, axis=1)), SHORTEST)


@triton.jit
def unit(x, inverse):
    """Rows of length 1, in x's type."""
    return (x.to(tl.float32) * inverse[:, None]).to(x.dtype)


@triton.jit
def load_scores(start, queries, keys, TOKENS: tl.constexpr):
    """(queries, keys) of a (tokens, tokens) table; minus infinity for keys that are padding."""
    inside = (queries < TOKENS)[:, None] & (keys < TOKENS)[None, :]
    value = tl.load(start + queries[:, None] * TOKENS + keys[None, :], mask=inside, other=0.0)
    return tl.where((keys < TOKENS)[None, :], value.to(tl.float32), float("-inf"))


@triton.jit
def window_kind(window, rows, columns):
    """Which of the four masks a window takes; see `swinsr.ops.window`."""
    place = window % (rows * columns)
    below = (place // columns == rows - 1).to(tl.int64)
    right = (place % columns == columns - 1).to(tl.int64)
    return 2 * below + right


@triton.jit
def forward(
    qkv,
    scale,
    bias,
    mask,
    out,
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
    """See the module."""
    share, head = tl.program_id(0), tl.program_id(1)
    queries = tl.program_id(2) * QUERIES + tl.arange(0, QUERIES)
    keys = tl.arange(0, KEYS)
    channels = tl.arange(0, CHANNELS)
    dim = heads * HEAD_DIM
    factor = tl.load(scale + head).to(tl.float32)
    added = load_scores(bias + head * TOKENS * TOKENS, queries, keys, TOKENS)
    for number in range(share, windows, shares):
        window = tl.cast(number, tl.int64)
        start = qkv + window * TOKENS * 3 * dim + head * HEAD_DIM
        q = load_rows(start, queries, channels, 3 * dim, TOKENS, HEAD_DIM)
        k = load_rows(start + dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        v = load_rows(start + 2 * dim, keys, channels, 3 * dim, TOKENS, HEAD_DIM)
        if COSINE:
            q = unit(q, inverse_length(q))
            k = unit(k, inverse_length(k))
        scores = product(q, tl.trans(k), PRECISION) * factor + added
        if MASKED:
            kind = window_kind(window, rows, columns)
            scores += load_scores(mask + kind * TOKENS * TOKENS, queries, keys, TOKENS)
        weights = tl.exp(scores - tl.max(scores, axis=1)[:, None])
        total = tl.sum(weights, axis=1)
        result = product(weights.to(v.dtype), v, PRECISION) / total[:, None]
        to = out + window * TOKENS * dim + head * HEAD_DIM
        store_rows(to, result, queries, channels, dim, TOKENS, HEAD_DIM)
