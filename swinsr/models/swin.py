"""Swin and Swin V2: hierarchical backbones and classifiers on the restoration networks' blocks.

Sources: arXiv:2103.14030 (Swin) and arXiv:2111.09883 (Swin V2).
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.errors import ConfigError, ShapeMismatchError
from swinsr.models.pretrained import load_pretrained
from swinsr.models.restoration import drop_derived_buffers
from swinsr.models.swin_config import HierarchicalConfig, SwinConfig, SwinV2Config
from swinsr.nn.merging import PatchProjection
from swinsr.nn.patch import to_image, to_tokens
from swinsr.nn.stage import Stage, StageBlockV2, StageV2

Network = TypeVar("Network", bound="SwinTransformer")


class SwinTransformer(nn.Module):
    """Swin: four stages (or as many as `depths` has), each at half the resolution of the last.

    network = SwinTransformer(img_size=224, num_classes=1000)   # the published keywords
    network = SwinTransformer.from_pretrained("microsoft/swin-tiny-patch4-window7-224")
    """

    config_type: ClassVar[type[HierarchicalConfig]] = SwinConfig
    stage: ClassVar[type[Stage]] = Stage

    def __init__(self, config: HierarchicalConfig | None = None, **published: Any) -> None:
        """Build with fresh weights, from a configuration or from the published keywords.

        Raises:
            ConfigError: an unknown keyword, a value that cannot be built, or another family's
                configuration.
        """
        super().__init__()
        if config is None:
            config = self.config_type.from_published(published)
        elif published or not isinstance(config, self.config_type):
            raise ConfigError(
                f"{type(self).__name__} takes either a {self.config_type.__name__} or keywords"
            )
        self.config = config
        dim = config.embed_dim
        self.patch_embed = PatchProjection(
            config.patch_size, config.in_chans, dim, norm=config.patch_norm
        )
        self.absolute_pos_embed: nn.Parameter | None = None
        if config.ape:
            self.absolute_pos_embed = nn.Parameter(torch.zeros(1, config.grid(0) ** 2, dim))
            nn.init.trunc_normal_(self.absolute_pos_embed, std=0.02)
        self.pos_drop = nn.Dropout(config.drop_rate)
        self.layers = self._make_stages()
        self.norm = nn.LayerNorm(config.features)
        self.head: nn.Module = (
            nn.Linear(config.features, config.num_classes) if config.num_classes else nn.Identity()
        )
        self._initialise()
        self.register_load_state_dict_pre_hook(drop_derived_buffers)  # type: ignore[no-untyped-call]

    def _make_stages(self) -> nn.ModuleList:
        config = self.config
        blocks = sum(config.depths)
        rates = [config.drop_path_rate * i / max(blocks - 1, 1) for i in range(blocks)]
        stages = nn.ModuleList()
        for i, (depth, heads) in enumerate(zip(config.depths, config.num_heads, strict=True)):
            stages.append(
                self.stage(
                    config.width(i),
                    depth,
                    heads,
                    config.window(i),
                    rates[:depth],
                    merge=i + 1 < len(config.depths),
                    mlp_ratio=config.mlp_ratio,
                    drop=config.drop_rate,
                    use_checkpoint=config.use_checkpoint,
                    qkv_bias=config.qkv_bias,
                    attn_drop=config.attn_drop_rate,
                    roll_first=config.roll_first,
                    **self.attention_options(i),
                )
            )
            rates = rates[depth:]
        return stages

    def attention_options(self, stage: int) -> dict[str, Any]:
        """Keywords for a stage's blocks that only this family has."""
        assert isinstance(self.config, SwinConfig)
        process = "auto" if self.config.fused_window_process else "reference"
        return {"qk_scale": self.config.qk_scale, "process": process}

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    @classmethod
    def from_pretrained(cls: type[Network], model: str | PathLike[str]) -> Network:
        """Load weights.

        Args:
            model: a weights file in the layout of Microsoft or timm, a Hugging Face folder, or the
                id of a model on the Hugging Face Hub such as
                "microsoft/swin-tiny-patch4-window7-224".

        Returns:
            The network in evaluation mode, float32, on the CPU.

        Raises:
            ModelNotFoundError: no such file or folder, and no such model on the Hub.
            CheckpointError: not the weights of this kind of network.
        """
        return load_pretrained(model, cls)

    def embed(self, x: Tensor) -> Tensor:
        """Pictures (batch, in_chans, H, W) to tokens (batch, H / patch, W / patch, embed_dim)."""
        return self.place(self.patch_embed(x))

    def place(self, tokens: Tensor) -> Tensor:
        """Add the absolute position embedding, where there is one, to (batch, H, W, C) tokens."""
        if self.absolute_pos_embed is not None:
            side = self.config.grid(0)
            embed = self.absolute_pos_embed.view(1, side, side, -1)
            if tokens.shape[1:3] != (side, side):
                size = tokens.shape[1:3]
                embed = F.interpolate(to_image(embed), size, mode="bicubic", align_corners=False)
                embed = to_tokens(embed)
            tokens = tokens + embed
        out: Tensor = self.pos_drop(tokens)
        return out

    def forward_stages(self, x: Tensor) -> list[Tensor]:
        """The map of every stage, for use as a backbone.

        Args:
            x: as `forward`.

        Returns:
            For stage i (batch, embed_dim * 2 ** i, H_i, W_i), before its patch merging and without
            the last norm; H_0 is ceil(H / patch_size), H_(i + 1) is ceil(H_i / 2).

        Raises:
            ShapeMismatchError: as `forward`.
        """
        self._check(x)
        maps: list[Tensor] = []
        tokens = self.embed(x)
        for stage in self.layers:
            assert isinstance(stage, Stage)
            tokens = stage.run_blocks(tokens)
            maps.append(to_image(tokens))
            if stage.downsample is not None:
                tokens = stage.downsample(tokens)
        return maps

    def forward_features(self, x: Tensor) -> Tensor:
        """Pooled features.

        Args:
            x: as `forward`.

        Returns:
            (batch, config.features): the last map, normalised, averaged over its positions.

        Raises:
            ShapeMismatchError: as `forward`.
        """
        self._check(x)
        return self.run_layers(self.embed(x)).mean(dim=(1, 2))

    def run_layers(self, tokens: Tensor) -> Tensor:
        """Embedded tokens (batch, H, W, embed_dim) through all stages and the last norm."""
        for stage in self.layers:
            tokens = stage(tokens)
        out: Tensor = self.norm(tokens)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Classify pictures.

        A size that patches, windows and stages divide is treated as published. Others are padded
        with zeros at the bottom and right: the picture to whole patches, each attention's input to
        whole windows (and cropped again), an odd map before it is merged. With `roll_first` it is
        as in a network of timm's that was built for the picture's size.

        Args:
            x: (batch, in_chans, H, W) normalised floats, any H, W >= 1.

        Returns:
            Logits (batch, num_classes), or the features where num_classes is 0.

        Raises:
            ShapeMismatchError: not four dimensions, or another number of channels.
        """
        out: Tensor = self.head(self.forward_features(x))
        return out

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.config.in_chans or not x.numel():
            raise ShapeMismatchError(
                f"the network takes (batch, {self.config.in_chans}, height, width), "
                f"not {tuple(x.shape)}"
            )


class SwinTransformerV2(SwinTransformer):
    """Swin V2: cosine attention, continuous position bias, norms after attention and MLP."""

    config_type = SwinV2Config
    stage = StageV2

    def attention_options(self, stage: int) -> dict[str, Any]:
        """Keywords for a stage's blocks that only this family has."""
        assert isinstance(self.config, SwinV2Config)
        return {"pretrained_window": self.config.pretrained_window_sizes[stage]}

    def _initialise(self) -> None:
        super()._initialise()
        for module in self.modules():
            if isinstance(module, StageBlockV2):
                module.start_as_identity()


CLASSIFIERS: dict[str, type[SwinTransformer]] = {
    "swin": SwinTransformer,
    "swinv2": SwinTransformerV2,
}


def classifier_from_published(family: str, config: Mapping[str, Any]) -> SwinTransformer:
    """A classifier with fresh random weights from the published constructor's keywords.

    Args:
        family: "swin" or "swinv2".
        config: keywords such as `embed_dim`, `depths`, `window_size`.

    Returns:
        The network in evaluation mode.

    Raises:
        ConfigError: an unknown family or keyword, or a value that cannot be built.
    """
    if family not in CLASSIFIERS:
        raise ConfigError(f"unknown classifier family {family!r}; choose from swin, swinv2")
    return CLASSIFIERS[family](**config).eval()
