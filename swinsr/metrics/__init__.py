"""Image quality as papers report it: pure functions on NumPy arrays, float64 throughout.

Each takes the restored image first and the truth second. The names ending in `_y` score the
BT.601 luma of RGB images; the others all channels of RGB or gray images.
"""

from swinsr.metrics.blocking import psnrb, psnrb_y
from swinsr.metrics.noise_ratio import psnr, psnr_y
from swinsr.metrics.optional import pyiqa_metric
from swinsr.metrics.similarity import Score, psnr_ssim, psnr_ssim_y, ssim, ssim_y

__all__ = [
    "Score",
    "psnr",
    "psnr_ssim",
    "psnr_ssim_y",
    "psnr_y",
    "psnrb",
    "psnrb_y",
    "pyiqa_metric",
    "ssim",
    "ssim_y",
]
