"""Runs a network by the compiled CPU kernels."""

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock
from swinsr.nn.heads import RestorationHead
from swinsr.nn.patch import to_image, to_tokens
from swinsr.runtime.emulation import all_native
from swinsr.runtime.executor import HeadFunction, Tick
from swinsr.runtime.native.fuse import chains_of
from swinsr.runtime.precision import with_rounded_convolutions
from swinsr.runtime.strips import enlarge


class NativeExecutor:
    """See `swinsr.runtime.executor.Executor`."""

    native = True

    def __init__(self, network: RestorationNetwork, dtype: torch.dtype) -> None:
        """Copy the convolutions' weights; those of the blocks stay the network's own."""
        chains = chains_of(network, dtype)
        # A head that is more than a chain runs by PyTorch's modules.
        by_modules = network.head not in chains
        if by_modules and dtype != torch.float32:
            originals = list(network.modules())
            network = with_rounded_convolutions(network, dtype)
            copies = dict(zip(originals, network.modules(), strict=True))
            chains = {copies[module]: chain for module, chain in chains.items()}
        self.network, self.chains = network, chains
        self.bfloat16 = dtype == torch.bfloat16
        self.head_chain = chains.get(network.head)
        device = network.mean.device
        self.multiplies = all_native(device, dtype, kernels=True, pytorch=by_modules)

    def convolve(self, conv: nn.Module, x: Tensor) -> Tensor:
        """See `Executor`."""
        return self._run(conv, x)

    def add(self, conv: nn.Module, projection: nn.Module | None, x: Tensor, target: Tensor) -> None:
        """See `Executor`; the projection is in the chain's last weights."""
        self.chains[conv].into(to_tokens(target), to_tokens(x), add=True)

    def block(self, block: SwinBlock, tokens: Tensor, out: Tensor) -> None:
        """See `Executor`."""
        block.run_native_into(out, tokens, bfloat16=self.bfloat16)

    def enlarge(
        self, part: nn.Module, run: HeadFunction, features: Tensor, image: Tensor, tick: Tick
    ) -> Tensor:
        """See `Executor`."""
        if part not in self.chains:
            return enlarge(run, features, image, scale=self.network.config.upscale, tick=tick)
        out = self._run(part, features, tick)
        if isinstance(part, RestorationHead):
            out += image
        return out

    def _run(self, module: nn.Module, x: Tensor, tick: Tick = lambda share: None) -> Tensor:
        chain = self.chains[module]
        batch, _, height, width = x.shape
        out = x.new_empty(batch, height * chain.scale, width * chain.scale, chain.channels)
        chain.into(out, to_tokens(x).contiguous(), tick=tick)
        return to_image(out)
