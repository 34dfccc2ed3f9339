"""Pictures made ready for a classifier, as transformers' image processors do it.

The settings are those of preprocessor_config.json; one that is left out is what transformers takes
then. Steps, in this order and each only if asked for: resize (Pillow's filters on 8-bit RGB),
centre crop, rescale, normalise.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image as PilImage
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.image import Image, to_depth, to_rgb
from swinsr.models.imagenet import IMAGENET_MEAN, IMAGENET_STD

# What transformers' ViTImageProcessor takes for a setting that is left out; Swin's models use it.
DEFAULTS: dict[str, Any] = {
    "size": {"height": 224, "width": 224},
    "resample": int(PilImage.Resampling.BILINEAR),
    "image_mean": (0.5, 0.5, 0.5),
    "image_std": (0.5, 0.5, 0.5),
}
THEIR_CLASSES = ("ViTImageProcessor", "ViTFeatureExtractor")


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a network's input.

    Attributes:
        size: (height, width) that pictures are brought to, whatever their proportions; None to
            leave them.
        shortest_edge: instead of `size`, what the shorter side is brought to.
        crop: (height, width) cut from the middle afterwards; None for no crop.
        resample: Pillow's number of the filter: 0 nearest, 2 bilinear, 3 bicubic, 1 Lanczos.
        factor: what 8-bit values are multiplied by; 1 / 255 for 0..1.
        mean, std: subtracted and divided by afterwards, one a channel.
        crop_rounds: whether the crop begins at half of what is over rounded to the nearest even
            number, as in timm, and not rounded down, as in transformers.
    """

    size: tuple[int, int] | None
    shortest_edge: int | None = None
    crop: tuple[int, int] | None = None
    resample: int = int(PilImage.Resampling.BICUBIC)
    factor: float = 1 / 255
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    crop_rounds: bool = False

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], side: int) -> "Preprocessing":
        """From the content of preprocessor_config.json.

        Args:
            settings: empty for the published Swin preparation: bicubic to `side` squared, then
                ImageNet's mean and standard deviation.
            side: the network's `img_size`.

        Raises:
            ConfigError: settings of the wrong type, a filter that Pillow does not have, or a
                setting left out by a class whose own values for it are not known.
        """
        if not settings:
            return cls(size=(side, side))
        try:
            return cls._from_settings(settings)
        except (TypeError, ValueError, KeyError) as error:
            raise ConfigError(f"preprocessor_config.json is not usable ({error})") from None

    @classmethod
    def _from_settings(cls, settings: Mapping[str, Any]) -> "Preprocessing":
        settings = _complete(settings)
        size: Any = settings["size"]
        edge = size.get("shortest_edge") if isinstance(size, Mapping) else None
        resizes = settings.get("do_resize", True)
        square = None if edge is not None or not resizes else _pair(size)
        normalises = settings.get("do_normalize", True)
        mean, std = settings["image_mean"], settings["image_std"]
        mean, std = ([n] * 3 if isinstance(n, (int, float)) else n for n in (mean, std))
        if not settings.get("do_rescale", True):
            factor = 1.0
        else:
            factor = float(settings.get("rescale_factor", 1 / 255))
        if len(mean) != 3 or len(std) != 3 or not all(float(s) for s in std):
            raise ValueError("image_mean and image_std have three numbers, none of std 0")
        return cls(
            size=square,
            shortest_edge=int(edge) if edge is not None and resizes else None,
            crop=_pair(settings["crop_size"]) if settings.get("do_center_crop") else None,
            resample=int(PilImage.Resampling(settings["resample"])),
            factor=factor,
            mean=tuple(map(float, mean)) if normalises else (0.0, 0.0, 0.0),
            std=tuple(map(float, std)) if normalises else (1.0, 1.0, 1.0),
            crop_rounds=bool(settings.get("crop_rounds", False)),
        )

    def __call__(self, picture: Image) -> Tensor:
        """Prepare one picture.

        Args:
            picture: of any size and depth; transparency is ignored, as transformers does.

        Returns:
            (1, 3, height, width) float32.
        """
        pixels = to_depth(to_rgb(picture.pixels), np.uint8)
        image = PilImage.fromarray(np.ascontiguousarray(pixels))
        target = self.target_size(image.height, image.width)
        if target is not None:
            image = image.resize((target[1], target[0]), PilImage.Resampling(self.resample))
        if self.crop is not None:
            image = _centre(image, self.crop, rounds=self.crop_rounds)
        values = np.asarray(image, np.float32) * np.float32(self.factor)
        mean, std = (np.asarray(numbers, np.float32) for numbers in (self.mean, self.std))
        values = (values - mean) / std
        return torch.from_numpy(values).permute(2, 0, 1)[None].contiguous()

    def target_size(self, height: int, width: int) -> tuple[int, int] | None:
        """(height, width) that a picture is resized to; None where it is left as it is."""
        if self.shortest_edge is None:
            return self.size
        edge, short = self.shortest_edge, min(height, width)
        return (
            (edge, int(edge * width / short))
            if height <= width
            else (
                int(edge * height / short),
                edge,
            )
        )


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what is left out, or null, as transformers takes it."""
    given = {k: v for k, v in settings.items() if v is not None or k not in DEFAULTS}
    missing = [name for name in DEFAULTS if name not in given]
    kind = str(given.get("image_processor_type") or given.get("feature_extractor_type") or "")
    needed = {
        "size": given.get("do_resize", True),
        "resample": given.get("do_resize", True),
        "image_mean": given.get("do_normalize", True),
        "image_std": given.get("do_normalize", True),
    }
    lost = [name for name in missing if needed[name]]
    if lost and kind and kind.removesuffix("Fast") not in THEIR_CLASSES:
        raise ValueError(f"it leaves out {lost[0]}, and {kind}'s own value is not known here")
    return {**DEFAULTS, **given}


def _pair(size: Any) -> tuple[int, int]:
    """A side, or height and width by name."""
    if isinstance(size, Mapping):
        pair = int(size["height"]), int(size["width"])
    else:
        pair = int(size), int(size)
    if min(pair) < 1 or max(pair) > 1 << 14:
        raise ValueError(f"a size of {pair}")
    return pair


def _centre(image: PilImage.Image, crop: tuple[int, int], *, rounds: bool) -> PilImage.Image:
    """The middle of a picture; black around it where the picture is smaller."""
    over = image.height - crop[0], image.width - crop[1]
    top, left = (round(n / 2) if rounds else n // 2 for n in over)
    return image.crop((left, top, left + crop[1], top + crop[0]))
