"""Scores on whole pictures, as the papers take them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from swinsr.errors import ConfigError, ImageReadError
from swinsr.metrics import psnr_y
from swinsr.training.pictures import Pixels, list_pictures, read_pixels


@dataclass(frozen=True)
class TestPair:
    """An input and the picture it should become, (height, width, channels) uint8."""

    name: str
    input: Pixels
    target: Pixels


@dataclass(frozen=True)
class TestFolder:
    """A named set of pairs."""

    name: str
    pairs: tuple[TestPair, ...]


def read_test_folder(folder: Path, scale: int) -> TestFolder:
    """Read HR/NAME.png with LR_bicubic/Xs/NAMExs.png.

    Raises:
        ConfigError: a folder is missing or empty.
        ImageReadError: a picture is missing or unreadable, or its size does not fit the scale.
    """
    pairs = []
    for path in list_pictures(folder / "HR"):
        target = read_pixels(path, 3)
        low = folder / "LR_bicubic" / f"X{scale}" / f"{path.stem}x{scale}{path.suffix}"
        source = read_pixels(low, 3)
        size = tuple(n * scale for n in source.shape[:2])
        if size != tuple(n - n % scale for n in target.shape[:2]):
            raise ImageReadError(
                f"{low}: {source.shape[1]}x{source.shape[0]} is not a {scale}th of {path.name}'s "
                f"{target.shape[1]}x{target.shape[0]} pixels."
            )
        pairs.append(TestPair(path.stem, source, target[: size[0], : size[1]]))
    return TestFolder(folder.name, tuple(pairs))


def read_test_folders(folders: tuple[str, ...], scale: int) -> list[TestFolder]:
    """Read all of a recipe's validation folders; see `read_test_folder`.

    Raises:
        ConfigError: two folders of one name, besides what `read_test_folder` raises.
    """
    read = [read_test_folder(Path(folder), scale) for folder in folders]
    if len({f.name for f in read}) < len(read):
        raise ConfigError("validation.folders end in the same name; rename one of them.")
    return read


def to_tensor(pixels: Pixels, device: torch.device) -> Tensor:
    """(height, width, channels) uint8 to (1, channels, height, width) in 0..1."""
    return torch.from_numpy(pixels).to(device).permute(2, 0, 1)[None].float() / 255


def to_pixels(image: Tensor) -> Pixels:
    """(1, channels, height, width) in 0..1 to (height, width, channels) uint8, rounded."""
    scaled = image[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def restore(network: nn.Module, pixels: Pixels, device: torch.device) -> Pixels:
    """The network's float32 result for one whole picture."""
    with torch.inference_mode():
        return to_pixels(network.forward_head(to_tensor(pixels, device)).image)  # type: ignore[operator]


def score(network: nn.Module, folder: TestFolder, scale: int, device: torch.device) -> float:
    """Mean PSNR-Y in dB over a folder, with a border of `scale` pixels left out."""
    return float(
        np.mean(
            [
                psnr_y(restore(network, p.input, device), p.target, border=scale)
                for p in folder.pairs
            ]
        )
    )
