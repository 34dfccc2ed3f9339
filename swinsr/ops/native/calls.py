"""The structures of `src/calls.h` and `src/team.cpp`, field by field."""

import ctypes

from torch import Tensor

_INTEGERS = "windows tokens heads head_dim rows columns cosine bfloat16 masks_interior shares"


class AttentionCall(ctypes.Structure):
    """Arguments of the attention kernels."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _INTEGERS.split()),
        ("qkv", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
        ("scale", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("mask", ctypes.c_void_p),
        ("bias_turned", ctypes.c_void_p),
        ("mask_turned", ctypes.c_void_p),
        ("scratch", ctypes.c_void_p),
        ("scratch_words", ctypes.c_int64),
        ("next", ctypes.c_void_p),
        ("dout", ctypes.c_void_p),
        ("dqkv", ctypes.c_void_p),
        ("dbias", ctypes.c_void_p),
        ("dscale", ctypes.c_void_p),
        ("share_sums", ctypes.c_void_p),
        ("share_words", ctypes.c_int64),
    )


def address(tensor: Tensor | None) -> int | None:
    """Where a tensor's values start; None for no tensor."""
    return None if tensor is None else tensor.data_ptr()


class Parameter(ctypes.Structure):
    """A weight or bias and its gradient."""

    _fields_ = (("value", ctypes.c_void_p), ("gradient", ctypes.c_void_p))


BLOCK_PARAMETERS = (
    *("norm1_weight", "norm1_bias", "qkv_weight", "qkv_bias", "proj_weight", "proj_bias"),
    *("norm2_weight", "norm2_bias", "fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"),
)
_BLOCK_INTEGERS = "batch height width window shift channels heads hidden version bfloat16 shares"


class BlockCall(ctypes.Structure):
    """Arguments of the block kernels."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _BLOCK_INTEGERS.split()),
        ("x", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
        ("dout", ctypes.c_void_p),
        ("dx", ctypes.c_void_p),
        ("scale", Parameter),
        ("bias", Parameter),
        ("mask", ctypes.c_void_p),
        *((name, Parameter) for name in BLOCK_PARAMETERS),
        ("prepared", ctypes.c_void_p),
        ("scratch", ctypes.c_void_p),
        ("scratch_words", ctypes.c_int64),
        ("next", ctypes.c_void_p),
        ("share_sums", ctypes.c_void_p),
        ("share_words", ctypes.c_int64),
    )


_CONVOLUTION_INTEGERS = (
    "batch height width inputs outputs top rows nearest shuffle add bfloat16 shares "
    "x_image out_image"
)


class ConvolutionCall(ctypes.Structure):
    """Arguments of the convolution's kernels."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in _CONVOLUTION_INTEGERS.split()),
        ("x", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
        ("weight", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("prepared", ctypes.c_void_p),
        ("scratch", ctypes.c_void_p),
        ("scratch_words", ctypes.c_int64),
        ("next", ctypes.c_void_p),
        ("slope", ctypes.c_float),
    )


class Team(ctypes.Structure):
    """A kernel, its call, and the threads that are to run it."""

    _fields_ = (
        ("kernel", ctypes.c_void_p),
        ("call", ctypes.c_void_p),
        ("next", ctypes.c_int64),
        ("threads", ctypes.c_int64),
    )
