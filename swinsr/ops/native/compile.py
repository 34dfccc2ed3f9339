"""Compiles the kernels into one shared library: for the build hook, and `python -m` by hand.

    python -m swinsr.ops.native.compile

Imports nothing of the package, so that the build can run it before anything is installed. The
compiler is the `ziglang` package where it is installed (a C++ compiler that pip can install on
every platform), else the system's. The sources use no library, so that what comes out depends on
nothing but the kind of processor and system.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "src"
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
LIBRARY = Path(__file__).parent / f"swinsr_kernels{SUFFIX}"
FLAGS = [
    *("-std=c++17", "-O3", "-fPIC", "-ffp-contract=fast", "-fno-math-errno", "-fno-exceptions"),
    *("-fno-rtti", "-fno-stack-protector", "-fvisibility=hidden"),
    *("-Wall", "-Wextra", "-Wno-psabi", "-Wno-unused-function"),
]
# The oldest GNU C library that the ziglang package links for; wheels are tagged with it.
GLIBC = "2.17" if platform.libc_ver()[0] == "glibc" else None
AVX512 = "-mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512"
X86 = {
    "baseline": "",
    "avx2": "-mavx2 -mfma",
    "avx512": AVX512,
    "avx512bf16": f"{AVX512} -mavx512bf16",
}


@dataclass(frozen=True)
class BuildTarget:
    """Another kind of machine that zig compiles for.

    Attributes:
        triple: as zig calls it.
        machine: its processor, as `platform.machine` calls it.
        suffix: of its libraries.
    """

    triple: str
    machine: str
    suffix: str


# By the platform tag of the wheel.
TARGETS = {
    "manylinux_2_17_x86_64": BuildTarget("x86_64-linux-gnu.2.17", "x86_64", ".so"),
    "manylinux_2_17_aarch64": BuildTarget("aarch64-linux-gnu.2.17", "aarch64", ".so"),
    "macosx_11_0_arm64": BuildTarget("aarch64-macos.11.0", "arm64", ".dylib"),
    "macosx_11_0_x86_64": BuildTarget("x86_64-macos.11.0", "x86_64", ".dylib"),
}


class CompileError(Exception):
    """No compiler, or one that failed; the message is what it said."""


def compiler() -> list[str]:
    """The command that compiles C++.

    Raises:
        CompileError: there is none.
    """
    if named := os.environ.get("CXX"):
        return named.split()
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "c++"]
    for name in ("c++", "g++", "clang++"):
        if found := shutil.which(name):
            return [found]
    raise CompileError(
        "no C++ compiler: neither the ziglang package nor a system compiler is there"
    )


def fingerprint() -> int:
    """A number that changes with the sources; the library tells that of its own."""
    total = 0
    for path in sorted(SOURCES.iterdir()):
        total = zlib.crc32(path.read_bytes(), total)
    return total


def uses_zig() -> bool:
    """Whether the compiler is the ziglang package."""
    return "ziglang" in compiler()


def instruction_sets(machine: str | None = None) -> dict[str, str]:
    """Names and compiler flags of what is compiled for a kind of processor, or for this one."""
    named = (machine or platform.machine()).lower()
    return X86 if named in ("x86_64", "amd64") else {"baseline": ""}


def compile_library(to: Path = LIBRARY, target: BuildTarget | None = None) -> Path:
    """Compile and link; the library appears whole or not at all.

    Args:
        to: the library.
        target: another machine, for which only zig compiles; None for this one.

    Raises:
        CompileError: no compiler, or one that failed.
    """
    command = compiler()
    zig = uses_zig()
    if target is not None:
        if not zig:
            raise CompileError("other machines are compiled for by the ziglang package alone")
        command += ["-mcpu=baseline", "-target", target.triple]
    elif zig:
        # Zig otherwise aims at the very processor and system it runs on.
        command += ["-mcpu=baseline"]
        if GLIBC:
            command += ["-target", f"{platform.machine()}-linux-gnu.{GLIBC}"]
    common = [*command, *FLAGS]
    with tempfile.TemporaryDirectory(prefix="swinsr-") as folder:
        jobs: list[tuple[str, str, list[str]]] = [
            ("processor.cpp", "processor", [f"-DSWINSR_SOURCES={fingerprint()}"]),
            ("team.cpp", "team", []),
        ]
        for name, flags in instruction_sets(target.machine if target else None).items():
            jobs.append(("kernels.cpp", name, [f"-DSWINSR_ISA={name}", *flags.split()]))

        def compile_one(job: tuple[str, str, list[str]]) -> str:
            source, name, flags = job
            made = str(Path(folder) / f"{name}.o")
            _run([*common, *flags, "-c", str(SOURCES / source), "-o", made])
            return made

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, jobs))
        linked = Path(folder) / to.name
        # Nothing of the C++ library is used, and of C's at most memcpy, which is always loaded.
        bare = ["-nostdlib++"] if zig else ["-nodefaultlibs"] if sys.platform == "linux" else []
        _run([*command, "-shared", *bare, *objects, "-o", str(linked)])
        temporary = to.with_name(f".{to.name}.{os.getpid()}")
        shutil.copyfile(linked, temporary)
        temporary.replace(to)
    return to


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompileError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.stdout.write(f"{compile_library()}\n")
