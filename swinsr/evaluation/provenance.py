"""What a measurement was made with: versions, machine, and the program's own source."""

import functools
import hashlib
import platform
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
import torch

import swinsr
from swinsr.version import __version__

_PACKAGE = Path(swinsr.__file__).resolve().parent
# What can change a score. The rest of the program may change without anything measured anew.
_SCORING = (
    *("ops", "image", "tiling", "nn", "metrics", "degradations", "models", "checkpoints"),
    *("inference", "evaluation"),
)


@functools.cache
def source_digest() -> str:
    """SHA-256 of the program's source that can change a score."""
    total = hashlib.sha256(__version__.encode())
    for part in _SCORING:
        for path in sorted((_PACKAGE / part).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def versions() -> dict[str, str]:
    """Versions of the program and of what it computes with."""
    return {
        "swinsr": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def machine(device: torch.device) -> dict[str, str]:
    """The machine and the device that computed."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {"system": platform.platform(), "device": str(device), "device_name": name}


@functools.cache
def commit() -> dict[str, Any]:
    """The commit of a source tree and whether it has uncommitted changes; {} elsewhere."""
    root = _PACKAGE.parent
    if not (root / ".git").exists():
        return {}
    name = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "swinsr", "weights")
    if name is None or changes is None:
        return {}
    return {"commit": name, "modified": bool(changes)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # no git, or not one that may read this tree: then it is simply not known
    return done.stdout.strip()
