"""The kernels' own tests as an arm64 processor runs them, emulated by QEMU.

    python -m tests.stress.arm64 [--folder FOLDER] [TEST ...]
    python -m tests.stress.arm64 [--folder FOLDER] --wheel FILE

Needs Linux on x86-64 with Debian's packages (qemu-user, and dpkg's architecture arm64, which it
adds), pip, and the ziglang package as the cross compiler. It puts an arm64 Python with PyTorch into
a folder (0.7 GB), compiles the kernels for it and runs the tests: a minute to prepare and one to
run on a quiet machine. A whole run of the tests leaves it out for the packages of another
architecture that it needs. The AVX-512 kernels cannot be emulated so: QEMU has no AVX-512.

With a wheel for arm64, which `release/wheels.py` builds, that is installed there and upscales a
picture.
"""

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

from swinsr.ops.native import compile as compiling

ROOT = Path(__file__).parents[2]
TESTS = [
    f"tests/ops/test_native_{name}.py" for name in ("attention", "block", "convolution", "threads")
]
TORCH = "torch==2.9.1"  # the newest whose arm64 wheel is a CPU build
PLAIN = [
    *("filelock", "typing_extensions", "sympy", "mpmath", "networkx", "jinja2", "markupsafe"),
    *("fsspec", "einops", "pytest", "iniconfig", "packaging", "pluggy", "pygments", "hypothesis"),
    *("sortedcontainers", "safetensors"),
]
# What else the wheel needs to upscale a picture; nothing is downloaded for it.
NEEDS = [
    *("opencv-python-headless", "pillow", "tifffile", "psutil", "typer", "shellingham"),
    *("annotated-doc", "rich", "markdown-it-py", "mdurl", "annotated-types", "typing-inspection"),
]
TOGETHER = ("pydantic", "pydantic-core")  # of which each version has its own of the other
TRIAL = """
import sys
from swinsr.cli import main
from swinsr.ops.native.library import unavailable
assert "/wheel/" in sys.modules["swinsr"].__file__ and not unavailable(), unavailable()
sys.argv = ["swinsr", sys.argv[1], "-o", sys.argv[2], "--fast", "-s", "2", "--overwrite"]
main()
"""
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
SYSTEM = ("python3.11-minimal", "libpython3.11-stdlib", "libstdc++6", "libgomp1")


def run(*command: str, folder: Path | None = None) -> str:
    """What a command prints; its own message where it fails."""
    return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def make_system(folder: Path) -> None:
    """An arm64 Python of Debian's, unpacked."""
    debs, root = folder / "debs", folder / "root"
    if (root / "usr/bin/python3.11").exists():
        return
    debs.mkdir(parents=True, exist_ok=True)
    root.mkdir(exist_ok=True)
    run("dpkg", "--add-architecture", "arm64")
    run("apt-get", "update", "-qq")
    kinds = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    wanted = [f"{name}:arm64" for name in SYSTEM]
    listed = run("apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in kinds), *wanted)
    names = {line for line in listed.splitlines() if line.endswith(":arm64") and line[0].isalpha()}
    run("apt-get", "download", *sorted(names), folder=debs)
    for package in debs.glob("*.deb"):
        run("dpkg", "-x", str(package), str(root))


def install(folder: Path, *packages: str) -> None:
    """Python packages for arm64, without what they need in turn."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    command += ["--no-deps", "--no-compile", "--only-binary=:all:", "--python-version", "3.11"]
    command += [word for platform in PLATFORMS for word in ("--platform", platform)]
    run(*command, *packages)


def make_tree(tree: Path) -> None:
    """The sources, with the kernels compiled for arm64."""
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("swinsr", "tests"):
        shutil.copytree(ROOT / name, tree / name)
    with mock.patch("platform.machine", return_value="aarch64"):
        compiling.compile_library(tree / "swinsr/ops/native/swinsr_kernels.so")


def emulated(root: Path, *places: Path) -> list[str]:
    """The beginning of a command that runs the arm64 Python, with folders to import from."""
    libraries = [root / "usr/lib/aarch64-linux-gnu", root / "lib/aarch64-linux-gnu"]
    variables = {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": ":".join(map(str, places)),
        "OMP_NUM_THREADS": "1",
    }
    settings = [word for name, value in variables.items() for word in ("-E", f"{name}={value}")]
    return ["qemu-aarch64", "-L", str(root), *settings, str(root / "usr/bin/python3.11")]


def main() -> int:
    """Prepare what is missing and run; pytest's status."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.arm64", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path.home() / ".cache/swinsr-arm64")
    parser.add_argument("--wheel", type=Path, help="upscale a picture by this wheel instead")
    parser.add_argument("tests", nargs="*", default=TESTS)
    given = parser.parse_args()
    folder: Path = given.folder.absolute()
    root, site = folder / "root", folder / "site"
    make_system(folder)
    if not (site / "torch").exists():
        install(site, TORCH, "numpy", *PLAIN)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    place = folder / ("tree" if given.wheel is None else "wheel")
    if given.wheel is not None:
        shutil.rmtree(place, ignore_errors=True)
        pinned = [f"{name}=={importlib.metadata.version(name)}" for name in TOGETHER]
        install(place, str(given.wheel.absolute()), *NEEDS, *pinned)
        command = emulated(root, place, site)
        command += ["-c", TRIAL, str(ROOT / "apps/examples/cat.png"), str(folder / "out.png")]
    else:
        make_tree(place)
        command = emulated(root, site, place)
        command += ["-m", "pytest", "-p", "no:cacheprovider", "-q", "-ra", *given.tests]
        # Tracing compilers start processes of their own, which the emulator does not follow.
        command += ["-k", "not registered_operators"]
    return subprocess.run(command, cwd=place, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
