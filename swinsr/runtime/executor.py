"""What runs the parts of a network: one interface, two executors.

`native` is the compiled CPU kernels, `modules` PyTorch's operators. Maps are (batch, C, H, W) with
channels last in memory, tokens the same as (batch, H, W, C).
"""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock
from swinsr.runtime.native.chain import Chain

# (features, normalised picture, size of the features) of a strip to its picture.
HeadFunction = Callable[[Tensor, Tensor, tuple[int, int]], Tensor]
Tick = Callable[[float], None]


class Executor(Protocol):
    """Runs the parts of one network, by the modules that they are.

    Attributes:
        network: whose modules the methods take; a copy where some were changed.
        native: whether blocks run by the compiled kernels.
        multiplies: whether everything that it runs multiplies its type natively.
        head_chain: what the compiled kernels run as the head; None where PyTorch does.
    """

    network: RestorationNetwork
    native: bool
    multiplies: bool
    head_chain: Chain | None

    def convolve(self, conv: nn.Module, x: Tensor) -> Tensor:
        """Convolutions that keep the size: (batch, C, H, W) -> (batch, their channels, H, W)."""

    def add(self, conv: nn.Module, projection: nn.Module | None, x: Tensor, target: Tensor) -> None:
        """Add what ends a group or a body to a map in place.

        `projection` is Swin2SR's 1x1 convolution after it.
        """

    def block(self, block: SwinBlock, tokens: Tensor, out: Tensor) -> None:
        """One block from a map of tokens into another or the same, contiguous."""

    def enlarge(
        self, part: nn.Module, run: HeadFunction, features: Tensor, image: Tensor, tick: Tick
    ) -> Tensor:
        """A head, or one of its branches.

        Args:
            part: the head, or the convolution that ends the branch.
            run: the same by its modules.
            features: (batch, C, H, W).
            image: (batch, in_chans, H, W), normalised; it is not part of the sum.
            tick: notified with the share of the rows that each strip was.

        Returns:
            (batch, in_chans, H * scale, W * scale).
        """
