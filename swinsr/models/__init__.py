"""Networks: SwinIR and Swin2SR, built from frozen configurations."""

from swinsr.models.build import build, config_from_published, from_published
from swinsr.models.config import RestorationConfig, Swin2SRConfig, SwinIRConfig
from swinsr.models.restoration import RestorationNetwork
from swinsr.models.swin2sr import Swin2SR
from swinsr.models.swinir import SwinIR

__all__ = [
    "RestorationConfig",
    "RestorationNetwork",
    "Swin2SR",
    "Swin2SRConfig",
    "SwinIR",
    "SwinIRConfig",
    "build",
    "config_from_published",
    "from_published",
]
