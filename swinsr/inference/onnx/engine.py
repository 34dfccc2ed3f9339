"""An exported network as an engine: tiles, passes, alpha, metadata and resume come with that."""

import dataclasses
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.errors import ConfigError
from swinsr.inference.engine import Engine
from swinsr.inference.onnx.found import find
from swinsr.inference.onnx.session import Session
from swinsr.inference.tiles import Tiling
from swinsr.runtime.progress import Progress
from swinsr.storage.digest import sha256_of

FloatArray = NDArray[np.float32]
_FLOAT_BYTES = 4
# Of the memory that a run holds at most, what ONNX Runtime takes from the system for it.
_ARENA = 2


class OnnxEngine(Engine):
    """A network in an ONNX file, of any origin."""

    tileable = True
    task = "unknown"

    def __init__(self, path: Path, device: torch.device, tiling: Tiling, precision: str) -> None:
        """Open a file and find out what it does.

        Args:
            path: the file.
            device: where it runs.
            tiling: how large pictures are dealt with.
            precision: must be "auto" or "float32": the file has its own.

        Raises:
            CheckpointReadError: it is damaged, or no network that makes pictures of pictures.
            ConfigError: another precision, tiles that a network of one size cannot have, or ONNX
                Runtime is not installed.
            DeviceError: ONNX Runtime does not run there.
        """
        if precision not in ("auto", "float32"):
            raise ConfigError(
                f"{path}: an ONNX file computes in its own precision; leave --precision out"
            )
        self._session = Session(path, device)
        self._found = found = find(self._session)
        self.name, self.device = path.name, device
        self.scale: int | None = found.scale
        self.task = self._session.metadata.get("task", "unknown")
        self.window = found.step
        self.precision = str(self._session.dtype)
        self.notes = (found.told,)
        self.tiling = tiling if found.fixed is None else _only(path, found.fixed, tiling)

    def memory(self, height: int, width: int) -> int:
        """Bytes that one `run` over so many pixels takes, from two that were measured."""
        found = self._found
        if found.fixed is not None:
            return 0  # there is nothing to choose
        sides = [max(-(-side // found.step) * found.step, found.least) for side in (height, width)]
        pixels = sides[0] * sides[1]
        around = 3 * _FLOAT_BYTES * pixels * (1 + found.scale**2) * 2
        return _ARENA * (found.base + found.each * pixels) + around

    def identity(self) -> str:
        """The file's content, with its weights beside it, and what runs it."""
        beside = sorted(self._session.path.parent.glob(f"{self._session.path.name}*data"))
        return f"onnx {sha256_of(self._session.path, *beside)} {self.device.type} {self._found}"

    def run(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """One pass over (h, w, 1 or 3) in 0..1 in one piece, enlarged by the network's scale."""
        found = self._found
        pictures = np.ascontiguousarray(planes.transpose(2, 0, 1))
        given = pictures[:, None] if found.channels == 1 else _coloured(pictures)[None]
        height, width = planes.shape[:2]
        rows, columns = self._sides(height, width)
        # Mirrored, again and again where the picture is smaller than what is missing.
        beyond = ((0, 0), (0, 0), (0, rows - height), (0, columns - width))
        padded = np.pad(given, beyond, "symmetric")
        result = found.run(self._session, padded)
        result = result[..., : height * found.scale, : width * found.scale]
        progress(1.0)
        out = result[:, 0] if found.channels == 1 else result[0]
        if found.channels == 3 and len(pictures) == 1:
            out = out.mean(axis=0, keepdims=True)
        return np.ascontiguousarray(out.transpose(1, 2, 0), np.float32)

    def _sides(self, height: int, width: int) -> tuple[int, int]:
        found = self._found
        if found.fixed is not None:
            return found.fixed
        rows, columns = (-(-side // found.step) * found.step for side in (height, width))
        return max(rows, found.least), max(columns, found.least)


def _coloured(pictures: FloatArray) -> FloatArray:
    return pictures if len(pictures) == 3 else pictures.repeat(3, axis=0)


def _only(path: Path, fixed: tuple[int, int], tiling: Tiling) -> Tiling:
    """Tiles of the one size that a network takes.

    Raises:
        ConfigError: something else was asked for.
    """
    side = min(fixed)
    if tiling.mode == "exact" or tiling.tile not in (None, side):
        raise ConfigError(
            f"{path}: it takes {fixed[1]}x{fixed[0]} pixels at a time and nothing else; leave "
            "--tile and --mode out"
        )
    overlap = min(tiling.shared, side // 4) if tiling.overlap is None else tiling.overlap
    return dataclasses.replace(tiling, mode="overlap", tile=side, overlap=overlap)
