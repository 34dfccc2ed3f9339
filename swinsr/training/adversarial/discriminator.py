"""The U-Net discriminator with spectral norm of Real-ESRGAN (arXiv:2107.10833, section 3.3)."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2  # of the leaky ReLU


class UNetDiscriminator(nn.Module):
    """Judges every pixel: (batch, 3, H, W) pictures to (batch, 1, H, W) logits, real above 0."""

    def __init__(self, channels: int = 64) -> None:
        """`channels` of the finest level; the paper has 64. H and W are multiples of 8."""
        super().__init__()
        n = channels
        self.first = nn.Conv2d(3, n, 3, 1, 1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(n << level, n << (level + 1), 4, 2, 1, bias=False))
            for level in range(3)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(n << (level + 1), n << level, 3, 1, 1, bias=False))
            for level in (2, 1, 0)
        )
        self.smooth = nn.ModuleList(
            spectral_norm(nn.Conv2d(n, n, 3, 1, 1, bias=False)) for _ in range(2)
        )
        self.last = nn.Conv2d(n, 1, 3, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of every pixel."""
        levels = [functional.leaky_relu(self.first(pictures), SLOPE)]
        for conv in self.down:
            levels.append(functional.leaky_relu(conv(levels[-1]), SLOPE))
        x = levels.pop()
        for conv in self.up:
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = functional.leaky_relu(conv(x), SLOPE) + levels.pop()
        for conv in self.smooth:
            x = functional.leaky_relu(conv(x), SLOPE)
        logits: Tensor = self.last(x)
        return logits
