"""Window attention on random numbers: what every backend of it is compared by."""

import torch
from torch import Tensor

from swinsr.ops.window import shift_mask
from swinsr.ops.window_attention import window_attention_packed

# The inputs, the mask and the output's gradient.
Given = tuple[list[Tensor], Tensor | None, Tensor]


def problem(
    shape: tuple[int, ...], *, shifted: bool, cosine: bool, dtype: torch.dtype, seed: int = 0
) -> Given:
    """`shape` is (window, heads, head dimension, rows, columns, batch).

    Returns:
        (qkv, scale, bias), the masks and the output's gradient, in float64 but exact in dtype.
    """
    window, heads, dim, rows, columns, batch = shape
    torch.manual_seed(seed)
    windows, tokens = batch * rows * columns, window * window
    qkv = (1.5 * torch.randn(windows, tokens, 3 * heads * dim)).to(dtype).double()
    scale = (torch.rand(heads) + (5.0 if cosine else 0.3)).double()
    bias = torch.randn(heads, tokens, tokens).double()
    gradient = torch.randn(windows, tokens, heads * dim).to(dtype).double()
    mask = shift_mask(window, window // 2, torch.device("cpu"), torch.float64) if shifted else None
    return [qkv, scale, bias], mask, gradient


def results(
    given: Given,
    shape: tuple[int, ...],
    *,
    cosine: bool,
    backend: str,
    dtype: torch.dtype,
    device: str = "cpu",
) -> list[Tensor]:
    """The output and every gradient, on the CPU."""
    inputs, mask, gradient = given
    single = torch.float64 if dtype == torch.float64 else torch.float32
    qkv = inputs[0].to(device, dtype).clone().requires_grad_()
    scale, bias = (t.to(device, single).clone().requires_grad_() for t in inputs[1:])
    out = window_attention_packed(
        qkv,
        scale,
        bias,
        None if mask is None else mask.to(device, single),
        (shape[3], shape[4]),
        heads=shape[1],
        cosine=cosine,
        backend=backend,
    )
    out.backward(gradient.to(device, out.dtype))
    grads = [t.grad for t in (qkv, scale, bias)]
    assert all(g is not None for g in grads)
    return [out.detach().cpu(), *(g.cpu() for g in grads if g is not None)]
