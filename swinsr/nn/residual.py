"""Residual Swin transformer blocks (RSTB): Swin blocks, a convolution, and a residual around."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from swinsr.errors import ConfigError
from swinsr.nn.block import SwinBlock
from swinsr.nn.patch import PatchEmbed, to_image


def residual_convolution(dim: int, connection: str) -> nn.Module:
    """The convolution that ends a group and the body: one 3x3, or a bottleneck of three.

    Raises:
        ConfigError: `connection` is neither "1conv" nor "3conv".
    """
    if connection == "1conv":
        return nn.Conv2d(dim, dim, 3, 1, 1)
    if connection == "3conv":
        return nn.Sequential(
            nn.Conv2d(dim, dim // 4, 3, 1, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(dim // 4, dim // 4, 1, 1, 0),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(dim // 4, dim, 3, 1, 1),
        )
    raise ConfigError(f"resi_connection is '1conv' or '3conv', not {connection!r}")


class ResidualGroup(nn.Module):
    """Swin blocks in a row, every second one shifted."""

    def __init__(
        self,
        block: type[SwinBlock],
        dim: int,
        depth: int,
        heads: int,
        window: int,
        shift: int,
        drop_path: Sequence[float],
        **options: Any,
    ) -> None:
        """`drop_path` has one rate a block; `options` go to every block."""
        super().__init__()
        self.blocks = nn.ModuleList(
            block(dim, heads, window, shift * (i % 2), drop_path=drop_path[i], **options)
            for i in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, H, W, C) -> the same."""
        for block in self.blocks:
            x = block(x)
        return x


class RSTB(nn.Module):
    """Residual Swin transformer block (SwinIR, arXiv:2108.10257, eq. 6)."""

    def __init__(self, group: ResidualGroup, dim: int, *, connection: str, project: bool) -> None:
        """`project` adds Swin2SR's 1x1 convolution after the group's own."""
        super().__init__()
        self.residual_group = group
        self.conv = residual_convolution(dim, connection)
        self.patch_embed = PatchEmbed(dim, project=project, norm=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, H, W, C) -> the same."""
        out: Tensor = self.patch_embed(self.conv(to_image(self.residual_group(x)))) + x
        return out
