"""Batches of tensors as pictures, and back."""

import numpy as np
import torch
from torch import Tensor

from swinsr.errors import PictureTypeError, ShapeMismatchError
from swinsr.image.arrays import from_array, to_array
from swinsr.image.picture import Image

_TYPES = (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64)


def from_tensor(batch: Tensor) -> list[Image]:
    """The pictures of (N, C, H, W) or the one of (C, H, W), C from 1 to 4; on the CPU.

    Raises:
        PictureTypeError: neither uint8 nor floating point.
        ShapeMismatchError: a tensor that is no batch of pictures.
    """
    if batch.dtype not in _TYPES:
        raise PictureTypeError(
            f"a tensor of pictures is uint8, or floating point in 0..1, not {batch.dtype}"
        )
    if batch.ndim not in (3, 4) or 0 in batch.shape or not 1 <= batch.shape[-3] <= 4:
        raise ShapeMismatchError(
            "a tensor of pictures is (batch, 1 to 4 channels, height, width) or (channels, height, "
            f"width), not {tuple(batch.shape)}"
        )
    planes = batch.detach().cpu()
    if planes.dtype != torch.uint8:
        planes = planes.to(torch.float32)
    last = planes.unsqueeze(0) if planes.ndim == 3 else planes
    return [from_array(np.ascontiguousarray(one.numpy())) for one in last.permute(0, 2, 3, 1)]


def to_tensor(images: list[Image], like: Tensor) -> Tensor:
    """What `from_tensor` took, of the same kind, type and device."""
    arrays = [torch.from_numpy(to_array(image)).permute(2, 0, 1) for image in images]
    stacked = torch.stack(arrays).to(like.device, like.dtype)
    return stacked[0] if like.ndim == 3 else stacked
