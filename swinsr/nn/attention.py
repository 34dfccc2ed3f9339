"""Multi-head window attention, V1 and V2, with the published parameter names."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.nn.position_bias import BiasCache, bias_from_network, bias_from_table
from swinsr.ops.position import relative_coords_table, relative_position_index
from swinsr.ops.window_attention import window_attention_packed

LOGIT_SCALE_MAX = math.log(100.0)


class WindowAttention(nn.Module):
    """V1: scaled dot products with a relative position bias table (arXiv:2103.14030, eq. 4)."""

    relative_position_index: Tensor
    cosine = False

    def __init__(
        self,
        dim: int,
        window: int,
        heads: int,
        *,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
    ) -> None:
        """Build for `dim` channels in `heads` heads over windows of `window` x `window` pixels."""
        super().__init__()
        self.dim, self.window, self.heads = dim, window, heads
        self.backend = "auto"
        self._make_scores(qkv_bias, qk_scale)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)
        index = relative_position_index(window)
        self.register_buffer("relative_position_index", index, persistent=False)
        self._bias = BiasCache()

    def _make_scores(self, qkv_bias: bool, qk_scale: float | None) -> None:
        """Parameters of queries, keys, values, scale and position bias."""
        self.relative_position_bias_table = nn.Parameter(
            torch.zeros((2 * self.window - 1) ** 2, self.heads)
        )
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.qkv = nn.Linear(self.dim, 3 * self.dim, bias=qkv_bias)
        self.qk_scale = qk_scale or (self.dim // self.heads) ** -0.5

    def project(self, windows: Tensor) -> Tensor:
        """Queries, keys and values: (..., dim) -> (..., 3 * dim)."""
        out: Tensor = self.qkv(windows)
        return out

    def qkv_bias(self) -> Tensor | None:
        """The bias of queries, keys and values together, (3 * dim,)."""
        return self.qkv.bias

    def scale(self) -> Tensor:
        """What each head's scores are multiplied by, (heads,) float32."""
        return torch.full((self.heads,), self.qk_scale, device=self.proj.weight.device)

    def position_bias(self) -> Tensor:
        """What is added to each head's scores, (heads, tokens, tokens)."""
        table, index = self.relative_position_bias_table, self.relative_position_index
        return self._bias.get([table], lambda: bias_from_table(table, index))

    def forward(self, windows: Tensor, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        """Attend inside each window and project.

        Args:
            windows: (batch, rows * columns, window ** 2, dim).
            grid: (rows, columns) of windows in one picture.
            mask: (4, window ** 2, window ** 2), `swinsr.ops.window.shift_mask`, or None.

        Returns:
            As `windows`.
        """
        attended = self.attend(self.project(windows), grid, mask)
        projected: Tensor = self.proj_drop(self.proj(attended))
        return projected

    def attend(self, qkv: Tensor, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        """Attend inside each window, before the projection.

        Args:
            qkv: (batch, rows * columns, window ** 2, 3 * dim), from `project`.
            grid, mask: as `forward`.

        Returns:
            (batch, rows * columns, window ** 2, dim), the heads' results side by side.
        """
        out = window_attention_packed(
            qkv.flatten(0, 1),
            self.scale(),
            self.position_bias(),
            mask,
            grid,
            heads=self.heads,
            cosine=self.cosine,
            dropout=self.attn_drop.p if self.training else 0.0,
            backend=self.backend,
        )
        return out.view(*qkv.shape[:-1], -1)


class WindowAttentionV2(WindowAttention):
    """V2: scaled cosine attention, continuous position bias (arXiv:2111.09883, eqs. 2 to 4)."""

    relative_coords_table: Tensor
    cosine = True

    def __init__(
        self,
        dim: int,
        window: int,
        heads: int,
        *,
        qkv_bias: bool = True,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
        pretrained_window: int = 0,
    ) -> None:
        """As V1; `pretrained_window` is the window the weights come from, 0 for the same."""
        super().__init__(
            dim, window, heads, qkv_bias=qkv_bias, attn_drop=attn_drop, proj_drop=proj_drop
        )
        self.pretrained_window = pretrained_window
        coords = relative_coords_table(window, pretrained_window)
        self.register_buffer("relative_coords_table", coords, persistent=False)

    def _make_scores(self, qkv_bias: bool, qk_scale: float | None) -> None:
        self.logit_scale = nn.Parameter(torch.full((self.heads, 1, 1), math.log(10.0)))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512), nn.ReLU(inplace=True), nn.Linear(512, self.heads, bias=False)
        )
        self.qkv = nn.Linear(self.dim, 3 * self.dim, bias=False)
        # The keys have no bias: it would shift every score of a query alike.
        self.q_bias = nn.Parameter(torch.zeros(self.dim)) if qkv_bias else None
        self.v_bias = nn.Parameter(torch.zeros(self.dim)) if qkv_bias else None

    def at_window(self, window: int) -> "WindowAttentionV2":
        """The same weights, shared, on windows of another size."""
        other = copy.copy(self)
        index = relative_position_index(window)
        coords = relative_coords_table(window, self.pretrained_window)
        device = self.logit_scale.device
        other._buffers = {
            "relative_position_index": index.to(device),
            "relative_coords_table": coords.to(device),
        }
        other.window, other._bias = window, BiasCache()
        return other

    def project(self, windows: Tensor) -> Tensor:
        """Queries, keys and values: (..., dim) -> (..., 3 * dim)."""
        return F.linear(windows, self.qkv.weight, self.qkv_bias())

    def qkv_bias(self) -> Tensor | None:
        """The bias of queries, keys (zero) and values together, (3 * dim,)."""
        if self.q_bias is None or self.v_bias is None:
            return None
        return torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])

    def scale(self) -> Tensor:
        """exp(min(logit_scale, log 100)), (heads,)."""
        return self.logit_scale.clamp(max=LOGIT_SCALE_MAX).exp().view(self.heads)

    def position_bias(self) -> Tensor:
        """What is added to each head's scores, (heads, tokens, tokens)."""
        return self._bias.get(
            list(self.cpb_mlp.parameters()),
            lambda: bias_from_network(
                self.cpb_mlp, self.relative_coords_table, self.relative_position_index
            ),
        )
