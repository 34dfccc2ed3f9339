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


class BlockInputs:
    """What all blocks share in one forward: computed once, so that a graph holds it once.

    Windows are cut by picking pixels from the flattened map, so that no tensor has a dimension
    that counts windows in a row: torch.export takes dimensions of one apart.
    """

    def __init__(self, window: int, height: int, width: int) -> None:
        """For a map of whole windows, height x width."""
        self.window, self.height, self.width = window, height, width
        self.rows, self.columns = height // window, width // window
        self.masks: dict[int, Tensor] = {}
        self._places: dict[int, tuple[Tensor, Tensor]] = {}

    def places(self, shift: int) -> tuple[Tensor, Tensor]:
        """Where the pixels of all windows are in the map, and the pixels of the map in them.

        Returns:
            Two of (height * width,) int64.
        """
        if shift not in self._places:
            side, number = self.window, torch.arange(self.height * self.width)
            window, inside = number // side**2, number % side**2
            top, left = window // self.columns * side, window % self.columns * side
            y = (top + inside // side + shift) % self.height
            x = (left + inside % side + shift) % self.width
            y_back = (number // self.width + self.height - shift) % self.height
            x_back = (number % self.width + self.width - shift) % self.width
            window = y_back // side * self.columns + x_back // side
            inside = y_back % side * side + x_back % side
            self._places[shift] = (y * self.width + x, window * side**2 + inside)
        return self._places[shift]

    def kinds(self, batch: int) -> Tensor:
        """Which of the four masks each window has after a shift: (batch * windows,) int64."""
        window = torch.arange(self.rows * self.columns)
        below = (window // self.columns == self.rows - 1).to(torch.int64)
        right = (window % self.columns == self.columns - 1).to(torch.int64)
        return (below * 2 + right).repeat(batch)


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

    def __init__(self, block: SwinBlock) -> None:
        """Share the weights of a block."""
        super().__init__()
        self.window, self.shift = block.window, block.shift
        self.dim = block.norm1.normalized_shape[0]
        self.norm_last = isinstance(block, SwinBlockV2)
        self.norm1, self.norm2, self.mlp = block.norm1, block.norm2, block.mlp
        self.attn = TraceableAttention(block.attn)
        self.grid = BlockInputs(
            block.window, block.window, block.window
        )  # `TraceableNetwork` sets it

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        dim, grid = self.dim, self.grid
        area = grid.height * grid.width
        to_windows, to_map = grid.places(self.shift)
        y = x if self.norm_last else self.norm1(x)
        y = y.reshape(-1, area, dim).index_select(1, to_windows)
        y = self.attn(y.reshape(-1, self.window**2, dim), grid.masks.get(self.shift))
        y = y.reshape(-1, area, dim).index_select(1, to_map)
        y = y.reshape(-1, grid.height, grid.width, dim)
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
        self.window, self.shift = network.window, network.shift
        self.network = copy.deepcopy(network).eval().float().cpu().requires_grad_(False)
        with torch.no_grad():
            for parent in list(self.network.modules()):
                for name, child in list(parent.named_children()):
                    if isinstance(child, SwinBlock):
                        setattr(parent, name, TraceableBlock(child))
        self.blocks = [m for m in self.network.modules() if isinstance(m, TraceableBlock)]
        masks = shift_mask(self.window, self.shift, torch.device("cpu"), torch.float32)
        self.register_buffer("masks", masks.clone())

    def forward(self, image: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 -> (batch, C, H * scale, W * scale)."""
        batch, height, width = image.shape[0], image.shape[2], image.shape[3]
        rows, columns = ((side + self.multiple - 1) // self.multiple for side in (height, width))
        padded = self.pad(self.pad(image, height, rows, 2), width, columns, 3)
        grid = BlockInputs(self.window, rows * self.multiple, columns * self.multiple)
        if self.shift:
            grid.masks[self.shift] = self.masks[grid.kinds(batch)][:, None]
        for block in self.blocks:
            block.grid = grid
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


def traceable(network: RestorationNetwork, *, crops_by_view: bool = True) -> TraceableNetwork:
    """A copy of a network that can be traced or exported for every size.

    Args:
        network: what to copy; its weights become float32 on the CPU.
        crops_by_view: crop the result by a view. torch.export binds such a view's strides to
            sizes with padding, or to those without, so that it needs a copy instead.
    """
    return TraceableNetwork(network, crops_by_view=crops_by_view).eval()
