"""Names of a package that are imported only when they are asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def attach(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose names lie elsewhere.

    Type checkers read the imports that stand under `TYPE_CHECKING` in the same file.

    Args:
        package: its `__name__`.
        places: the module of each public name.
    """

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(places[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        present = vars(sys.modules[package])
        own = {n for n in present if n.startswith("__") or isinstance(present[n], ModuleType)}
        return sorted({*own, *places})

    return get, names
