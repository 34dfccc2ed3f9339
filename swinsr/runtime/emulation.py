"""16-bit types on processors that do not multiply them.

There the operands are rounded to the type, multiplied and summed as float32, and the result is
rounded: the numbers that a processor with the type gives, within the order of its sums. It is
slower than float32 alone (PyTorch's own way, a loop without vectors, is slower still by 6 to 8
times), so that "auto" never chooses it: it serves comparison with another machine.
"""

import functools
import os

import torch

from swinsr.ops.backend import NATIVE_DTYPES, attention_backend
from swinsr.ops.native.library import kernels as compiled

# oneDNN's names of the instruction sets that do not multiply bfloat16.
_WITHOUT = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")


def is_native(device: torch.device, dtype: torch.dtype, *, by_kernels: bool) -> bool:
    """Whether what runs a network multiplies a type natively.

    Args:
        device: where it runs.
        dtype: of the products.
        by_kernels: by the compiled kernels, which have float32 and bfloat16; else by PyTorch.
    """
    if dtype == torch.float32:
        return True
    if by_kernels:
        return dtype == torch.bfloat16 and bool(compiled().bfloat16())
    if device.type == "cuda":
        return dtype == torch.float16 or bool(
            torch.cuda.is_bf16_supported(including_emulation=False)
        )
    return device.type == "cpu" and not emulates(device, dtype)


def all_native(device: torch.device, dtype: torch.dtype, *, kernels: bool, pytorch: bool) -> bool:
    """Whether everything that runs a network multiplies a type natively.

    Args:
        device: where it runs.
        dtype: of the products.
        kernels: blocks run by the compiled kernels. Where they do not, their attention may.
        pytorch: something else is run by PyTorch. Blocks that no kernel runs always are.
    """
    attends = not kernels and attends_by_kernels(device, dtype)
    ways = [True] * (kernels or attends) + [False] * (pytorch or not kernels)
    return all(is_native(device, dtype, by_kernels=way) for way in ways)


def attends_by_kernels(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether attention is the compiled kernels', in blocks that run module by module."""
    if dtype not in NATIVE_DTYPES:
        return False
    return attention_backend("auto", device, dtype, dropout=0.0, trains=False) == "native"


def emulates(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether PyTorch's layers are run in float32 on values rounded to a type."""
    if device.type != "cpu" or dtype not in (torch.bfloat16, torch.float16):
        return False
    return dtype == torch.float16 or not _onednn_has_bfloat16()


@functools.cache
def _onednn_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 and oneDNN, as it is set, would have it do so."""
    if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
        return False
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or ""
    if limit.upper() in _WITHOUT:
        return False
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False
