"""Configurations of the hierarchical classifiers: the published constructors' keywords, checked."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from swinsr.errors import ConfigError
from swinsr.models.checks import NetworkConfig

MOST_STAGES = 12  # each has twice the channels of the one before
MOST_WINDOW = 64  # tokens a side; index tables grow with the fourth power

Config = TypeVar("Config", bound="HierarchicalConfig")


@dataclasses.dataclass(frozen=True)
class HierarchicalConfig(NetworkConfig):
    """What Swin and Swin V2 have in common.

    Attributes:
        img_size: side of the training pictures. It decides the window of small maps and the size
            of `ape`; other sizes run too.
        patch_size: side of a patch, in pixels.
        in_chans: channels of a picture.
        num_classes: outputs of the classifier; 0 for features instead.
        embed_dim: channels of the first stage; each further stage has twice as many.
        depths: blocks of each stage.
        num_heads: attention heads of each stage.
        window_size: side of an attention window, in tokens; smaller where a stage's map is.
        mlp_ratio: hidden over outer width of the MLPs.
        qkv_bias: whether queries, keys (V1) and values have a bias.
        drop_rate, attn_drop_rate, drop_path_rate: dropout of features, of attention weights, and
            stochastic depth at the last block, growing linearly from 0; in training only.
        ape: learned absolute position embedding; interpolated where the map's size is another.
        patch_norm: layer norm after the patch projection.
        roll_first: shift a map before it is padded to whole windows, as timm does, and not after,
            as transformers and detectors do; the same where the windows divide the map.
        use_checkpoint: recompute blocks in the backward pass to save memory.
    """

    img_size: int = 224
    patch_size: int = 4
    in_chans: int = 3
    num_classes: int = 1000
    embed_dim: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    num_heads: tuple[int, ...] = (3, 6, 12, 24)
    window_size: int = 7
    mlp_ratio: float = 4.0
    qkv_bias: bool = True
    drop_rate: float = 0.0
    attn_drop_rate: float = 0.0
    drop_path_rate: float = 0.1
    ape: bool = False
    patch_norm: bool = True
    roll_first: bool = False
    use_checkpoint: bool = False

    family: ClassVar[str]

    def __post_init__(self) -> None:
        """Check; sequences become tuples so that equal configurations compare equal."""
        self._normalise()
        self._check_whole("img_size", "patch_size", "in_chans", "embed_dim", "window_size")
        self._check_whole("num_classes", least=0)
        self._check_common("stage")
        if len(self.depths) > MOST_STAGES or self.window_size > MOST_WINDOW:
            raise ConfigError(
                f"a network has at most {MOST_STAGES} stages and windows of at most {MOST_WINDOW}, "
                f"not {len(self.depths)} and {self.window_size}"
            )
        for stage, heads in enumerate(self.num_heads):
            if heads < 1 or self.width(stage) % heads:
                raise ConfigError(
                    f"stage {stage} has {self.width(stage)} channels, which do not divide into "
                    f"{heads} attention heads"
                )
        if self.grid(len(self.depths) - 1) < 1:
            raise ConfigError(
                f"img_size {self.img_size} is too small for {len(self.depths)} stages on patches "
                f"of {self.patch_size}"
            )

    def width(self, stage: int) -> int:
        """Channels of a stage, counted from 0."""
        return self.embed_dim << stage

    def grid(self, stage: int) -> int:
        """Side of a stage's map for pictures of `img_size`, in tokens, as published."""
        side = self.img_size // self.patch_size
        return side >> stage

    def window(self, stage: int) -> int:
        """Side of a stage's windows: `window_size`, or the map's side where that is smaller."""
        return min(self.window_size, self.grid(stage))

    @property
    def features(self) -> int:
        """Channels of the last stage, which are the features."""
        return self.width(len(self.depths) - 1)

    @property
    def stride(self) -> int:
        """Pixels of the picture that one side of a token of the last stage stands for."""
        return self.patch_size << (len(self.depths) - 1)

    @classmethod
    def from_published(cls: type[Config], values: Mapping[str, Any]) -> Config:
        """From the published constructor's keywords; those left out take the defaults.

        Raises:
            ConfigError: an unknown keyword, or a value that cannot be built.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"{cls.family} has no setting {', '.join(unknown)}")
        square = {
            name: _side(name, values[name]) for name in ("img_size", "patch_size") if name in values
        }
        return cls(**{**values, **square})


@dataclasses.dataclass(frozen=True)
class SwinConfig(HierarchicalConfig):
    """Swin (arXiv:2103.14030).

    Attributes:
        qk_scale: overrides the attention scale head_dim ** -0.5.
        fused_window_process: shift and cut windows in one pass (`swinsr.ops.window_process`), as
            the published option of that name. The result is the same.
    """

    qk_scale: float | None = None
    fused_window_process: bool = False

    family = "swin"


@dataclasses.dataclass(frozen=True)
class SwinV2Config(HierarchicalConfig):
    """Swin V2 (arXiv:2111.09883).

    Attributes:
        pretrained_window_sizes: for each stage the window that its weights were trained at; 0 for
            the same. Offsets are then measured in that window, so that the position bias of near
            neighbours stays what it was (section 3.3).
    """

    pretrained_window_sizes: tuple[int, ...] = ()

    family = "swinv2"

    def window(self, stage: int) -> int:
        """As V1's; whole with `roll_first`, since windows are then as small as the map at hand."""
        return self.window_size if self.roll_first else super().window(stage)

    def __post_init__(self) -> None:
        """Check, and fill in a 0 for each stage where no windows are given."""
        super().__post_init__()
        windows = tuple(int(n) for n in self.pretrained_window_sizes) or (0,) * len(self.depths)
        # The published default lists four stages, whatever the depths.
        if not any(windows[len(self.depths) :]):
            windows = windows[: len(self.depths)]
        if len(windows) != len(self.depths) or min(windows) < 0:
            raise ConfigError(
                f"pretrained_window_sizes {windows} has one entry of at least 0 for each of "
                f"{len(self.depths)} stages"
            )
        object.__setattr__(self, "pretrained_window_sizes", windows)


def _side(name: str, value: object) -> object:
    """The side of a square that may be given as a pair.

    Raises:
        ConfigError: the pair is no square.
    """
    if not isinstance(value, (list, tuple)):
        return value
    if len(set(value)) != 1:
        raise ConfigError(f"{name} is square, not {tuple(value)}")
    return value[0]
