"""Models by name: those that ship with the program, and those published by the authors."""

from swinsr.zoo.bundled import bundled_models, default_model, weights_folder
from swinsr.zoo.entry import ModelEntry
from swinsr.zoo.find import find_weights
from swinsr.zoo.published import published_models

__all__ = [
    "ModelEntry",
    "bundled_models",
    "default_model",
    "find_weights",
    "published_models",
    "weights_folder",
]
