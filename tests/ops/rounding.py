"""Kernels are held to their reference's own rounding: errors against float64, compared."""

from collections.abc import Sequence

import torch
from torch import Tensor

ALLOWED = 2.0  # times the reference's own root-mean-square error
TINY = 1e-30


def error(value: Tensor, truth: Tensor) -> float:
    """Root-mean-square error, scaled by the truth's own size."""
    difference = (value.double() - truth).square().mean().sqrt()
    return float(difference / (truth.square().mean().sqrt() + TINY))


def assert_as_exact(
    names: Sequence[str],
    ours: Sequence[Tensor],
    reference: Sequence[Tensor],
    truth: Sequence[Tensor],
    *,
    unit: float,
    luck: float = 0.5,
) -> None:
    """Each of ours errs at most twice as much as the reference does in the same precision.

    A reference that is right to less than `luck` units of the last place is not held against ours:
    its error counts as so much, half a unit if not told, of which sums have several.
    """
    for name, a, b, t in zip(names, ours, reference, truth, strict=True):
        assert a.shape == t.shape, name
        assert torch.isfinite(a).all(), name
        ours_error, allowed = error(a, t), ALLOWED * max(error(b, t), luck * unit)
        assert ours_error <= allowed, f"{name}: {ours_error:.2e}, allowed {allowed:.2e}"
