"""Swin blocks: window attention and an MLP, each with a residual, on (batch, H, W, C) maps.

Everything in a block stays inside its windows. So the block itself is written on windows alone
(`forward_windows`), and whoever runs a large picture may run it some windows at a time. On a CPU
with the compiled kernels a block is one operation instead (`run_native`), in training too.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from swinsr.nn.attention import WindowAttention, WindowAttentionV2
from swinsr.ops.backend import block_backend
from swinsr.ops.swin_block.cpu import swin_block_into, swin_block_native
from swinsr.ops.window import shift_mask
from swinsr.ops.window_process import merge_unshift, shift_partition


class DropPath(nn.Module):
    """Stochastic depth: drop a residual branch for whole samples (arXiv:1603.09382)."""

    def __init__(self, rate: float) -> None:
        """Drop with probability `rate`, 0 <= rate < 1, while training."""
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) -> the same shape, surviving samples divided by the survival rate."""
        factors = self.factors(x)
        return x if factors is None else x * factors

    def factors(self, x: Tensor) -> Tensor | None:
        """What each sample is multiplied by, (batch, 1, ...); None where nothing is dropped."""
        if not self.rate or not self.training:
            return None
        keep = 1.0 - self.rate
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        return torch.empty(shape, device=x.device, dtype=x.dtype).bernoulli_(keep).div_(keep)


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, dim: int, hidden: int, drop: float = 0.0) -> None:
        """`dim` -> `hidden` -> `dim` channels."""
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) -> (..., dim)."""
        out: Tensor = self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
        return out


# What a block's two residual branches are multiplied by; see `DropPath.factors`.
Factors = tuple[Tensor | None, Tensor | None]
Run = Callable[["SwinBlock", Tensor, Factors, Tensor | None], Tensor]


def _times(x: Tensor, factors: Tensor | None) -> Tensor:
    return x if factors is None else x * factors


def run_modules(block: "SwinBlock", x: Tensor, factors: Factors, mask: Tensor | None) -> Tensor:
    """A block on a map, module by module.

    What differs from block to block of a kind is in the arguments, so that compiled once it serves
    every layer.

    Args:
        block: whose parameters and settings.
        x: (batch, H, W, C); H and W are multiples of the window.
        factors: of the two branches.
        mask: the block's own.
    """
    size = (x.shape[1], x.shape[2])
    grid = (size[0] // block.window, size[1] // block.window)
    windows = shift_partition(x, block.window, block.shift, backend=block.process)
    windows = block.forward_windows(windows, grid, mask, factors)
    return merge_unshift(windows, block.window, size, block.shift, backend=block.process)


class SwinBlock(nn.Module):
    """V1 block: norm before attention and MLP (arXiv:2103.14030, eq. 3)."""

    generation = 1
    run: Run = staticmethod(run_modules)  # or the same, compiled

    def __init__(
        self,
        dim: int,
        heads: int,
        window: int,
        shift: int,
        *,
        mlp_ratio: float,
        drop: float = 0.0,
        drop_path: float = 0.0,
        use_checkpoint: bool = False,
        process: str = "auto",
        **attention: Any,
    ) -> None:
        """`attention` holds keyword arguments for the attention module.

        `process` is the backend of `swinsr.ops.window_process`.
        """
        super().__init__()
        self.process = process
        self.window, self.shift, self.use_checkpoint = window, shift, use_checkpoint
        self.norm1 = nn.LayerNorm(dim)
        self.attn = self.make_attention(dim, window, heads, proj_drop=drop, **attention)
        self.drop_path = DropPath(drop_path)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop)

    def make_attention(self, *args: Any, **kwargs: Any) -> WindowAttention:
        """The attention module of this generation."""
        return WindowAttention(*args, **kwargs)

    def mask(self, device: torch.device) -> Tensor | None:
        """The masks of the four kinds of window, None where nothing is shifted."""
        if not self.shift:
            return None
        return shift_mask(self.window, self.shift, device, torch.float32)

    def forward_windows(
        self,
        windows: Tensor,
        grid: tuple[int, int],
        mask: Tensor | None,
        factors: Factors = (None, None),
    ) -> Tensor:
        """The block on windows: (batch, rows * columns, tokens, C) -> the same."""
        return self.residuals(windows, lambda x: self.attn(x, grid, mask), factors)

    def factors(self, x: Tensor) -> Factors:
        """What this call drops of the two branches."""
        return self.drop_path.factors(x), self.drop_path.factors(x)

    def residuals(self, x: Tensor, attend: Callable[[Tensor], Tensor], factors: Factors) -> Tensor:
        """Attention and MLP with their norms and residuals, on a map or on windows.

        A block is written here and nowhere else, but for two that cannot be made of these lines:
        what is made ready for inference (`swinsr.runtime.modules.block`), whose norms are folded
        into the layers after them and whose additions are part of products, and the compiled
        kernel, which is C++.

        Args:
            x: (..., C).
            attend: normed x -> what attention adds to it.
            factors: of the two branches.
        """
        x = x + _times(attend(self.norm1(x)), factors[0])
        return x + _times(self.mlp(self.norm2(x)), factors[1])

    def obstacle(self, x: Tensor) -> str:
        """What about this call the compiled block cannot compute; empty for nothing."""
        # Under autocast a convolution before the block leaves bfloat16 behind.
        rounded = x.dtype == torch.bfloat16 and torch.is_autocast_enabled("cpu")
        if self.norm1.weight.dtype != torch.float32 or not (x.dtype == torch.float32 or rounded):
            return "it takes float32 maps and weights"
        if self.attn.backend not in ("auto", "native"):
            return f"attention is to run by {self.attn.backend}"
        if self.training and (self.drop_path.rate or self.mlp.drop.p or self.attn.attn_drop.p):
            return "it has no dropout"
        traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        if traced or torch.compiler.is_exporting():
            return "other programs do not know it"
        return ""

    def run_native(self, x: Tensor, *, bfloat16: bool) -> Tensor:
        """The block on a map by the compiled kernel.

        Args:
            x: (batch, H, W, C) on the CPU; H and W multiples of the window.
            bfloat16: multiply in bfloat16; the residual stream stays float32.

        Returns:
            As x, float32.
        """
        # Autocast would round what is computed here in float32, and does not know the kernel.
        with torch.autocast("cpu", enabled=False):
            out: Tensor = swin_block_native(x.float(), *self._tensors(), *self._settings(bfloat16))
        return out

    def run_native_into(self, out: Tensor, x: Tensor, *, bfloat16: bool) -> None:
        """As `run_native`, without gradients, into a float32 contiguous map that may be x."""
        swin_block_into(out, x, self._tensors(), *self._settings(bfloat16))

    def _tensors(self) -> list[Tensor | None]:
        attention, mlp = self.attn, self.mlp
        return [
            attention.scale(),
            attention.position_bias(),
            self.mask(self.norm1.weight.device),
            self.norm1.weight,
            self.norm1.bias,
            attention.qkv.weight,
            attention.qkv_bias(),
            attention.proj.weight,
            attention.proj.bias,
            self.norm2.weight,
            self.norm2.bias,
            mlp.fc1.weight,
            mlp.fc1.bias,
            mlp.fc2.weight,
            mlp.fc2.bias,
        ]

    def _settings(self, bfloat16: bool) -> tuple[int, int, int, int, bool]:
        return (self.window, self.shift, self.attn.heads, self.generation, bfloat16)

    def transform(self, x: Tensor) -> Tensor:
        """The block on a map, without gradient checkpointing."""
        if block_backend("auto", x.device, self.obstacle(x)) == "native":
            autocast = torch.is_autocast_enabled("cpu")
            rounded = autocast and torch.get_autocast_dtype("cpu") == torch.bfloat16
            return self.run_native(x, bfloat16=rounded)
        return self.run(self, x, self.factors(x), self.mask(x.device))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, H, W, C) -> the same; H and W are multiples of the window."""
        if self.use_checkpoint and self.training and torch.is_grad_enabled():
            out: Tensor = checkpoint(self.transform, x, use_reentrant=False)
            return out
        return self.transform(x)


class SwinBlockV2(SwinBlock):
    """V2 block: norm after attention and MLP, inside the residual (arXiv:2111.09883, fig. 1)."""

    generation = 2

    def make_attention(self, *args: Any, **kwargs: Any) -> WindowAttention:
        """The attention module of this generation."""
        return WindowAttentionV2(*args, **kwargs)

    def residuals(self, x: Tensor, attend: Callable[[Tensor], Tensor], factors: Factors) -> Tensor:
        """As V1's, the norms inside the residuals."""
        x = x + _times(self.norm1(attend(x)), factors[0])
        return x + _times(self.norm2(self.mlp(x)), factors[1])
