"""Checkpoints published by the authors of SwinIR and Swin2SR."""

import functools
import json
from pathlib import Path

from swinsr.zoo.entry import ModelEntry

_TABLE = Path(__file__).with_name("published.json")


@functools.cache
def published_models() -> tuple[ModelEntry, ...]:
    """Every published checkpoint that is known by name."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return tuple(ModelEntry(**model) for model in table["checkpoints"])
