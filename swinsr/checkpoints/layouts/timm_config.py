"""timm's config.json: how a network was built, and how its pictures are prepared."""

from collections.abc import Mapping
from typing import Any

from swinsr.models.imagenet import IMAGENET_MEAN, IMAGENET_STD

# Pillow's numbers of timm's filters; bicubic where none is given.
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
CROP_SHARE = 0.875  # timm's, where none is given


def timm_settings(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config.json that tells of pictures; empty where it is not timm's."""
    inner = settings.get("pretrained_cfg", settings)
    return inner if isinstance(inner, Mapping) and "input_size" in inner else {}


def timm_processor(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The preparation of pictures in the words of preprocessor_config.json.

    What is left out is as in timm: bicubic, ImageNet's mean and deviation, 0.875 of the shorter
    side. Empty where the settings are not timm's.

    Raises:
        KeyError, TypeError, ValueError: a setting of the wrong type.
    """
    timm = timm_settings(settings)
    if not timm:
        return {}
    height, width = (int(side) for side in timm["input_size"][-2:])
    share = float(timm.get("crop_pct") or CROP_SHARE)
    size: dict[str, int] = {"height": int(height / share), "width": int(width / share)}
    if timm.get("crop_mode", "center") == "center" and height == width:
        size = {"shortest_edge": size["height"]}
    return {
        "do_resize": True,
        "size": size,
        "do_center_crop": True,
        "crop_size": {"height": height, "width": width},
        "crop_rounds": True,
        "resample": FILTERS.get(str(timm.get("interpolation")), FILTERS["bicubic"]),
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(timm.get("mean") or IMAGENET_MEAN),
        "image_std": list(timm.get("std") or IMAGENET_STD),
    }
