"""The network that SwinIR and Swin2SR share: shallow features, a body of RSTBs, a head.

Source: SwinIR, arXiv:2108.10257, figure 2.
"""

from os import PathLike
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.errors import ShapeMismatchError
from swinsr.models.config import RestorationConfig
from swinsr.models.pretrained import load_pretrained
from swinsr.nn.block import SwinBlock
from swinsr.nn.heads import (
    HeadOutput,
    NearestConvHead,
    PixelShuffleDirectHead,
    PixelShuffleHead,
    RestorationHead,
    adopt_children,
)
from swinsr.nn.patch import PatchEmbed, to_image, to_tokens
from swinsr.nn.residual import RSTB, ResidualGroup, residual_convolution
from swinsr.ops.pad import pad_to_multiple

Network = TypeVar("Network", bound="RestorationNetwork")

RGB_MEAN = (0.4488, 0.4371, 0.4040)  # of DIV2K, as the published networks subtract it
DERIVED_BUFFERS = ("relative_position_index", "relative_coords_table", "attn_mask", "mean")


def drop_derived_buffers(module: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    """Load hook: indices, coordinates and masks follow from the configuration, not from a file."""
    for key in [k for k in state if k.rpartition(".")[2] in DERIVED_BUFFERS]:
        del state[key]


class RestorationNetwork(nn.Module):
    """Base of SwinIR and Swin2SR; subclasses name their block and their further heads."""

    mean: Tensor
    block: type[SwinBlock]
    projects = False  # whether patch embeddings hold a 1x1 convolution

    def __init__(self, config: RestorationConfig) -> None:
        """Build with fresh weights."""
        super().__init__()
        self.config = config
        dim = config.embed_dim
        # The published rule where training patches are no larger than a window.
        self.window = min(config.window_size, config.img_size)
        self.shift = self.window // 2 if config.img_size > config.window_size else 0
        mean = RGB_MEAN if config.in_chans == 3 else (0.0,) * config.in_chans
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)

        self.conv_first = nn.Conv2d(config.in_chans, dim, 3, 1, 1)
        self.patch_embed = PatchEmbed(dim, project=self.projects, norm=config.patch_norm)
        self.absolute_pos_embed: nn.Parameter | None = None
        if config.ape:
            self.absolute_pos_embed = nn.Parameter(torch.zeros(1, config.img_size**2, dim))
        self.pos_drop = nn.Dropout(config.drop_rate)
        self.layers = self.make_layers()
        self.norm = nn.LayerNorm(dim)
        self.conv_after_body = residual_convolution(dim, config.resi_connection)
        head = self.make_head()
        adopt_children(self, head)
        self._head = (head,)  # a tuple, so that its children are registered once, above
        self.apply(self._init_weights)
        self.register_load_state_dict_pre_hook(drop_derived_buffers)  # type: ignore[no-untyped-call]

    def make_layers(self) -> nn.ModuleList:
        """The body's residual groups."""
        config = self.config
        last = max(config.blocks - 1, 1)
        rates = [config.drop_path_rate * i / last for i in range(config.blocks)]
        layers = nn.ModuleList()
        for depth, heads in zip(config.depths, config.num_heads, strict=True):
            group = ResidualGroup(
                self.block,
                config.embed_dim,
                depth,
                heads,
                self.window,
                self.shift,
                rates[:depth],
                mlp_ratio=config.mlp_ratio,
                drop=config.drop_rate,
                use_checkpoint=config.use_checkpoint,
                qkv_bias=config.qkv_bias,
                attn_drop=config.attn_drop_rate,
                **self.attention_options(),
            )
            rates = rates[depth:]
            connection = config.resi_connection
            layers.append(
                RSTB(group, config.embed_dim, connection=connection, project=self.projects)
            )
        return layers

    def attention_options(self) -> dict[str, Any]:
        """Keywords for the attention module that only this family has."""
        return {}

    def make_head(self) -> nn.Module:
        """The head that the configuration's `upsampler` names."""
        config = self.config
        args = (config.embed_dim, config.in_chans)
        heads: dict[str, type[nn.Module]] = {
            "pixelshuffle": PixelShuffleHead,
            "pixelshuffledirect": PixelShuffleDirectHead,
            "nearest+conv": NearestConvHead,
        }
        if not config.upsampler:
            return RestorationHead(*args)
        return heads[config.upsampler](*args, config.upscale)

    @classmethod
    def from_pretrained(cls: type[Network], model: str | PathLike[str]) -> Network:
        """Load weights.

        Args:
            model: a name that `swinsr models` lists, a weights file, a Hugging Face folder, or the
                id of a model on the Hugging Face Hub such as "caidas/swin2SR-classical-sr-x2-64".

        Returns:
            The network in evaluation mode, float32, on the CPU.

        Raises:
            ModelNotFoundError: nothing of that name.
            CheckpointError: not the weights of this kind of network.
        """
        return load_pretrained(model, cls)

    @property
    def head(self) -> nn.Module:
        """The reconstruction head; its parameters are the network's own."""
        return self._head[0]

    @staticmethod
    def _init_weights(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def embed(self, features: Tensor) -> Tensor:
        """Shallow features (batch, C, H, W) to tokens (batch, H, W, C)."""
        return self.place(self.patch_embed(features))

    def place(self, tokens: Tensor) -> Tensor:
        """Add the absolute position embedding, where there is one, to (batch, H, W, C) tokens."""
        if self.absolute_pos_embed is not None:
            side = self.config.img_size
            embed = self.absolute_pos_embed.view(1, side, side, -1)
            if tokens.shape[1:3] != (side, side):
                embed = to_tokens(
                    F.interpolate(
                        to_image(embed), tokens.shape[1:3], mode="bicubic", align_corners=False
                    )
                )
            tokens = tokens + embed
        out: Tensor = self.pos_drop(tokens)
        return out

    def finish(self, tokens: Tensor) -> Tensor:
        """Tokens (batch, H, W, C) to normalised features (batch, C, H, W)."""
        return to_image(self.norm(tokens))

    def forward_features(self, features: Tensor) -> Tensor:
        """The body: (batch, C, H, W) -> the same; H and W are multiples of the window."""
        return self.run_layers(self.embed(features))

    def run_layers(self, tokens: Tensor) -> Tensor:
        """Embedded tokens (batch, H, W, C) through all groups to features (batch, C, H, W)."""
        for layer in self.layers:
            tokens = layer(tokens)
        return self.finish(tokens)

    def forward_head(self, x: Tensor) -> HeadOutput:
        """All of the network on (batch, in_chans, H, W), padded inside, cropped outside.

        Returns:
            The result and the auxiliary pictures, in the input's range; see `HeadOutput`.

        Raises:
            ShapeMismatchError: not four dimensions, or another number of channels.
        """
        if x.ndim != 4 or x.shape[1] != self.config.in_chans or not x.numel():
            raise ShapeMismatchError(
                f"the network takes (batch, {self.config.in_chans}, height, width), "
                f"not {tuple(x.shape)}"
            )
        height, width = x.shape[-2:]
        mean = self.mean.to(x.dtype)
        x = (pad_to_multiple(x, self.config.window_size) - mean) * self.config.img_range
        first = self.conv_first(x)
        features = self.conv_after_body(self.forward_features(first)) + first
        out: HeadOutput = self.head(features, x, (height, width))
        image, *aux = (t / self.config.img_range + mean for t in (out.image, *out.aux))
        scale = self.config.upscale
        image = image[..., : height * scale, : width * scale]
        return HeadOutput(image, tuple(aux))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Restore pictures.

        Args:
            x: (batch, in_chans, H, W) floats in 0..1, any H, W >= 1.

        Returns:
            (batch, in_chans, H * scale, W * scale); the published tuple where the head has one.

        Raises:
            ShapeMismatchError: not four dimensions, or another number of channels.
        """
        return self.forward_head(x).image
