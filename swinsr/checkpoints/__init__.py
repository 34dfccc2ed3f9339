"""Weights files: read safely, recognised, loaded into networks, and written."""

from swinsr.checkpoints.load import LoadedModel, load
from swinsr.checkpoints.save import save

__all__ = ["LoadedModel", "load", "save"]
