"""Networks built from frozen configurations: SwinIR and Swin2SR, and the Swin classifiers."""

from swinsr.models.build import build, config_from_published, from_published
from swinsr.models.config import RestorationConfig, Swin2SRConfig, SwinIRConfig
from swinsr.models.restoration import RestorationNetwork
from swinsr.models.simmim import MaskedImageModel
from swinsr.models.swin import SwinTransformer, SwinTransformerV2, classifier_from_published
from swinsr.models.swin2sr import Swin2SR
from swinsr.models.swin_config import HierarchicalConfig, SwinConfig, SwinV2Config
from swinsr.models.swinir import SwinIR

__all__ = [
    "HierarchicalConfig",
    "MaskedImageModel",
    "RestorationConfig",
    "RestorationNetwork",
    "Swin2SR",
    "Swin2SRConfig",
    "SwinConfig",
    "SwinIR",
    "SwinIRConfig",
    "SwinTransformer",
    "SwinTransformerV2",
    "SwinV2Config",
    "build",
    "classifier_from_published",
    "config_from_published",
    "from_published",
]
