"""Which convolutions of a network run as chains, and the layers that such a chain is made of."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.heads import (
    NearestConvHead,
    PixelShuffleDirectHead,
    PixelShuffleHead,
    PixelShuffleHFHead,
    RestorationHead,
)
from swinsr.nn.residual import RSTB
from swinsr.ops.convolution.cpu import Convolution
from swinsr.runtime.native.chain import Chain


class Layer(NamedTuple):
    """A convolution of 3x3 or 1x1 pixels that keeps the size, and what is around it."""

    weight: Tensor
    bias: Tensor | None
    nearest: int = 1
    slope: float = 1.0
    shuffle: int = 1


def chain_of(layers: Sequence[Layer], *, bfloat16: bool, exact_end: bool = False) -> Chain:
    """Prepare layers; their weights are copied.

    Args:
        layers: in their order.
        bfloat16: multiply in it, where the processor does so natively.
        exact_end: but not in the last one.
    """
    prepared = []
    for i, (weight, bias, nearest, slope, shuffle) in enumerate(layers):
        if weight.shape[-1] == 1:
            weight = F.pad(weight, (1, 1, 1, 1))
        rounded = bfloat16 and not (exact_end and i == len(layers) - 1)
        prepared.append(
            Convolution(
                weight, bias, nearest=nearest, slope=slope, shuffle=shuffle, bfloat16=rounded
            )
        )
    return Chain(prepared)


def layers_of(*modules: nn.Module) -> list[Layer]:
    """Convolutions, each with the leaky ReLUs and pixel shuffles after it; sequences of those."""
    layers: list[Layer] = []
    for module in modules:
        if isinstance(module, nn.Sequential):
            layers += layers_of(*module)
        elif isinstance(module, nn.Conv2d):
            layers.append(Layer(module.weight, module.bias))
        elif isinstance(module, nn.LeakyReLU):
            layers[-1] = layers[-1]._replace(slope=module.negative_slope)
        elif isinstance(module, nn.PixelShuffle):
            layers[-1] = layers[-1]._replace(shuffle=module.upscale_factor)
        else:
            raise TypeError(f"{type(module).__name__} is no part of a chain")
    return layers


def residual_layers(conv: nn.Module, projection: nn.Module | None) -> list[Layer]:
    """Those that end a group or a body.

    Args:
        conv: a "1conv" or "3conv".
        projection: Swin2SR's 1x1 convolution after it; it goes into the last layer's weights.
    """
    layers = layers_of(conv)
    if isinstance(projection, nn.Conv2d):
        after = projection.weight.double()[:, :, 0, 0]
        weight, bias, *_ = layers[-1]
        weight = torch.einsum("om,mihw->oihw", after, weight.double())
        shift = torch.zeros(len(after)) if projection.bias is None else projection.bias
        bias = shift.double() if bias is None else after @ bias.double() + shift.double()
        layers[-1] = Layer(weight.float(), bias.float())
    return layers


def head_layers(head: nn.Module) -> list[Layer] | None:
    """A head's layers; None for one that is more than a chain."""
    if isinstance(head, PixelShuffleHead):
        return layers_of(head.conv_before_upsample, head.upsample, head.conv_last)
    if isinstance(head, PixelShuffleDirectHead):
        return layers_of(head.upsample)
    if isinstance(head, RestorationHead):
        return layers_of(head.conv_last)
    if isinstance(head, NearestConvHead):
        steps = [Layer(s.weight, s.bias, nearest=2, slope=0.2) for s in head.steps]
        high = Layer(head.conv_hr.weight, head.conv_hr.bias, slope=0.2)
        return [*layers_of(head.conv_before_upsample), *steps, high, *layers_of(head.conv_last)]
    return None


def chains_of(network: RestorationNetwork, dtype: torch.dtype) -> dict[nn.Module, Chain]:
    """What the compiled kernels convolve of a network, by the module whose place it takes.

    Args:
        network: its weights are copied.
        dtype: as it is prepared for; in bfloat16 the first and the last convolutions stay float32.
    """
    rounded, head = dtype == torch.bfloat16, network.head
    chains: dict[nn.Module, Chain] = {}
    shallow: list[nn.Module] = [network.conv_first]
    shallow += [network.patch_embed.proj] if network.projects else []
    for module in shallow:
        chains[module] = chain_of(layers_of(module), bfloat16=False)
    residual = [
        (layer.conv, layer.patch_embed.proj if network.projects else None)
        for layer in network.modules()
        if isinstance(layer, RSTB)
    ]
    residual.append((network.conv_after_body, None))
    ends = head_layers(head)
    if isinstance(head, PixelShuffleHFHead):
        residual.append((head.conv_after_body_hf, None))
        for module in (head.conv_before_upsample, head.conv_first_hf):
            chains[module] = chain_of(layers_of(module), bfloat16=rounded)
        plain = layers_of(head.upsample, head.conv_last)
        chains[head.conv_last] = chain_of(plain, bfloat16=rounded, exact_end=True)
        ends = layers_of(head.conv_before_upsample_hf, head.upsample_hf, head.conv_last_hf)
    if ends is not None:
        chains[head] = chain_of(ends, bfloat16=rounded, exact_end=True)
    for conv, projection in residual:
        chains[conv] = chain_of(residual_layers(conv, projection), bfloat16=rounded)
    return chains
