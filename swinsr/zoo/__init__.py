"""Models by name: those that ship with the program, and those published by the authors."""

from swinsr.zoo.bundled import bundled_models, default_model, models_by_scale, weights_folder
from swinsr.zoo.cache import (
    CacheEntry,
    Verdict,
    cache_folder,
    cached_path,
    is_offline,
    models_folder,
    read_record,
    remove,
    verify,
)
from swinsr.zoo.download import download, no_answer_after
from swinsr.zoo.entry import Damage, ModelEntry
from swinsr.zoo.find import find_published, find_weights
from swinsr.zoo.hub import hub_folder, is_hub_id
from swinsr.zoo.published import published_models

__all__ = [
    "CacheEntry",
    "Damage",
    "ModelEntry",
    "Verdict",
    "bundled_models",
    "cache_folder",
    "cached_path",
    "default_model",
    "download",
    "find_published",
    "find_weights",
    "hub_folder",
    "is_hub_id",
    "is_offline",
    "models_by_scale",
    "models_folder",
    "no_answer_after",
    "published_models",
    "read_record",
    "remove",
    "verify",
    "weights_folder",
]
