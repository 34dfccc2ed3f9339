"""Everything that is published: the sources, and a wheel for each platform, built here and checked.

    python release/wheels.py [-o dist] [--only TAG] [--try]

The kernels are compiled for every platform by zig, so that any Linux machine builds all of them.
Needs the packages build, hatchling and twine, and for kernels ziglang. `--try` installs the
wheel of this machine and the one for any into new environments, with all they need, and upscales a
picture there; `python -m tests.stress.arm64 --wheel FILE` does so for arm64 Linux by emulation.
"""

import argparse
import importlib.util
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PURE = "any"  # Windows, and whatever else there is: through PyTorch's own operators
FOLDER = "swinsr/ops/native/"
# Of an ELF file's machine field and a Mach-O file's processor type.
ELF = {62: "x86_64", 183: "aarch64"}
MACH = {0x01000007: "x86_64", 0x0100000C: "arm64"}
TRIAL = """
import sys, numpy as np, swinsr
from swinsr.ops.native.library import unavailable
assert bool(unavailable()) == (sys.argv[1] == "any"), unavailable()
out = swinsr.upscale(np.full((16, 24, 3), 128, np.uint8), 2)
assert out.shape == (32, 48, 3) and abs(int(out.mean()) - 128) < 4
print("it upscales,", "without kernels" if unavailable() else "with its kernels")
"""


def compiling() -> ModuleType:
    """The module that compiles, without its package: torch need not be here."""
    path = ROOT / "swinsr/ops/native/compile.py"
    spec = importlib.util.spec_from_file_location("swinsr_compile", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def build(kind: str, output: Path, tag: str = "") -> Path:
    """Build the sources (`sdist`) or a wheel for the platform of a tag."""
    variables = {"SWINSR_NO_KERNELS": "1"} if tag == PURE else {}
    if tag and tag != PURE:
        variables["SWINSR_WHEEL_FOR"] = tag
    with tempfile.TemporaryDirectory() as folder:
        # Of what a build needs, the compiler is missed where kernels are compiled, and not before.
        command = [
            *(sys.executable, "-m", "build", f"--{kind}", "--no-isolation"),
            *("--skip-dependency-check", "-o", folder),
        ]
        subprocess.run(
            [*command, str(ROOT)],
            check=True,
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
        )
        (made,) = Path(folder).iterdir()
        return made.replace(output / made.name)


def check(path: Path, tag: str) -> str:
    """A wheel's tag and what it holds; a sentence on it.

    Raises:
        AssertionError: something is not as it must be.
    """
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        info = next(name for name in names if name.endswith(".dist-info/WHEEL"))
        assert f"Tag: py3-none-{tag}\n" in archive.read(info).decode(), "the tag within"
        assert path.name.endswith(f"-py3-none-{tag}.whl"), "the tag of the name"
        assert any(name.endswith("share/man/man1/swinsr.1") for name in names), "no manual"
        assert "swinsr/weights/manifest.json" in names and "swinsr/py.typed" in names
        libraries = [n for n in names if n.startswith(FOLDER) and n.endswith((".so", ".dylib"))]
        if tag == PURE:
            assert not libraries, "a library in the wheel for any platform"
            return f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, without kernels"
        (library,) = libraries
        content = archive.read(library)
    machine, system = kind_of(content)
    assert tag.endswith(machine) and tag.startswith(system), f"{machine} {system} in {tag}"
    newest = max(
        (tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", content)),
        default=(0, 0),
    )
    assert newest <= (2, 17), f"needs glibc {newest}"
    return f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, kernels for {machine}"


def kind_of(content: bytes) -> tuple[str, str]:
    """Processor and kind of system of a library."""
    if content.startswith(b"\x7fELF"):
        return ELF[struct.unpack_from("<H", content, 18)[0]], "manylinux"
    magic, processor = struct.unpack_from("<II", content)
    assert magic == 0xFEEDFACF, "no library"
    return MACH[processor], "macosx"


def try_it(wheel: Path, tag: str) -> None:
    """Install a wheel into a new environment and upscale a picture there."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin/python"
        variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        for command in (
            [python, "-m", "pip", "install", "-q", wheel],
            [python, "-c", TRIAL, tag],
            [python.with_name("swinsr"), "doctor"],
        ):
            subprocess.run(list(map(str, command)), check=True, env=variables, cwd=folder)


def main() -> None:
    """Build, check, and say so."""
    tags = (*compiling().TARGETS, PURE)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--only", choices=tags, action="append", help="may be repeated")
    parser.add_argument("--try", dest="trial", action="store_true")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    made = [build("sdist", given.output)]
    for tag in given.only or tags:
        made.append(build("wheel", given.output, tag))
        print(check(made[-1], tag))
    subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, made)], check=True
    )
    if given.trial:
        system = "manylinux" if sys.platform == "linux" else "macosx"
        for wheel in made[1:]:
            tag = wheel.stem.rsplit("-", 1)[1]
            if tag == PURE or (tag.endswith(f"_{platform.machine()}") and tag.startswith(system)):
                print(f"{wheel.name}:", flush=True)
                try_it(wheel, tag)


if __name__ == "__main__":
    main()
