"""SimMIM: a network learns from pictures alone by filling in what is hidden from it.

A learnable token takes the place of every hidden patch, the encoder is otherwise unchanged, and one
linear layer (a 1x1 convolution and a pixel shuffle) turns its last map into a picture. The loss is
the mean absolute difference on the hidden pixels only.

Source: arXiv:2111.09886, sections 3.1 to 3.4.
"""

import torch
from torch import Tensor, nn

from swinsr.errors import ShapeMismatchError
from swinsr.models.imagenet import IMAGENET_MEAN, IMAGENET_STD
from swinsr.models.restoration import RestorationNetwork
from swinsr.models.swin import SwinTransformer

Encoder = RestorationNetwork | SwinTransformer

GRAY = 0.299, 0.587, 0.114  # weights of R, G and B in the luma that gray networks see


class MaskedImageModel(nn.Module):
    """An encoder, the token that stands for what is hidden, and the one-layer decoder.

    The encoder is a hierarchical network, of which everything but the classifier is used, or a
    restoration network, of which everything but the head is.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, encoder: Encoder) -> None:
        """Wrap an encoder; its weights stay as they are, token and decoder are fresh."""
        super().__init__()
        self.encoder = encoder
        channels, dim = encoder.config.in_chans, encoder.config.embed_dim
        features = dim
        self.patch = self.stride = 1
        if isinstance(encoder, SwinTransformer):
            features = encoder.config.features
            self.patch = encoder.config.patch_size
            self.stride = encoder.config.stride
        self.mask_token = nn.Parameter(torch.zeros(dim))
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        self.decoder = nn.Sequential(
            nn.Conv2d(features, self.stride**2 * channels, kernel_size=1),
            nn.PixelShuffle(self.stride),
        )
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            of_rgb = torch.tensor(values)
            if channels != 3:
                of_rgb = (of_rgb * torch.tensor(GRAY)).sum().expand(channels)
            self.register_buffer(name, of_rgb.reshape(1, -1, 1, 1).clone(), persistent=False)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Reconstruct pictures.

        Args:
            image: (batch, C, H, W) in 0..1; H and W are multiples of `stride`, and of the window
                for restoration networks.
            mask: (batch, H, W), true where pixels are hidden; constant over each of the encoder's
                patches.

        Returns:
            (batch, C, H, W), normalised: 0 is ImageNet's mean, 1 its standard deviation.

        Raises:
            ShapeMismatchError: other shapes, or sides that do not divide.
        """
        self._check(image, mask)
        if isinstance(self.encoder, SwinTransformer):
            features = self._hierarchical(self.encoder, image, mask)
        else:
            features = self._restoration(self.encoder, image, mask)
        out: Tensor = self.decoder(features)
        return out

    def loss(self, image: Tensor, mask: Tensor) -> Tensor:
        """Mean absolute difference of the reconstruction on hidden pixels, normalised; a scalar."""
        return masked_l1(self(image, mask).float(), self.normalise(image), mask)

    def fill(self, image: Tensor, mask: Tensor) -> Tensor:
        """The picture (batch, C, H, W) in 0..1 with its hidden pixels reconstructed."""
        restored = self(image, mask).float() * self.std + self.mean
        return torch.where(mask[:, None], restored, image)

    def normalise(self, image: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 to what is reconstructed."""
        return (image - self.mean) / self.std

    def hide(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Put the mask token where patches are hidden: (batch, H, W, dim) -> the same."""
        hidden = mask[:, :: self.patch, :: self.patch, None]
        return torch.where(hidden, self.mask_token.to(tokens.dtype), tokens)

    def _hierarchical(self, encoder: SwinTransformer, image: Tensor, mask: Tensor) -> Tensor:
        tokens = self.hide(encoder.patch_embed(self.normalise(image)), mask)
        return encoder.run_layers(encoder.place(tokens)).permute(0, 3, 1, 2)

    def _restoration(self, encoder: RestorationNetwork, image: Tensor, mask: Tensor) -> Tensor:
        """As the network's own forward, up to the head.

        Hidden pixels are set to the mean before the first convolution, which would else carry
        them one pixel into what is seen.
        """
        centred = (image - encoder.mean) * encoder.config.img_range
        first = encoder.conv_first(centred.masked_fill(mask[:, None], 0))
        tokens = encoder.place(self.hide(encoder.patch_embed(first), mask))
        out: Tensor = encoder.conv_after_body(encoder.run_layers(tokens)) + first
        return out

    def _check(self, image: Tensor, mask: Tensor) -> None:
        channels = self.encoder.config.in_chans
        if image.ndim != 4 or image.shape[1] != channels or not image.numel():
            raise ShapeMismatchError(
                f"the model takes (batch, {channels}, height, width), not {tuple(image.shape)}"
            )
        if mask.shape != (image.shape[0], *image.shape[2:]):
            raise ShapeMismatchError(
                f"the mask is (batch, height, width) as the picture's {tuple(image.shape)}, not "
                f"{tuple(mask.shape)}"
            )
        unit = self.stride
        if isinstance(self.encoder, RestorationNetwork):
            unit = self.encoder.config.window_size
        if image.shape[2] % unit or image.shape[3] % unit:
            raise ShapeMismatchError(
                f"both sides are multiples of {unit}, not {image.shape[2]}x{image.shape[3]}"
            )


def masked_l1(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference over the hidden pixels of all channels.

    Args:
        output, target: (batch, C, H, W).
        mask: (batch, H, W), true where pixels are hidden.

    Source: arXiv:2111.09886, eq. 1; the published 1e-5 keeps an empty mask from dividing by zero.
    """
    hidden = mask[:, None].to(output.dtype)
    difference = (output - target).abs() * hidden
    return difference.sum() / (hidden.sum() + 1e-5) / output.shape[1]
