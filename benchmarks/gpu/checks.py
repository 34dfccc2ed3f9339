"""The Triton attention kernels against float64 at odd sizes, on a GPU or in the interpreter."""

from dataclasses import dataclass

import torch
from torch import Tensor

from swinsr.ops.window import shift_mask
from swinsr.ops.window_attention import window_attention_packed

# Half a unit of the last place counts for a reference that is right by luck.
UNITS = {torch.float32: 2.0**-24, torch.bfloat16: 2.0**-9, torch.float16: 2.0**-12}


@dataclass(frozen=True)
class Case:
    """One problem: windows of a side, heads of a size, a grid of windows."""

    window: int
    heads: int
    head_dim: int
    grid: tuple[int, int]
    batch: int
    cosine: bool
    dtype: torch.dtype

    @property
    def name(self) -> str:
        """For people."""
        return (
            f"{'V2' if self.cosine else 'V1'} window {self.window}, {self.heads} heads of "
            f"{self.head_dim}, {self.grid[0]}x{self.grid[1]} windows, batch {self.batch}, "
            f"{str(self.dtype).removeprefix('torch.')}"
        )


_SIZES = (
    (8, 6, 30, (5, 7), 2),
    (7, 3, 32, (3, 2), 3),
    (6, 2, 10, (1, 1), 1),
    (8, 4, 12, (9, 4), 1),
    (8, 4, 16, (4, 4), 1),
    (16, 2, 30, (2, 3), 1),
    (7, 3, 10, (4, 1), 2),
)
CASES = tuple(
    Case(*size, cosine, dtype)
    for size in _SIZES
    for cosine in (False, True)
    for dtype in (torch.float32, torch.bfloat16)
)


def _results(case: Case, backend: str, dtype: torch.dtype, device: torch.device) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    tokens, dim = case.window**2, case.heads * case.head_dim
    windows = case.batch * case.grid[0] * case.grid[1]
    qkv = torch.randn(windows, tokens, 3 * dim, generator=generator).to(case.dtype)
    bias = torch.randn(case.heads, tokens, tokens, generator=generator)
    gradient = torch.randn(windows, tokens, dim, generator=generator).to(case.dtype)
    single = torch.float64 if dtype == torch.float64 else torch.float32
    scale = torch.full((case.heads,), 10.0 if case.cosine else case.head_dim**-0.5)
    mask = shift_mask(case.window, case.window // 2, device, single)
    qkv = qkv.to(device, dtype).requires_grad_()
    bias = bias.to(device, single).requires_grad_()
    scale = scale.to(device, single)
    out = window_attention_packed(
        qkv,
        scale,
        bias,
        mask,
        case.grid,
        heads=case.heads,
        cosine=case.cosine,
        backend=backend,
    )
    gradients = torch.autograd.grad(out, (qkv, bias), gradient.to(device, out.dtype))
    return [out.detach(), *gradients]


def check(case: Case, device: torch.device) -> float:
    """The kernel's root-mean-square error over the reference's own, the largest of all tensors."""
    truth = _results(case, "reference", torch.float64, device)
    own = _results(case, "reference", case.dtype, device)
    ours = _results(case, "triton", case.dtype, device)
    ratios = []
    for t, reference, found in zip(truth, own, ours, strict=True):
        size = t.norm()
        allowed = max(float((reference - t).norm() / size), UNITS[case.dtype])
        ratios.append(float((found - t).norm() / size) / allowed)
    return max(ratios)
