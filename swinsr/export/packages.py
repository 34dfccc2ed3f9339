"""The packages that exporting needs beyond the program's own."""

import importlib
from typing import Any

from swinsr.errors import ConfigError
from swinsr.install import install_extra, install_packages


def need(name: str, purpose: str) -> Any:
    """Import an optional package.

    Args:
        name: of the module.
        purpose: what it is for, as in "export to ONNX".

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        missing = package == "openvino"
        command = install_packages(package) if missing else install_extra("export")
        raise ConfigError(f"to {purpose}, {package} has to be installed: {command}") from error
