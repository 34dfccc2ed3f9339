"""Layers between pictures and tokens. Tokens stay a (batch, H, W, C) map: no flattening."""

from torch import Tensor, nn


def to_tokens(x: Tensor) -> Tensor:
    """(batch, C, H, W) -> (batch, H, W, C), a view."""
    return x.permute(0, 2, 3, 1)


def to_image(x: Tensor) -> Tensor:
    """(batch, H, W, C) -> (batch, C, H, W), a view in channels-last order."""
    return x.permute(0, 3, 1, 2)


class PatchEmbed(nn.Module):
    """Patches of one pixel: an optional 1x1 projection (Swin2SR) and an optional norm."""

    def __init__(self, dim: int, *, project: bool, norm: bool) -> None:
        """Keep `dim` channels; the published names are `proj` and `norm`."""
        super().__init__()
        self.proj = nn.Conv2d(dim, dim, kernel_size=1) if project else nn.Identity()
        self.norm = nn.LayerNorm(dim) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, C, H, W) -> (batch, H, W, C)."""
        out: Tensor = self.norm(to_tokens(self.proj(x)))
        return out
