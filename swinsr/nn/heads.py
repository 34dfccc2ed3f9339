"""Reconstruction heads: features to a picture, one module for each published `upsampler`.

Every head is called with the body's features (batch, C, H, W), the normalised input picture
(batch, in_chans, H, W) and the unpadded (height, width), and returns a `HeadOutput`. Its children
carry the published names; a network adopts them as its own (`adopt_children`), so that official
files load without a table of names.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.errors import ConfigError

HEAD_CHANNELS = 64  # width of every published head with convolutions of its own


class HeadOutput(NamedTuple):
    """A head's pictures in the network's internal range.

    `image` is the result; `aux` are the further pictures a published network returns.
    """

    image: Tensor
    aux: tuple[Tensor, ...] = ()


def adopt_children(owner: nn.Module, part: nn.Module) -> None:
    """Register the children of `part` under `owner` by the same names."""
    for name, child in part.named_children():
        owner.add_module(name, child)


def pixel_shuffle_stages(channels: int, scale: int) -> nn.Sequential:
    """Convolutions and pixel shuffles that enlarge by 3 or by a power of 2.

    Raises:
        ConfigError: any other scale.
    """
    if scale == 3:
        factors = [3]
    elif scale > 0 and scale & (scale - 1) == 0:
        factors = [2] * (scale.bit_length() - 1)
    else:
        raise ConfigError(f"pixel shuffle enlarges by 3 or by a power of 2, not by {scale}")
    layers: list[nn.Module] = []
    for factor in factors:
        layers += [nn.Conv2d(channels, channels * factor**2, 3, 1, 1), nn.PixelShuffle(factor)]
    return nn.Sequential(*layers)


def before_upsample(dim: int) -> nn.Sequential:
    """The convolution that brings the body's width to the head's."""
    return nn.Sequential(nn.Conv2d(dim, HEAD_CHANNELS, 3, 1, 1), nn.LeakyReLU(inplace=True))


class PixelShuffleHead(nn.Module):
    """Classical super-resolution."""

    def __init__(self, dim: int, in_chans: int, scale: int) -> None:
        """From `dim` features to `in_chans` channels, enlarged by `scale`."""
        super().__init__()
        self.conv_before_upsample = before_upsample(dim)
        self.upsample = pixel_shuffle_stages(HEAD_CHANNELS, scale)
        self.conv_last = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        return HeadOutput(self.conv_last(self.upsample(self.conv_before_upsample(features))))


class PixelShuffleDirectHead(nn.Module):
    """Lightweight super-resolution: one convolution and one pixel shuffle."""

    def __init__(self, dim: int, in_chans: int, scale: int) -> None:
        """From `dim` features to `in_chans` channels, enlarged by `scale`."""
        super().__init__()
        self.upsample = nn.Sequential(
            nn.Conv2d(dim, scale**2 * in_chans, 3, 1, 1), nn.PixelShuffle(scale)
        )

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        return HeadOutput(self.upsample(features))


class NearestConvHead(nn.Module):
    """Real-world super-resolution: nearest-neighbour steps of 2, each with a convolution."""

    def __init__(self, dim: int, in_chans: int, scale: int) -> None:
        """From `dim` features to `in_chans` channels; scale is 2 or 4."""
        super().__init__()
        if scale not in (2, 4):
            raise ConfigError(f"upsampler 'nearest+conv' enlarges by 2 or 4, not by {scale}")
        self.conv_before_upsample = before_upsample(dim)
        self.conv_up1 = nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 3, 1, 1)
        if scale == 4:
            self.conv_up2 = nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 3, 1, 1)
        self.conv_hr = nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 3, 1, 1)
        self.conv_last = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)
        self.steps = [self.conv_up1, self.conv_up2] if scale == 4 else [self.conv_up1]

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        x = self.conv_before_upsample(features)
        for step in self.steps:
            x = F.leaky_relu(step(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return HeadOutput(self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2)))


class RestorationHead(nn.Module):
    """Denoising and JPEG artefact removal: a residual at the input's size."""

    def __init__(self, dim: int, in_chans: int) -> None:
        """From `dim` features to a correction of `in_chans` channels."""
        super().__init__()
        self.conv_last = nn.Conv2d(dim, in_chans, 3, 1, 1)

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        # With so few output channels the CPU's channels-last convolution adds up in one long chain,
        # at four times the rounding error: too much where img_range is 255.
        return HeadOutput(image + self.conv_last(features.contiguous()))


