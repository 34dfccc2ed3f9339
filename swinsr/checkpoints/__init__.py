"""Weights files: read safely, recognised, loaded into networks, and written."""

from swinsr.checkpoints.describe import Description, describe
from swinsr.checkpoints.detection.restoration import Detected, detect
from swinsr.checkpoints.load import LoadedModel, load
from swinsr.checkpoints.save import save, save_huggingface

__all__ = [
    "Description",
    "Detected",
    "LoadedModel",
    "describe",
    "detect",
    "load",
    "save",
    "save_huggingface",
]
