"""Scores on whole pictures, as the papers take them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from swinsr.degradations import add_gaussian_noise, imresize, jpeg, to_bytes, to_float
from swinsr.errors import ConfigError, ImageReadError
from swinsr.metrics import Score, psnr_ssim, psnr_ssim_y
from swinsr.models import RestorationNetwork
from swinsr.training.pictures import Pixels, list_pictures, read_pixels
from swinsr.training.settings import Recipe


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


def read_test_folder(folder: str, recipe: Recipe) -> TestFolder:
    """Read a folder's good pictures and read or make their inputs.

    Good pictures are folder/HR/* or, without such a folder, folder/*. See `ValidationSettings`.

    Raises:
        ConfigError: a folder is missing or empty.
        ImageReadError: a picture is missing or unreadable, or its size does not fit the scale.
    """
    scale = recipe.network.scale
    root = Path(folder)
    pairs = []
    for path in list_pictures(str(root / "HR") if (root / "HR").is_dir() else folder):
        target = read_pixels(path, recipe.network.in_chans)
        height, width = (n - n % scale for n in target.shape[:2])
        target = np.ascontiguousarray(target[:height, :width])
        low_folder = root / "LR_bicubic" / f"X{scale}"
        if recipe.task.name == "bicubic" and low_folder.is_dir():
            low = low_folder / f"{path.stem}x{scale}{path.suffix}"
            source = read_pixels(low, recipe.network.in_chans)
            if (source.shape[0] * scale, source.shape[1] * scale) != target.shape[:2]:
                raise ImageReadError(
                    f"{low}: {source.shape[1]}x{source.shape[0]} pixels enlarged by {scale} are "
                    f"not the {width}x{height} of {path.name}; make the inputs for this scale."
                )
        else:
            source = make_input(target, recipe)
        pairs.append(TestPair(path.stem, source, target))
    return TestFolder(root.name, tuple(pairs))


def make_input(target: Pixels, recipe: Recipe) -> Pixels:
    """The task's damage at the validation's fixed strength, the same each time."""
    task, settings, scale = recipe.task.name, recipe.validation, recipe.network.scale
    low = imresize(target, scale=1 / scale) if scale > 1 else target
    if task in ("denoise", "real"):
        low = to_bytes(add_gaussian_noise(to_float(low), settings.sigma, np.random.default_rng(0)))
    if task in ("jpeg", "compressed", "real"):
        low = jpeg(low, settings.quality)
    return low


def read_test_folders(recipe: Recipe) -> list[TestFolder]:
    """Read all of a recipe's validation folders; see `read_test_folder`.

    Raises:
        ConfigError: two folders of one name, besides what `read_test_folder` raises.
    """
    read = [read_test_folder(folder, recipe) for folder in recipe.validation.folders]
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


def restore(network: RestorationNetwork, pixels: Pixels, device: torch.device) -> Pixels:
    """The network's float32 result for one whole picture."""
    # Not inference_mode: masks that are cached here serve the next step's gradients too.
    with torch.no_grad():
        return to_pixels(network.forward_head(to_tensor(pixels, device)).image)


def score(
    network: RestorationNetwork, folder: TestFolder, recipe: Recipe, device: torch.device
) -> Score:
    """Mean PSNR in dB and SSIM over a folder.

    On Y with a border of `scale` pixels left out for super-resolution; on Y without a border for
    JPEG; over all channels, as the papers do, for denoising and for gray pictures.
    """
    scale = recipe.network.scale
    luma = recipe.network.in_chans == 3 and recipe.task.name != "denoise"
    border = scale if scale > 1 else 0
    scores = []
    for pair in folder.pairs:
        output = restore(network, pair.input, device)
        measure = psnr_ssim_y if luma else psnr_ssim
        scores.append(measure(output, pair.target, border=border))
    return Score(float(np.mean([s.psnr for s in scores])), float(np.mean([s.ssim for s in scores])))
