"""A network's configuration as text in a safetensors file, and back."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from swinsr.errors import ConfigError
from swinsr.models import RestorationConfig, config_from_published

RESERVED = ("family", "config", "scale", "task", "licence", "format")
MAX_GROUPS = 256
MAX_WINDOW = 64  # pixels; index tables grow with the fourth power


def config_to_metadata(config: RestorationConfig) -> dict[str, str]:
    """Family, published keywords as JSON, and scale."""
    return {
        "family": config.family,
        "config": json.dumps(config.to_dict()),
        "scale": str(config.scale),
    }


def config_from_metadata(metadata: Mapping[str, str]) -> RestorationConfig | None:
    """The configuration that a file carries, or None where it carries none.

    Raises:
        ConfigError: it is there, but not readable or not buildable.
    """
    if "config" not in metadata or "family" not in metadata:
        return None
    try:
        values = json.loads(metadata["config"])
    except (ValueError, RecursionError):
        raise ConfigError("the configuration in its metadata is not valid JSON") from None
    if not isinstance(values, dict):
        raise ConfigError("the configuration in its metadata holds no settings by name")
    return checked_config(metadata["family"], values)


def checked_config(family: str, values: Mapping[str, Any]) -> RestorationConfig:
    """A configuration from values of any origin, their types checked.

    Raises:
        ConfigError: a value of the wrong type or out of bounds.
    """
    try:
        config = config_from_published(family, values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"a setting of {family} has the wrong type ({error})") from None
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if not _fits(value, field.default, optional=field.name == "qk_scale"):
            raise ConfigError(f"{field.name} cannot be {value!r}")
    if len(config.depths) > MAX_GROUPS:
        raise ConfigError(f"{len(config.depths)} groups are above {MAX_GROUPS}")
    if config.window_size > MAX_WINDOW:
        raise ConfigError(f"window_size {config.window_size} is above {MAX_WINDOW}")
    if getattr(config, "pretrained_window_size", 0) < 0:
        raise ConfigError("pretrained_window_size is at least 0")
    return config


def _fits(value: object, default: object, *, optional: bool) -> bool:
    """Whether a value is of its default's type, and finite if it is a number."""
    if optional:
        return value is None or (_is_number(value) and value != 0)
    if isinstance(default, float):
        return _is_number(value)
    return type(value) is type(default)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
