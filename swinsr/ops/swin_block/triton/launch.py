"""Starts the two kernels of a block: sizes of tiles, numbers of programs."""

import torch
import triton
from torch import Tensor

from swinsr.ops.swin_block.triton.attention import attention_half
from swinsr.ops.swin_block.triton.mlp import mlp_half

EPSILON = 1e-5  # of the norms
LEAST = 16  # below which matrix units cannot work
# Scores that a program holds at a time: a window of 8 whole, larger ones a few rows at a time.
LARGEST_TILE = 64 * 64
PIXELS, PIECE = 64, 32


def attention_into(
    out: Tensor,
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    norm_weight: Tensor,
    norm_bias: Tensor,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    window: int,
    shift: int,
    heads: int,
    version: int,
) -> None:
    """See `swinsr::block_attention_triton`."""
    batch, height, width, dim = x.shape
    tokens, head_dim = window * window, dim // heads
    keys = max(triton.next_power_of_2(tokens), LEAST)
    queries = min(max(LARGEST_TILE // keys, LEAST), keys)
    tiles = triton.cdiv(tokens, queries)
    # Programs that share a window must not overwrite what the others still read.
    aliased = tiles > 1 and out.data_ptr() == x.data_ptr()
    to = torch.empty_like(x) if aliased else out
    windows = batch * (height // window) * (width // window)
    attention_half[(windows, tiles)](
        x,
        to,
        scale,
        bias,
        bias if mask is None else mask,
        norm_weight,
        norm_bias,
        qkv_weight,
        qkv_bias,
        proj_weight,
        proj_bias,
        height,
        width,
        shift,
        EPSILON,
        WINDOW=window,
        HEADS=heads,
        HEAD_DIM=head_dim,
        QUERIES=queries,
        KEYS=keys,
        CHANNELS=max(triton.next_power_of_2(dim), LEAST),
        HEAD=max(triton.next_power_of_2(head_dim), LEAST),
        COSINE=version == 2,
        MASKED=mask is not None,
        WHOLE=tiles == 1,
        **_common(x, qkv_weight),
    )
    if aliased:
        out.copy_(to)


def mlp_into(
    out: Tensor,
    x: Tensor,
    norm_weight: Tensor,
    norm_bias: Tensor,
    fc1_weight: Tensor,
    fc1_bias: Tensor,
    fc2_weight: Tensor,
    fc2_bias: Tensor,
    version: int,
) -> None:
    """See `swinsr::block_mlp_triton`."""
    dim = x.shape[-1]
    pixels = x.numel() // dim
    mlp_half[(triton.cdiv(pixels, PIXELS),)](
        x,
        out,
        norm_weight,
        norm_bias,
        fc1_weight,
        fc1_bias,
        fc2_weight,
        fc2_bias,
        pixels,
        EPSILON,
        DIM=dim,
        HIDDEN=fc1_weight.shape[0],
        PIXELS=PIXELS,
        CHANNELS=max(triton.next_power_of_2(dim), LEAST),
        PIECE=PIECE,
        V2=version == 2,
        **_common(x, fc1_weight),
    )


def _common(x: Tensor, weight: Tensor) -> dict[str, object]:
    """Keywords of both kernels."""
    halves = weight.element_size() == 2
    exact = torch.get_float32_matmul_precision() == "highest"
    precision = "ieee" if exact else "tf32"
    return {
        # Triton's interpreter does not multiply 16 bits.
        "PRECISION": "wide" if halves and x.device.type == "cpu" else precision,
        "num_warps": 8,
        "num_stages": 1,
    }
