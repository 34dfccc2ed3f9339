"""What is minimised, averaged over every value of the batch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from swinsr.training.recipes.objective import LossSettings

Loss = Callable[[Tensor, Tensor], Tensor]
# BT.601, of which the papers' PSNR on Y is taken; the offset cancels in differences.
LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
# Of full range, as JPEG has them (JFIF 1.02): Cb, then Cr.
CHROMA = ((-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


class _L1(torch.autograd.Function):
    """Mean absolute difference in as few passes over the pictures as it takes."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, target: Tensor) -> Tensor:
        difference = output - target
        ctx.save_for_backward(difference)
        total: Tensor = torch.linalg.vector_norm(difference, 1)
        return total / difference.numel()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference.sign().mul_(gradient / difference.numel()), None


def l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference; differentiable once, by the output."""
    value: Tensor = _L1.apply(output, target)  # type: ignore[no-untyped-call]
    return value


def charbonnier(output: Tensor, target: Tensor, epsilon: float) -> Tensor:
    """Mean of sqrt(difference^2 + epsilon^2).

    Source: W.-S. Lai et al., "Fast and accurate image super-resolution with deep Laplacian pyramid
    networks", arXiv:1710.01992, eq. 6.
    """
    return ((output - target).square() + epsilon**2).sqrt().mean()


def frequency(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the orthonormal Fourier transforms, real and imaginary parts.

    Source: S.-J. Cho et al., arXiv:2108.05054, eq. 5.
    """
    spectrum = torch.fft.rfft2(output.float() - target.float(), norm="ortho")
    return torch.view_as_real(spectrum).abs().mean()


def luma(pictures: Tensor) -> Tensor:
    """Y of RGB pictures but for its offset: (batch, 3, H, W) -> (batch, 1, H, W)."""
    return _mixed(pictures, LUMA)


def chroma(pictures: Tensor) -> Tensor:
    """Cb and Cr of RGB pictures but for their offset: (batch, 3, H, W) -> (batch, 2, H, W)."""
    return torch.cat([_mixed(pictures, weights) for weights in CHROMA], dim=1)


def _mixed(pictures: Tensor, weights: tuple[float, float, float]) -> Tensor:
    # Numbers and no tensor: one made on the host would have to be copied in every step.
    red, green, blue = (pictures[:, i : i + 1] * weight for i, weight in enumerate(weights))
    return red + green + blue


def make_loss(settings: LossSettings) -> Loss:
    """The loss a recipe names: (output, target), both (batch, C, H, W) in 0..1, to a scalar."""

    def plain(output: Tensor, target: Tensor) -> Tensor:
        if settings.name == "charbonnier":
            return charbonnier(output, target, settings.epsilon)
        return l1(output, target)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        value = plain(output, target)
        if settings.luma and output.shape[1] == 3:
            value = value + settings.luma * plain(luma(output), luma(target))
        if settings.chroma and output.shape[1] == 3:
            value = value + settings.chroma * plain(chroma(output), chroma(target))
        if settings.frequency:
            value = value + settings.frequency * frequency(output, target)
        return value

    return loss
