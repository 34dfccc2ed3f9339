"""Scores on whole pictures, as the papers take them."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from swinsr.degradations import add_gaussian_noise, imresize, jpeg, to_bytes, to_float
from swinsr.errors import ConfigError, ImageReadError
from swinsr.metrics import Score, psnr, psnr_ssim, psnr_ssim_y, ssim
from swinsr.models import HierarchicalConfig, MaskedImageModel, RestorationNetwork
from swinsr.training.data.masks import Mask, draw_mask
from swinsr.training.data.pictures import Pixels, list_pictures, read_pixels
from swinsr.training.recipes.settings import Recipe
from swinsr.training.weights.ema import Trained

LEAST_SIDE = 11  # of a picture that SSIM can score


@dataclass(frozen=True)
class TestPair:
    """An input and the picture it should become, (height, width, channels) uint8.

    `mask`, (height, width), is true where pre-training hides a pixel; None for other tasks.
    """

    name: str
    input: Pixels
    target: Pixels
    mask: Mask | None = None


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
    scale = recipe.scale
    root = Path(folder)
    pairs = []
    for path in list_pictures(str(root / "HR") if (root / "HR").is_dir() else folder):
        target = read_pixels(path, recipe.network.in_chans)
        if recipe.task.name == "simmim":
            pairs.append(masked_pair(path.stem, target, recipe))
            continue
        height, width = (n - n % scale for n in target.shape[:2])
        target = np.ascontiguousarray(target[:height, :width])
        low_folder = root / "LR_bicubic" / f"X{scale}"
        if recipe.task.name == "bicubic" and low_folder.is_dir():
            low = low_folder / f"{path.stem}x{scale}{path.suffix}"
            source = read_pixels(low, recipe.network.in_chans)
            if (source.shape[0] * scale, source.shape[1] * scale) != target.shape[:2]:
                raise ImageReadError(
                    f"{low}: {source.shape[1]}x{source.shape[0]} pixels enlarged by {scale} are "
                    f"not the {width}x{height} of {path.name}; make the inputs for this scale"
                )
        else:
            source = make_input(target, recipe)
        pairs.append(TestPair(path.stem, source, target))
    return TestFolder(root.name, tuple(pairs))


def make_input(target: Pixels, recipe: Recipe) -> Pixels:
    """The task's damage at the validation's fixed strength, the same each time."""
    task, settings, scale = recipe.task.name, recipe.validation, recipe.scale
    low = imresize(target, scale=1 / scale) if scale > 1 else target
    if task in ("denoise", "real"):
        low = to_bytes(add_gaussian_noise(to_float(low), settings.sigma, np.random.default_rng(0)))
    if task in ("jpeg", "compressed", "photo", "real"):
        low = jpeg(low, settings.quality)
    return low


def masked_pair(name: str, pixels: Pixels, recipe: Recipe) -> TestPair:
    """A picture's middle, reduced by the scale, with the same squares hidden each time.

    Raises:
        ImageReadError: too few squares fit into the picture, or it is too small to be scored.
    """
    network, side = recipe.network, recipe.task.mask_patch
    unit = network.stride if isinstance(network, HierarchicalConfig) else network.window_size
    unit = math.lcm(unit, side)
    if recipe.scale > 1:
        pixels = imresize(pixels, scale=1 / recipe.scale)
    height, width = (n - n % unit for n in pixels.shape[:2])
    if min(height, width) < LEAST_SIDE or height * width < 2 * side * side:
        raise ImageReadError(
            f"{name}: {pixels.shape[1]}x{pixels.shape[0]} pixels are too few to hide squares of "
            f"{side} pixels in; take larger pictures or lower task.mask_patch"
        )
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    target = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    mask = draw_mask(height, width, side, recipe.task.mask_ratio, np.random.default_rng(0))
    hidden = target.copy()
    hidden[mask] = 128
    return TestPair(name, hidden, target, mask)


def read_test_folders(recipe: Recipe) -> list[TestFolder]:
    """Read all of a recipe's validation folders; see `read_test_folder`.

    Raises:
        ConfigError: two folders of one name, besides what `read_test_folder` raises.
    """
    read = [read_test_folder(folder, recipe) for folder in recipe.validation.folders]
    if len({f.name for f in read}) < len(read):
        raise ConfigError("validation.folders end in the same name; rename one of them")
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


def fill(model: MaskedImageModel, pair: TestPair, device: torch.device) -> Pixels:
    """A picture whose hidden squares the model has reconstructed."""
    assert pair.mask is not None
    mask = torch.from_numpy(pair.mask).to(device)[None]
    with torch.no_grad():
        return to_pixels(model.fill(to_tensor(pair.target, device), mask))


def answer(network: Trained, pair: TestPair, device: torch.device) -> Pixels:
    """What the network makes of a pair's input."""
    if isinstance(network, MaskedImageModel):
        return fill(network, pair, device)
    return restore(network, pair.input, device)


def score(network: Trained, folder: TestFolder, recipe: Recipe, device: torch.device) -> Score:
    """Mean PSNR in dB and SSIM over a folder.

    On Y with a border of `scale` pixels left out for super-resolution; on Y without a border for
    JPEG; over all channels, as the papers do, for denoising and for gray pictures. For pre-training
    PSNR of the hidden pixels alone, over all channels, and SSIM of the filled-in picture.
    """
    scores = [_score_pair(answer(network, pair, device), pair, recipe) for pair in folder.pairs]
    return Score(float(np.mean([s.psnr for s in scores])), float(np.mean([s.ssim for s in scores])))


def _score_pair(output: Pixels, pair: TestPair, recipe: Recipe) -> Score:
    if pair.mask is not None:
        hidden = psnr(output[pair.mask][:, None], pair.target[pair.mask][:, None])
        return Score(hidden, ssim(output, pair.target))
    luma = recipe.network.in_chans == 3 and recipe.task.name != "denoise"
    measure = psnr_ssim_y if luma else psnr_ssim
    return measure(output, pair.target, border=recipe.scale if recipe.scale > 1 else 0)
