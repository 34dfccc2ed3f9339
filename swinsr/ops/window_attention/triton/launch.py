"""Starts the Triton kernels of window attention: sizes of blocks, numbers of programs, sums."""

import functools

import torch
import triton
from torch import Tensor

from swinsr.ops.window_attention.triton import backward as kernel_backward
from swinsr.ops.window_attention.triton import forward as kernel

# Below these sizes matrix units cannot work.
LEAST_TOKENS, LEAST_CHANNELS = 16, 16
# Scores that a program holds at a time: a window of 8 whole, larger ones a few rows at a time.
LARGEST_TILE = 64 * 64
PROGRAMS_PER_PROCESSOR = 8
PROGRAMS_IN_INTERPRETER = 6


@functools.cache
def _programs(device: torch.device) -> int:
    """How many programs to start in all; each then takes windows in turn."""
    if device.type != "cuda":
        return PROGRAMS_IN_INTERPRETER
    processors: int = torch.cuda.get_device_properties(device).multi_processor_count
    return PROGRAMS_PER_PROCESSOR * processors


class _Sizes:
    """What all kernels of one call are started with."""

    def __init__(self, qkv: Tensor, heads: int, *, largest_tile: int = LARGEST_TILE) -> None:
        self.windows, self.tokens, channels = qkv.shape
        self.on_cpu, self.halves = qkv.device.type == "cpu", qkv.element_size() == 2
        self.heads, self.head_dim = heads, channels // (3 * heads)
        self.padded = max(triton.next_power_of_2(self.tokens), LEAST_TOKENS)
        self.channels = max(triton.next_power_of_2(self.head_dim), LEAST_CHANNELS)
        self.tile = min(max(largest_tile // self.padded, LEAST_TOKENS), self.padded)
        self.tiles = triton.cdiv(self.tokens, self.tile)
        wanted = triton.cdiv(_programs(qkv.device), heads * self.tiles)
        self.shares = max(min(self.windows, wanted), 1)
        self.grid = (self.shares, heads, self.tiles)

    def constants(self, *, cosine: bool, masked: bool) -> dict[str, object]:
        """Keywords of every kernel."""
        # PyTorch's own switch decides whether float32 products may be rounded on the way.
        exact = torch.get_float32_matmul_precision() == "highest"
        precision = "ieee" if exact else "tf32"
        return {
            "TOKENS": self.tokens,
            "HEAD_DIM": self.head_dim,
            "CHANNELS": self.channels,
            "COSINE": cosine,
            "MASKED": masked,
            "PRECISION": "wide" if self.on_cpu and self.halves else precision,
            # So that registers suffice; and with more stages float32 fills the shared memory.
            "num_warps": 8,
            "num_stages": 2 if self.halves else 1,
        }


def forward(
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> Tensor:
    """Attend inside each window; arguments and result as `swinsr::window_attention_triton`."""
    qkv, scale, bias = qkv.contiguous(), scale.contiguous(), bias.contiguous()
    out = qkv.new_empty(qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3)
    if not out.numel():
        return out
    sizes = _Sizes(qkv, heads)
    table = bias if mask is None else mask.contiguous()
    kernel.forward[sizes.grid](
        qkv,
        scale,
        bias,
        table,
        out,
        sizes.windows,
        rows,
        columns,
        heads,
        sizes.shares,
        QUERIES=sizes.tile,
        KEYS=sizes.padded,
        **sizes.constants(cosine=cosine, masked=mask is not None),
    )
    return out


def backward(
    gradient: Tensor,
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of qkv (its type), scale and bias (float32)."""
    qkv, scale, bias = qkv.contiguous(), scale.contiguous(), bias.contiguous()
    gradient = gradient.to(qkv.dtype).contiguous()
    dqkv = torch.empty_like(qkv)
    tokens = qkv.shape[1]
    if not qkv.numel():
        zeros = functools.partial(torch.zeros, dtype=torch.float32, device=qkv.device)
        return dqkv, zeros(heads), zeros(heads, tokens, tokens)
    sizes = _Sizes(qkv, heads)
    table = bias if mask is None else mask.contiguous()
    empty = functools.partial(torch.empty, dtype=torch.float32, device=qkv.device)
    dscale = empty(sizes.shares, heads, tokens)
    dbias = empty(sizes.shares, heads, tokens, tokens)
    whole = sizes.tiles == 1 and sizes.tile == sizes.padded
    sums = empty(0 if whole else sizes.windows * heads * 3 * tokens)
    numbers = (sizes.windows, rows, columns, heads, sizes.shares)
    constants = sizes.constants(cosine=cosine, masked=mask is not None)
    kernel_backward.by_queries[sizes.grid](
        gradient,
        qkv,
        scale,
        bias,
        table,
        dqkv,
        dscale,
        dbias,
        sums,
        *numbers,
        QUERIES=sizes.tile,
        KEYS=sizes.padded,
        WHOLE=whole,
        **constants,
    )
    if not whole:
        kernel_backward.by_keys[sizes.grid](
            gradient,
            qkv,
            scale,
            bias,
            table,
            sums,
            dqkv,
            *numbers,
            QUERIES=sizes.padded,
            KEYS=sizes.tile,
            **constants,
        )
    return dqkv, dscale.sum(dim=(0, 2)), dbias.sum(dim=0)
