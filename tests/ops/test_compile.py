"""Compiling the kernels: what happens without a compiler, with a broken one, and by hand."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from swinsr.ops.native import compile as compiling
from swinsr.ops.native import library


def test_broken_compiler_is_told_and_leaves_the_library_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / compiling.LIBRARY.name
    target.write_bytes(b"as it was")
    monkeypatch.setenv("CXX", f"{sys.executable} -c exit('cannot')")
    with pytest.raises(compiling.CompileError, match="cannot"):
        compiling.compile_library(target)
    assert target.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [target]


def test_no_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(compiling.shutil, "which", lambda name: None)
    with pytest.raises(compiling.CompileError, match="no C\\+\\+ compiler"):
        compiling.compiler()


def test_library_that_cannot_be_loaded_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / compiling.LIBRARY.name
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(library, "LIBRARY", broken)
    found, reason = library._load()
    assert found is None
    assert "cannot be loaded" in reason and "swinsr.ops.native.compile" in reason


@pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())
def test_library_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "fingerprint", lambda: -1)
    found, reason = library._load()
    assert found is None
    assert "not those of this version's sources" in reason


@pytest.mark.slow
def test_sources_compile_and_load(tmp_path: Path) -> None:
    try:
        compiling.compiler()
    except compiling.CompileError as error:
        pytest.skip(str(error))
    loaded = ctypes.CDLL(str(compiling.compile_library(tmp_path / compiling.LIBRARY.name)))
    for isa in compiling.instruction_sets():
        assert hasattr(loaded, f"swinsr_attention_forward_{isa}")


def test_compiling_needs_nothing_of_the_package() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(compiling.__file__).parent)!r}); "
        "import compile; assert not {'torch', 'numpy', 'swinsr'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
