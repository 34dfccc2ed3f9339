"""What makes a poor image of a good one, in NumPy."""

from swinsr.degradations.filters import blur, resize
from swinsr.degradations.jpeg import jpeg
from swinsr.degradations.noise import add_gaussian_noise, add_poisson_noise
from swinsr.degradations.photo import Photo, photograph
from swinsr.degradations.real_world import DamageStage, RealWorld, degrade, to_bytes, to_float
from swinsr.image.resize.matlab import KERNELS, imresize

__all__ = [
    "KERNELS",
    "DamageStage",
    "Photo",
    "RealWorld",
    "add_gaussian_noise",
    "add_poisson_noise",
    "blur",
    "degrade",
    "imresize",
    "jpeg",
    "photograph",
    "resize",
    "to_bytes",
    "to_float",
]
