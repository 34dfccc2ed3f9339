"""In which precision a network runs, and which of its parts compute in 16 bits.

Swin blocks have their own preparation (`fast_block`). Of the convolutions all do but the first,
whose input is the picture, and those that make a picture: bfloat16 has 8 bits there, and rounding
to them would show.
"""

import copy
import functools
import threading
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.backends import cudnn

from swinsr.errors import ConfigError
from swinsr.models import RestorationNetwork
from swinsr.runtime.emulation import emulates

FIRST = ("conv_first", "patch_embed.proj")
LAST = ("conv_last", "conv_last_hf")
_DTYPES = {
    "auto": torch.float32,
    "float32": torch.float32,
    "tf32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
PRECISIONS = tuple(_DTYPES)
# The check that "auto" makes: how many values may move by more than one of 255 levels.
LEVEL, MOVED = 1.0 / 255.0, 1e-3


def check_tf32(device: torch.device) -> None:
    """Refuse TF32 where nothing has it.

    Raises:
        ConfigError: the device is no CUDA GPU.
    """
    if device.type != "cuda":
        raise ConfigError(
            f"tf32 is a precision of CUDA GPUs and the network is on {device.type}; use float32 or "
            "bfloat16"
        )


def dtype_of(precision: str, *, force_float16: bool = False) -> torch.dtype:
    """The type that a precision computes in; float32 for "auto", which is decided by a check.

    Args:
        precision: one of `PRECISIONS`.
        force_float16: take float16 in spite of what speaks against it.

    Raises:
        ConfigError: another name, or float16 that is not forced, with the reason.
    """
    if precision not in _DTYPES:
        raise ConfigError(f"unknown precision {precision!r}; choose from {', '.join(PRECISIONS)}")
    if precision == "float16" and not force_float16:
        raise ConfigError(
            "float16 overflows in these networks, whose features grow from group to group, and "
            "gives black pictures; use bfloat16, or force float16 where a network is known to "
            "stay below 65504 (--force, force_float16=True)"
        )
    return _DTYPES[precision]


@torch.inference_mode()
def bfloat16_is_near(
    network: RestorationNetwork,
    exact: Callable[[Tensor], Tensor],
    rough: Callable[[Tensor], Tensor],
) -> bool:
    """Whether a network in bfloat16 stays within a level of itself in float32, on a test picture.

    The picture is random colours, smoothed a little: edges everywhere, all brightnesses.
    """
    side, channels = 6 * network.config.window_size, network.config.in_chans
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, channels, side, side, generator=generator)
    picture = nn.functional.avg_pool2d(picture, 3, 1, 1).to(network.mean.device)
    difference = (exact(picture).clamp(0, 1) - rough(picture).clamp(0, 1)).abs()
    return bool((difference > LEVEL).float().mean() <= MOVED)


def with_rounded_convolutions(
    network: RestorationNetwork, dtype: torch.dtype
) -> RestorationNetwork:
    """A copy whose inner convolutions take any input, compute and answer in a 16-bit type."""
    network = copy.deepcopy(network)
    last = LAST if any(hasattr(network, name) for name in LAST) else ("upsample.0",)
    emulated = emulates(network.mean.device, dtype)
    for name, module in network.named_modules():
        if not isinstance(module, nn.Conv2d) or name in FIRST:
            continue
        if name in last:
            module.register_forward_pre_hook(_cast_input)
        elif emulated:
            module.to(dtype).float()
            module.register_forward_pre_hook(functools.partial(_round_input, dtype))
            module.register_forward_hook(functools.partial(_round_output, dtype))
        else:
            module.to(dtype)
            module.register_forward_pre_hook(_cast_input)
    return network


def _cast_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    assert isinstance(module, nn.Conv2d)
    return tuple(x.to(module.weight.dtype) for x in inputs)


def _round_input(
    dtype: torch.dtype, module: nn.Module, inputs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    return tuple(x.to(dtype).float() for x in inputs)


def _round_output(
    dtype: torch.dtype, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
) -> Tensor:
    return output.to(dtype)


class _Float32Products:
    """Context in which PyTorch multiplies float32 in one way, whatever a program has set.

    PyTorch's convolutions on a GPU take TF32 (10 bits) unless told otherwise, and a program may
    have lowered `torch.set_float32_matmul_precision` for itself. Its settings, which are of the
    whole process, are put back when the last thread leaves. While one thread wants float32 as such,
    those that allow TF32 get it too.
    """

    _lock = threading.Lock()
    _inside: ClassVar[list["_Float32Products"]] = []
    _found = ("highest", True)

    def __init__(self, *, tf32: bool) -> None:
        self._tf32 = tf32

    def __enter__(self) -> None:
        common = _Float32Products
        with self._lock:
            if not self._inside:
                common._found = (torch.get_float32_matmul_precision(), cudnn.allow_tf32)
            self._inside.append(self)
            self._apply()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside.remove(self)
            if self._inside:
                self._apply()
            else:
                self._set(*self._found)

    def _apply(self) -> None:
        tf32 = all(product._tf32 for product in self._inside)
        self._set("high" if tf32 else "highest", tf32)

    @staticmethod
    def _set(matmul: str, convolution: bool) -> None:
        if torch.get_float32_matmul_precision() != matmul:
            torch.set_float32_matmul_precision(matmul)
        if cudnn.allow_tf32 != convolution:
            cudnn.allow_tf32 = convolution


exact_float32 = _Float32Products(tf32=False)
tf32_products = _Float32Products(tf32=True)
