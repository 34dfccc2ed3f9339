"""Finds and loads the compiled kernels and chooses an instruction set; says why where it cannot."""

import ctypes
import functools
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass

from swinsr.errors import ConfigError
from swinsr.ops.native.compile import LIBRARY, fingerprint

ISA_VARIABLE = "SWINSR_ISA"
_X86 = {"baseline": 0, "avx2": 1, "avx512": 2, "avx512bf16": 4}  # bits of swinsr_processor()
REBUILD = f"compile them with `{sys.executable} -m swinsr.ops.native.compile`"


@dataclass(frozen=True)
class Kernels:
    """The loaded library, seen through one instruction set."""

    library: ctypes.CDLL
    isa: str

    @property
    def join(self) -> Callable[..., int]:
        """`swinsr_join` of `src/team.cpp`, which is the same for every instruction set."""
        function: Callable[..., int] = self.library.swinsr_join
        return function

    def __getattr__(self, name: str) -> Callable[..., int]:
        """The function `swinsr_<name>_<isa>`, which takes pointers and 64-bit integers."""
        function = getattr(self.library, f"swinsr_{name}_{self.isa}")
        function.restype = ctypes.c_int64
        object.__setattr__(self, name, function)
        found: Callable[..., int] = function
        return found


def _load() -> tuple[ctypes.CDLL | None, str]:
    """The library, or None and the reason."""
    if not LIBRARY.exists():
        return None, f"the kernels were not compiled when swinsr was installed; {REBUILD}"
    try:
        library = ctypes.CDLL(str(LIBRARY))
        library.swinsr_processor.restype = ctypes.c_int64
        library.swinsr_fingerprint.restype = ctypes.c_int64
        compiled_from = library.swinsr_fingerprint()
    except (OSError, AttributeError) as error:
        return None, f"{LIBRARY.name} cannot be loaded ({error}); {REBUILD}"
    if compiled_from != fingerprint():
        return None, f"the compiled kernels are not those of this version's sources; {REBUILD}"
    return library, ""


# At import and not at the first call, which may be inside a trace of PyTorch's compiler.
_LIBRARY, _REASON = _load()


def unavailable() -> str:
    """Why the kernels cannot run here; empty where they can."""
    return _REASON


def instruction_sets() -> tuple[str, ...]:
    """Those this processor runs, the slowest first; empty without a library."""
    if _LIBRARY is None:
        return ()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ("baseline",)
    found = _LIBRARY.swinsr_processor()
    return tuple(name for name, bit in _X86.items() if found & bit == bit)


def kernels() -> Kernels:
    """The kernels for the best instruction set, or for the one that SWINSR_ISA names.

    Raises:
        ConfigError: SWINSR_ISA names one that this processor has not.
    """
    return kernels_of(os.environ.get(ISA_VARIABLE, ""))


@functools.cache
def kernels_of(forced: str) -> Kernels:
    """The kernels for an instruction set by its name; for the best one where that is empty.

    Raises:
        ConfigError: this processor has not the instruction set.
    """
    if _LIBRARY is None:
        raise ConfigError(f"The native kernels cannot run: {_REASON}")
    available = instruction_sets()
    if forced and forced not in available:
        raise ConfigError(
            f"{ISA_VARIABLE}={forced} is not to be had on this processor; "
            f"choose from {', '.join(available)}"
        )
    return Kernels(_LIBRARY, forced or available[-1])