class PixelShuffleAuxHead(nn.Module):
    """Compressed super-resolution with an auxiliary low-resolution picture (arXiv:2209.11345)."""

    def __init__(self, dim: int, in_chans: int, scale: int) -> None:
        """From `dim` features to `in_chans` channels, enlarged by `scale`."""
        super().__init__()
        self.scale = scale
        self.conv_bicubic = nn.Conv2d(in_chans, HEAD_CHANNELS, 3, 1, 1)
        self.conv_before_upsample = before_upsample(dim)
        self.conv_aux = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)
        self.conv_after_aux = nn.Sequential(
            nn.Conv2d(in_chans, HEAD_CHANNELS, 3, 1, 1), nn.LeakyReLU(inplace=True)
        )
        self.upsample = pixel_shuffle_stages(HEAD_CHANNELS, scale)
        self.conv_last = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        height, width = size[0] * self.scale, size[1] * self.scale
        # The published network brings the padded picture to the unpadded output size. That
        # squeezes it where there is padding; whoever pads beforehand is not affected.
        enlarged = F.interpolate(image, size=(height, width), mode="bicubic", align_corners=False)
        aux = self.conv_aux(self.conv_before_upsample(features))
        x = self.upsample(self.conv_after_aux(aux))[:, :, :height, :width]
        return HeadOutput(self.conv_last(x + self.conv_bicubic(enlarged)), (aux,))


class PixelShuffleHFHead(nn.Module):
    """Two branches: a picture, and a second body that adds its high frequencies."""

    def __init__(
        self,
        dim: int,
        in_chans: int,
        scale: int,
        *,
        layers_hf: nn.ModuleList,
        embed: Callable[[Tensor], Tensor],
        finish: Callable[[Tensor], Tensor],
    ) -> None:
        """`embed` and `finish` are what the second body shares with the network's first."""
        super().__init__()
        self._shared = (embed, finish)  # a tuple, so that they are not registered twice
        self.layers_hf = layers_hf
        self.conv_before_upsample = before_upsample(dim)
        self.upsample = pixel_shuffle_stages(HEAD_CHANNELS, scale)
        self.upsample_hf = pixel_shuffle_stages(HEAD_CHANNELS, scale)
        self.conv_last = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)
        self.conv_first_hf = nn.Sequential(
            nn.Conv2d(HEAD_CHANNELS, dim, 3, 1, 1), nn.LeakyReLU(inplace=True)
        )
        self.conv_after_body_hf = nn.Conv2d(dim, dim, 3, 1, 1)
        self.conv_before_upsample_hf = before_upsample(dim)
        self.conv_last_hf = nn.Conv2d(HEAD_CHANNELS, in_chans, 3, 1, 1)

    def forward(self, features: Tensor, image: Tensor, size: tuple[int, int]) -> HeadOutput:
        """See the module's docstring."""
        embed, finish = self._shared
        before = self.conv_before_upsample(features)
        plain = self.plain(before)
        first = self.conv_first_hf(before)
        tokens = embed(first)
        for layer in self.layers_hf:
            tokens = layer(tokens)
        high = self.conv_after_body_hf(finish(tokens)) + first
        high = self.high(high)
        return HeadOutput(plain + high, (plain, high))

    def plain(self, before: Tensor) -> Tensor:
        """The first branch's picture, from what `conv_before_upsample` gives."""
        out: Tensor = self.conv_last(self.upsample(before))
        return out

    def high(self, features: Tensor) -> Tensor:
        """The second branch's picture, from its body's features."""
        out: Tensor = self.conv_last_hf(self.upsample_hf(self.conv_before_upsample_hf(features)))
        return out
