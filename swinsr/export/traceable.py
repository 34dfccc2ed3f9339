"""A network rewritten so that a trace of it is right at every size, and small.

What a trace would freeze is computed from the picture's size instead: the padding, the number of
windows, and which windows the shift's masks apply to. What does not depend on the picture is
computed beforehand: the position bias, V2's scale, the four masks.
"""

import copy

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.nn.attention import WindowAttention
from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.ops.window import shift_mask


class Grid:
    """What all blocks share in one forward: computed once, so that a graph holds it once."""

    def __init__(self) -> None:
        """Filled in by `TraceableNetwork.forward`."""
        self.height = self.width = self.columns = 0
        self.masks: dict[tuple[int, int], Tensor] = {}


class TraceableAttention(nn.Module):
    """`WindowAttention` in plain operations, its constants computed beforehand."""

    scale: Tensor
    bias: Tensor

    def __init__(self, attention: WindowAttention) -> None:
        """Share the weights of an attention module."""
        super().__init__()
        self.heads, self.cosine = attention.heads, attention.cosine
        self.tokens = attention.window**2
        weight, shift = _projection(attention)
        self.qkv = nn.Linear(weight.shape[1], weight.shape[0], bias=shift is not None)
        self.qkv.weight = nn.Parameter(weight, requires_grad=False)
        if shift is not None:
            self.qkv.bias = nn.Parameter(shift, requires_grad=False)
        self.proj = attention.proj
        self.register_buffer("scale", attention.scale().detach().reshape(-1, 1, 1).clone())
        self.register_buffer("bias", attention.position_bias().detach().clone())

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Attend inside each window.

        Args:
            windows: (batch * windows, tokens, dim).
            mask: (batch * windows, 1, tokens, tokens) additive, or None.
        """
        dim = windows.shape[-1]
        qkv = self.qkv(windows).reshape(-1, self.tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        if self.cosine:
            q, k = _unit(q), _unit(k)
        scores = (q * self.scale) @ k.transpose(-2, -1) + self.bias
        if mask is not None:
            scores = scores + mask
        out = scores.softmax(dim=-1) @ v
        joined: Tensor = self.proj(out.transpose(1, 2).reshape(-1, self.tokens, dim))
        return joined


def _projection(attention: WindowAttention) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the one linear layer for queries, keys and values."""
    dim = attention.dim
    weight = attention.qkv.weight.detach()
    with torch.no_grad():
        shift = attention.project(torch.zeros(1, dim, dtype=weight.dtype))[0]
    return weight, shift.clone() if bool(shift.any()) else None


def _unit(x: Tensor) -> Tensor:
    """Vectors of length 1, as torch.nn.functional.normalize makes them."""
    norm: Tensor = (x * x).sum(dim=-1, keepdim=True).sqrt().clamp_min(1e-12)
    return x / norm


class TraceableBlock(nn.Module):
    """A Swin block on maps, (batch, H, W, C) -> the same; H and W are multiples of the window."""

    def __init__(self, block: SwinBlock, grid: Grid) -> None:
        """Share the weights of a block."""
        super().__init__()
        self.window, self.shift, self.grid = block.window, block.shift, grid
        self.dim = block.norm1.normalized_shape[0]
        self.norm_last = isinstance(block, SwinBlockV2)
        self.norm1, self.norm2, self.mlp = block.norm1, block.norm2, block.mlp
        self.attn = TraceableAttention(block.attn)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        side, dim, grid = self.window, self.dim, self.grid
        y = x if self.norm_last else self.norm1(x)
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = y.reshape(-1, side, grid.columns, side, dim).transpose(1, 2)
        y = self.attn(y.reshape(-1, side * side, dim), grid.masks.get((side, self.shift)))
        y = y.reshape(-1, grid.columns, side, side, dim).transpose(1, 2)
        y = y.reshape(-1, grid.height, grid.width, dim)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        if self.norm_last:
            x = x + self.norm1(y)
            return x + self.norm2(self.mlp(x))  # type: ignore[no-any-return]
        x = x + y
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class TraceableNetwork(nn.Module):
    """A picture of any size in, the restored picture out; padding and cropping inside.

    The result is that of the network on the picture padded by reflection to the next multiple of
    the window, cropped: for all heads but the auxiliary one the same as the network's own.
    """

    masks: Tensor

    def __init__(self, network: RestorationNetwork, *, crops_by_view: bool = True) -> None:
        """Copy a network, with its blocks replaced; see `traceable`."""
        super().__init__()
        self.crops_by_view = crops_by_view
        self.multiple, self.scale = network.config.window_size, network.config.scale
        self.window, self.shift, self.grid = network.window, network.shift, Grid()
        self.network = copy.deepcopy(network).eval().float().cpu().requires_grad_(False)
        with torch.no_grad():
            for parent in list(self.network.modules()):
                for name, child in list(parent.named_children()):
                    if isinstance(child, SwinBlock):
                        setattr(parent, name, TraceableBlock(child, self.grid))
        masks = shift_mask(self.window, self.shift, torch.device("cpu"), torch.float32)
        self.register_buffer("masks", masks.clone())

    def forward(self, image: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 -> (batch, C, H * scale, W * scale)."""
        batch, height, width = image.shape[0], image.shape[2], image.shape[3]
        rows, columns = ((side + self.multiple - 1) // self.multiple for side in (height, width))
        padded = self.pad(self.pad(image, height, rows, 2), width, columns, 3)
        self.grid.height, self.grid.width = rows * self.multiple, columns * self.multiple
        rows, self.grid.columns = (side * self.multiple // self.window for side in (rows, columns))
        if self.shift:
            mask = self.mask(batch, rows, self.grid.columns)
            self.grid.masks = {(self.window, self.shift): mask}
        out = self.network.forward_head(padded).image
        height, width = height * self.scale, width * self.scale
        if self.crops_by_view:
            return out[:, :, :height, :width]
        return out.index_select(2, torch.arange(height)).index_select(3, torch.arange(width))

    def pad(self, image: Tensor, side: int, windows: int, dim: int) -> Tensor:
        """Reflect at the end of one dimension, up to whole windows."""
        place = torch.arange(windows * self.multiple)
        # Folded back and forth with the period 2 * last; a side of one pixel has none. Tensors,
        # since a graph takes remainders of those only.
        last = torch.ones(1, dtype=torch.int64) * (side - 1)
        folded = last - (place.remainder((2 * last).clamp_min(1)) - last).abs()
        return image.index_select(dim, folded)

    def mask(self, batch: int, rows: int, columns: int) -> Tensor:
        """(batch * rows * columns, 1, tokens, tokens): of the four masks each window's own."""
        below = (torch.arange(rows) == rows - 1).to(torch.int64) * 2
        right = (torch.arange(columns) == columns - 1).to(torch.int64)
        kinds = (below[:, None] + right[None, :]).reshape(-1).repeat(batch)
        return self.masks[kinds][:, None]


def traceable(network: RestorationNetwork, *, crops_by_view: bool = True) -> TraceableNetwork:
    """A copy of a network that can be traced or exported for every size.

    Args:
        network: what to copy; its weights become float32 on the CPU.
        crops_by_view: crop the result by a view. torch.export binds such a view's strides to
            sizes with padding, or to those without, so that it needs a copy instead.
    """
    return TraceableNetwork(network, crops_by_view=crops_by_view).eval()
