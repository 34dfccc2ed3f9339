"""The MLP half of a block: norm, two linear layers with GELU between them, and residual.

A program takes some pixels and goes through the hidden values in pieces: what the first layer gives
is at once multiplied into the second's sums and never leaves the processor.
"""

import triton
import triton.language as tl

from swinsr.ops.swin_block.triton.parts import normed, rows_of, tile, weighed
from swinsr.ops.window_attention.triton.forward import product

HALF_ROOT = tl.constexpr(0.7071067811865476)


@triton.jit
def mlp_half(
    x,
    out,
    norm_weight,
    norm_bias,
    weight_1,
    bias_1,
    weight_2,
    bias_2,
    pixels,
    eps,
    DIM: tl.constexpr,
    HIDDEN: tl.constexpr,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
    PIECE: tl.constexpr,
    V2: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """See the module. In V2 the norm comes after the second layer."""
    places = tl.program_id(0).to(tl.int64) * PIXELS + tl.arange(0, PIXELS)
    channels = tl.arange(0, CHANNELS)
    inside = (places < pixels)[:, None] & (channels < DIM)[None, :]
    source = rows_of(x, places, channels, inside, DIM)
    y = source
    if not V2:
        y = normed(source, inside, eps, DIM)
    y = y.to(weight_1.dtype.element_ty)
    total = tl.zeros([PIXELS, CHANNELS], dtype=tl.float32)
    for start in range(0, HIDDEN, PIECE):
        hidden = start + tl.arange(0, PIECE)
        a = product(y, tile(weight_1, channels, hidden, DIM, DIM, HIDDEN), PRECISION)
        a += tl.load(bias_1 + hidden, mask=hidden < HIDDEN, other=0.0)[None, :]
        a = 0.5 * a * (1.0 + tl.erf(a * HALF_ROOT))
        turned = tile(weight_2, hidden, channels, HIDDEN, HIDDEN, DIM)
        total += product(a.to(y.dtype), turned, PRECISION)
    total += tl.load(bias_2 + channels, mask=channels < DIM, other=0.0)[None, :]
    if V2:
        total = weighed(normed(total, inside, eps, DIM), norm_weight, norm_bias, channels, DIM)
    tl.store(out + places[:, None] * DIM + channels[None, :], source + total, mask=inside)
