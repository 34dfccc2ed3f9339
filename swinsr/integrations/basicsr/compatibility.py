"""What BasicSR 1.4.2 imports and newer torchvision no longer has."""

import importlib
import importlib.util
import sys
import types

from swinsr.errors import ConfigError
from swinsr.install import install_extra

REMOVED = "torchvision.transforms.functional_tensor"


def supply_functional_tensor() -> bool:
    """Put `torchvision.transforms.functional_tensor` back where torchvision 0.17 removed it.

    BasicSR asks it for `rgb_to_grayscale` alone, which lives on in
    `torchvision.transforms.functional`.

    Returns:
        Whether it had to be supplied.

    Raises:
        ConfigError: torchvision is missing or does not work.
    """
    if REMOVED in sys.modules:
        return False
    try:
        functional = importlib.import_module("torchvision.transforms.functional")
        if importlib.util.find_spec(REMOVED) is not None:
            return False
    except (ImportError, RuntimeError) as error:
        raise ConfigError(
            f"BasicSR needs torchvision, which cannot be imported here ({error}); install the one "
            "that belongs to the installed torch"
        ) from error
    module = types.ModuleType(REMOVED, "Supplied by swinsr for BasicSR.")
    module.__dict__["rgb_to_grayscale"] = functional.rgb_to_grayscale
    sys.modules[REMOVED] = module
    return True


def import_basicsr(name: str) -> types.ModuleType:
    """Import a module of BasicSR, with what it misses supplied.

    Raises:
        ConfigError: it is not installed, or torchvision does not work.
    """
    if importlib.util.find_spec("basicsr") is None:
        raise ConfigError(f"BasicSR is not installed; `{install_extra('basicsr')}` adds it")
    supply_functional_tensor()
    return importlib.import_module(name)
