"""The instruction sets that kernels are compiled for, and how a test takes one."""

import pytest

from swinsr.ops.native import library

ISAS = ("baseline", "avx2", "avx512", "avx512bf16")


def force(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the kernels run by one instruction set; skip where it is not there."""
    if isa not in library.instruction_sets():
        pytest.skip(f"this processor or build has no {isa}")
    monkeypatch.setenv(library.ISA_VARIABLE, isa)
