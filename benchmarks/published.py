"""The published networks: from BasicSR, or from the published file itself."""

import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.torchvision import supply_torchvision
from swinsr.errors import SwinsrError
from swinsr.models import RestorationNetwork

CLASSES = {"swinir": "SwinIR", "swin2sr": "Swin2SR"}


class Unavailable(Exception):
    """Why a contender cannot run here."""


@contextmanager
def told(package: str) -> Iterator[None]:
    """Turn what a package's import or use fails with into the reason."""
    try:
        yield
    except (ImportError, AttributeError, RuntimeError, SwinsrError) as error:
        raise Unavailable(f"{package} does not run this here ({error})") from error


def published_class(family: str, file: Path | None = None) -> Any:
    """The class of the published network.

    Args:
        family: "swinir" or "swin2sr".
        file: network_swinir.py or network_swin2sr.py as published; None for BasicSR's SwinIR, the
            published architecture as pip installs it.

    Raises:
        Unavailable: there is none, or what it imports is not installed.
    """
    name = CLASSES[family]
    if file is not None:
        with told(str(file)):
            return getattr(_module_of(file), name)
    if family != "swinir":
        raise Unavailable(f"BasicSR has no {name}; name the published file: --published FILE")
    with told("basicsr"):
        supply_torchvision()
        importlib.import_module("swinsr.integrations.basicsr").supply_functional_tensor()
        return importlib.import_module("basicsr.archs.swinir_arch").SwinIR


def published_network(built: RestorationNetwork, file: Path | None = None) -> nn.Module:
    """The published network with the weights of one of ours.

    Raises:
        Unavailable: see `published_class`; or it does not take the weights.
    """
    network: nn.Module = published_class(built.config.family, file)(**built.config.to_dict())
    missing, unexpected = network.load_state_dict(built.state_dict(), strict=False)
    derived = ("relative_position_index", "relative_coords_table", "attn_mask", "mean")
    wrong = [key for key in missing if not key.endswith(derived)] + list(unexpected)
    if wrong:
        raise Unavailable(f"the published network does not take the weights ({wrong[0]})")
    return network.eval()


def _module_of(file: Path) -> types.ModuleType:
    if not file.is_file():
        raise ImportError(f"there is no file {file}")
    spec = importlib.util.spec_from_file_location(f"published_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    with _timm():
        spec.loader.exec_module(module)
    return module


@contextmanager
def _timm() -> Iterator[None]:
    """The three names that the published files import of timm, where it is not installed."""
    name = "timm.models.layers"
    if "timm" in sys.modules or importlib.util.find_spec("timm") is not None:
        yield
        return

    class DropPath(nn.Module):
        """As it is in evaluation."""

        def __init__(self, rate: float = 0.0) -> None:
            super().__init__()

        def forward(self, x: Tensor) -> Tensor:
            assert not self.training
            return x

    layers = types.ModuleType(name)
    layers.__dict__.update(
        DropPath=DropPath,
        to_2tuple=lambda x: x if isinstance(x, tuple) else (x, x),
        trunc_normal_=torch.nn.init.trunc_normal_,
    )
    packages = {package: types.ModuleType(package) for package in ("timm", "timm.models")}
    sys.modules |= packages | {name: layers}
    try:
        yield
    finally:
        for package in (*packages, name):
            del sys.modules[package]
