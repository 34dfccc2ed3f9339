"""What is minimised, averaged over every value of the batch."""

from collections.abc import Callable

from torch import Tensor

from swinsr.training.settings import LossSettings

Loss = Callable[[Tensor, Tensor], Tensor]


def l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference."""
    return (output - target).abs().mean()


def make_loss(settings: LossSettings) -> Loss:
    """The loss a recipe names: (output, target), both 0..1 of any shape, to a scalar."""
    return l1
