"""Checkpoints published by the authors of SwinIR and Swin2SR."""

import functools
import json
from pathlib import Path
from typing import Any

from swinsr.zoo.entry import ModelEntry

_TABLE = Path(__file__).with_name("published.json")


@functools.cache
def published_models() -> tuple[ModelEntry, ...]:
    """Every published checkpoint that is known by name."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return tuple(_entry(model, table["configurations"]) for model in table["checkpoints"])


def _entry(model: dict[str, Any], configurations: dict[str, dict[str, Any]]) -> ModelEntry:
    """An entry of the table; several share a configuration but for the training size."""
    values = dict(model)
    config = dict(configurations[values.pop("configuration")])
    if "img_size" in values:
        config["img_size"] = values.pop("img_size")
    return ModelEntry(**values, config=config)
