"""What a network costs: parameters, and multiply-accumulate operations (MACs) a pixel."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from swinsr.models.build import build
from swinsr.models.config import RestorationConfig
from swinsr.nn.attention import WindowAttention


@dataclass(frozen=True)
class Cost:
    """What a network costs.

    Attributes:
        parameters: how many numbers were trained, position bias tables included.
        macs_per_pixel: MACs of all convolutions, linear maps and the two products of attention for
            one pixel of the output. Exact where the input's sides are multiples of the window;
            else the padding comes on top.
    """

    parameters: int
    macs_per_pixel: float

    def macs(self, height: int, width: int) -> float:
        """MACs for an output of height x width pixels, padding not counted."""
        return self.macs_per_pixel * height * width


def count_parameters(network: nn.Module) -> int:
    """How many numbers are trained; buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


def count(config: RestorationConfig) -> Cost:
    """Count without weights and without computing: the network is only followed through.

    Papers differ in what they leave out. SwinIR's Table 3 leaves the position bias tables out of
    its parameters (878K for 910,152), and its Mult-Adds are for another size than its caption says.
    """
    with torch.device("meta"):
        network = build(config)
    for module in network.modules():
        if isinstance(module, WindowAttention):
            module.backend = "reference"  # the fused ones hide their products from the counter
    window = config.window_size
    # What one more window costs: work that does not grow with the picture drops out.
    macs = _macs(network, config, 2 * window) - _macs(network, config, window)
    return Cost(count_parameters(network), macs / (window * config.upscale) ** 2)


def _macs(network: nn.Module, config: RestorationConfig, width: int) -> float:
    picture = torch.empty(1, config.in_chans, config.window_size, width, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(picture)
    return float(counter.get_total_flops()) / 2
