"""Swin2SR (arXiv:2209.11345): V2 attention, 1x1 projections, two further heads."""

from typing import Any

from torch import Tensor, nn

from swinsr.models.config import Swin2SRConfig
from swinsr.models.restoration import RestorationNetwork
from swinsr.nn.block import SwinBlockV2
from swinsr.nn.heads import PixelShuffleAuxHead, PixelShuffleHFHead


class Swin2SR(RestorationNetwork):
    """Swin2SR in every published configuration."""

    config: Swin2SRConfig
    block = SwinBlockV2
    projects = True

    def attention_options(self) -> dict[str, Any]:
        """Keywords for the attention module that only this family has."""
        return {"pretrained_window": self.config.pretrained_window_size}

    def make_head(self) -> nn.Module:
        """The head that the configuration's `upsampler` names."""
        config = self.config
        args = (config.embed_dim, config.in_chans, config.upscale)
        if config.upsampler == "pixelshuffle_aux":
            return PixelShuffleAuxHead(*args)
        if config.upsampler == "pixelshuffle_hf":
            return PixelShuffleHFHead(
                *args, layers_hf=self.make_layers(), embed=self.embed, finish=self.finish
            )
        return super().make_head()

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Restore pictures.

        Args:
            x: (batch, in_chans, H, W) floats in 0..1, any H, W >= 1.

        Returns:
            The picture (batch, in_chans, H * scale, W * scale). With the auxiliary head (picture,
            low-resolution picture of the padded size); with the high-frequency head (picture
            without high frequencies, picture, high frequencies), each as published.

        Raises:
            ShapeMismatchError: not four dimensions, or another number of channels.
        """
        out = self.forward_head(x)
        if self.config.upsampler == "pixelshuffle_hf":
            plain, high = (t[..., : out.image.shape[-2], : out.image.shape[-1]] for t in out.aux)
            return plain, out.image, high
        return (out.image, *out.aux) if out.aux else out.image
