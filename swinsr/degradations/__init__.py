"""What makes a poor image of a good one, in NumPy."""

from swinsr.degradations.bicubic import KERNELS, imresize

__all__ = ["KERNELS", "imresize"]
