"""From the published constructors' keywords to a configuration and a network."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from swinsr.errors import ConfigError
from swinsr.models.config import RestorationConfig, Swin2SRConfig, SwinIRConfig
from swinsr.models.restoration import RestorationNetwork
from swinsr.models.swin2sr import Swin2SR
from swinsr.models.swinir import SwinIR

CONFIGS: dict[str, type[RestorationConfig]] = {"swinir": SwinIRConfig, "swin2sr": Swin2SRConfig}
NETWORKS: dict[str, type[RestorationNetwork]] = {"swinir": SwinIR, "swin2sr": Swin2SR}


def config_from_published(family: str, config: Mapping[str, Any]) -> RestorationConfig:
    """A checked configuration from the published constructor's keywords.

    Args:
        family: "swinir" or "swin2sr".
        config: keywords such as `upscale`, `embed_dim`, `depths`; those left out take the
            defaults of `RestorationConfig`.

    Raises:
        ConfigError: an unknown family or keyword, or a value that cannot be built.
    """
    if family not in CONFIGS:
        raise ConfigError(f"unknown network family {family!r}; choose from {', '.join(CONFIGS)}")
    cls = CONFIGS[family]
    values = dict(config)
    if values.pop("patch_size", 1) != 1:
        raise ConfigError("restoration networks work on patches of one pixel: patch_size is 1")
    if isinstance(values.get("img_size"), (list, tuple)):
        values["img_size"] = max(values["img_size"])
    if values.get("upsampler", "") is None:
        values["upsampler"] = ""
    known = {field.name for field in dataclasses.fields(cls)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"{family} has no setting {', '.join(unknown)}")
    return cls(**values)


def build(config: RestorationConfig) -> RestorationNetwork:
    """A network with fresh random weights, in evaluation mode."""
    return NETWORKS[config.family](config).eval()


def from_published(family: str, config: Mapping[str, Any]) -> RestorationNetwork:
    """A network with fresh random weights from the published constructor's keywords.

    Args:
        family: "swinir" or "swin2sr".
        config: see `config_from_published`.

    Returns:
        The network in evaluation mode; its `forward` takes (batch, in_chans, H, W) floats of any
        H, W >= 1 and returns what the published network returns.

    Raises:
        ConfigError: an unknown family or keyword, or a value that cannot be built.
    """
    return build(config_from_published(family, config))
