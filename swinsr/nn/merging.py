"""Layers that make a hierarchical network's maps smaller: patches of pixels, and patch merging."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.nn.patch import to_tokens


def pad_with_zeros(x: Tensor, multiple: int) -> Tensor:
    """Zeros at the bottom and right of a map, up to the next multiple.

    Args:
        x: (batch, H, W, C).
        multiple: what both sides shall divide by.

    Returns:
        (batch, H', W', C) with H <= H' < H + multiple, the same for W.
    """
    below, right = -x.shape[1] % multiple, -x.shape[2] % multiple
    return F.pad(x, (0, 0, 0, right, 0, below)) if below or right else x


class PatchProjection(nn.Module):
    """Cut a picture into square patches and project each to a token (arXiv:2103.14030, fig. 3)."""

    def __init__(self, patch: int, in_chans: int, dim: int, *, norm: bool) -> None:
        """Patches of `patch` x `patch` pixels; the published names are `proj` and `norm`."""
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv2d(in_chans, dim, kernel_size=patch, stride=patch)
        self.norm = nn.LayerNorm(dim) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_chans, H, W) -> (batch, ceil(H / patch), ceil(W / patch), dim).

        A picture that the patches do not divide is padded with zeros at the bottom and right.
        """
        below, right = -x.shape[2] % self.patch, -x.shape[3] % self.patch
        if below or right:
            x = F.pad(x, (0, right, 0, below))
        out: Tensor = self.norm(to_tokens(self.proj(x)))
        return out


class PatchMerging(nn.Module):
    """V1: 2 x 2 neighbours side by side, norm, then a linear map to twice the channels."""

    def __init__(self, dim: int) -> None:
        """From `dim` to `2 * dim` channels."""
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = nn.LayerNorm(self.norm_width(dim))

    def norm_width(self, dim: int) -> int:
        """Channels that the norm sees."""
        return 4 * dim

    def combine(self, x: Tensor) -> Tensor:
        """Norm and linear map: (..., 4 * dim) -> (..., 2 * dim)."""
        out: Tensor = self.reduction(self.norm(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """(batch, H, W, dim) -> (batch, ceil(H / 2), ceil(W / 2), 2 * dim).

        An odd side is padded with zeros at its end.
        """
        x = pad_with_zeros(x, 2)
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.combine(torch.cat(corners, dim=-1))


class PatchMergingV2(PatchMerging):
    """V2: the norm comes after the linear map."""

    def norm_width(self, dim: int) -> int:
        """Channels that the norm sees."""
        return 2 * dim

    def combine(self, x: Tensor) -> Tensor:
        """Linear map and norm: (..., 4 * dim) -> (..., 2 * dim)."""
        out: Tensor = self.norm(self.reduction(x))
        return out
