"""Configurations of the restoration networks: frozen, checked, and writable as JSON.

Field names are the published constructors', so that a checkpoint's configuration reads the same
everywhere; only `upscale` is called `scale` outside of it.
"""

import dataclasses
from typing import ClassVar

from swinsr.errors import ConfigError
from swinsr.models.checks import NetworkConfig

UPSAMPLERS = (
    "",
    "pixelshuffle",
    "pixelshuffledirect",
    "nearest+conv",
    "pixelshuffle_aux",
    "pixelshuffle_hf",
)


@dataclasses.dataclass(frozen=True)
class RestorationConfig(NetworkConfig):
    """What SwinIR and Swin2SR have in common.

    Attributes:
        upscale: factor of enlargement; 1 for denoising and JPEG artefacts.
        in_chans: 3 for colour, 1 for gray.
        img_size: side of the training patches; sizes nothing but `ape` and tiny windows.
        window_size: side of an attention window, in pixels.
        img_range: the pictures' range inside the network, 1.0 or 255.0.
        depths: Swin blocks of each residual group.
        embed_dim: channels of the body.
        num_heads: attention heads of each group.
        mlp_ratio: hidden over outer width of the MLPs.
        upsampler: the head, one of `UPSAMPLERS`; "" restores at the input's size.
        resi_connection: "1conv" or "3conv".
        qkv_bias: whether queries, keys (V1) and values have a bias.
        drop_rate, attn_drop_rate, drop_path_rate: dropout of features, of attention weights, and
            stochastic depth at the last block; all act in training only.
        ape: learned absolute position embedding; needs pictures of `img_size`, or is interpolated.
        patch_norm: layer norm after the patch embedding.
        use_checkpoint: recompute blocks in the backward pass to save memory.
    """

    upscale: int = 2
    in_chans: int = 3
    img_size: int = 64
    window_size: int = 8
    img_range: float = 1.0
    depths: tuple[int, ...] = (6, 6, 6, 6)
    embed_dim: int = 60
    num_heads: tuple[int, ...] = (6, 6, 6, 6)
    mlp_ratio: float = 2.0
    upsampler: str = ""
    resi_connection: str = "1conv"
    qkv_bias: bool = True
    drop_rate: float = 0.0
    attn_drop_rate: float = 0.0
    drop_path_rate: float = 0.1
    ape: bool = False
    patch_norm: bool = True
    use_checkpoint: bool = False

    family: ClassVar[str]
    upsamplers: ClassVar[tuple[str, ...]] = UPSAMPLERS

    def __post_init__(self) -> None:
        """Check; sequences become tuples so that equal configurations compare equal."""
        self._normalise()
        object.__setattr__(self, "img_range", float(self.img_range))
        self._check_whole("upscale", "in_chans", "img_size", "window_size", "embed_dim")
        self._check_common("group")
        for heads in self.num_heads:
            if heads < 1 or self.embed_dim % heads:
                raise ConfigError(
                    f"embed_dim {self.embed_dim} does not divide into {heads} attention heads"
                )
        if self.upsampler not in self.upsamplers:
            names = ", ".join(repr(u) for u in self.upsamplers)
            raise ConfigError(
                f"{self.family} has no upsampler {self.upsampler!r}; choose from {names}"
            )
        if not self.upsampler and self.upscale != 1:
            raise ConfigError(f"upscale {self.upscale} needs an upsampler")
        if self.img_range <= 0:
            raise ConfigError("img_range is above 0")

    @property
    def scale(self) -> int:
        """Factor of enlargement."""
        return self.upscale

    @property
    def blocks(self) -> int:
        """Swin blocks in all groups together."""
        return sum(self.depths)


@dataclasses.dataclass(frozen=True)
class SwinIRConfig(RestorationConfig):
    """SwinIR (arXiv:2108.10257).

    Attributes:
        qk_scale: overrides the attention scale head_dim ** -0.5.
    """

    qk_scale: float | None = None

    family = "swinir"
    upsamplers = UPSAMPLERS[:4]


@dataclasses.dataclass(frozen=True)
class Swin2SRConfig(RestorationConfig):
    """Swin2SR (arXiv:2209.11345).

    Attributes:
        pretrained_window_size: window the position bias was trained at; 0 for `window_size`.
    """

    pretrained_window_size: int = 0

    family = "swin2sr"
