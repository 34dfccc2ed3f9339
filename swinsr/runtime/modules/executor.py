"""Runs a network by PyTorch's operators: blocks in chunks of windows, convolutions in strips."""

import copy

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock
from swinsr.nn.patch import to_image
from swinsr.runtime.emulation import all_native
from swinsr.runtime.executor import HeadFunction, Tick
from swinsr.runtime.modules.block import fast_block
from swinsr.runtime.modules.convolution import add_convolution, adds_in_place
from swinsr.runtime.modules.halves import TritonBlock
from swinsr.runtime.modules.windows import run_block
from swinsr.runtime.native.chain import Chain
from swinsr.runtime.precision import with_rounded_convolutions
from swinsr.runtime.strips import convolve, enlarge


class ModulesExecutor:
    """See `swinsr.runtime.executor.Executor`."""

    native = False
    head_chain: Chain | None = None

    def __init__(
        self, network: RestorationNetwork, dtype: torch.dtype, *, halves: bool = False
    ) -> None:
        """Copy the blocks' weights, and in 16 bits the network.

        Args:
            network: in evaluation mode.
            dtype: of the products.
            halves: run each block as two Triton kernels.
        """
        on_cuda = network.mean.device.type == "cuda"
        if dtype != torch.float32:
            network = with_rounded_convolutions(network, dtype)
        elif on_cuda:
            network = copy.deepcopy(network)
        if on_cuda:  # else cuDNN would turn each weight in each call
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        blocks = [block for block in network.modules() if isinstance(block, SwinBlock)]
        self.halves = {block: TritonBlock(block, dtype) for block in blocks if halves}
        self.blocks = {block: fast_block(block, dtype) for block in blocks if not halves}
        self.multiplies = all_native(network.mean.device, dtype, kernels=False, pytorch=True)

    def convolve(self, conv: nn.Module, x: Tensor) -> Tensor:
        """See `Executor`."""
        halo, channels = _seen(conv)
        return convolve(conv, x, halo=halo, channels=channels)

    def add(self, conv: nn.Module, projection: nn.Module | None, x: Tensor, target: Tensor) -> None:
        """See `Executor`."""
        if projection is None and adds_in_place(conv, target):
            assert isinstance(conv, nn.Conv2d)
            add_convolution(conv, x, target)
            return

        def module(strip: Tensor) -> Tensor:
            out: Tensor = conv(strip)
            return out if projection is None else to_image(projection(out))

        halo, channels = _seen(conv)
        target += convolve(module, x, halo=halo, channels=channels)

    def block(self, block: SwinBlock, tokens: Tensor, out: Tensor) -> None:
        """See `Executor`."""
        if block in self.halves:
            self.halves[block](tokens, out)
            return
        if out is not tokens:
            out.copy_(tokens)
        run_block(block, self.blocks[block], out)

    def enlarge(
        self, part: nn.Module, run: HeadFunction, features: Tensor, image: Tensor, tick: Tick
    ) -> Tensor:
        """See `Executor`."""
        return enlarge(run, features, image, scale=self.network.config.upscale, tick=tick)


def _seen(conv: nn.Module) -> tuple[int, int]:
    """Rows that convolutions in a row see above and below, and the channels of their result."""
    layers = [module for module in conv.modules() if isinstance(module, nn.Conv2d)]
    return sum(layer.kernel_size[0] // 2 for layer in layers), layers[-1].out_channels
