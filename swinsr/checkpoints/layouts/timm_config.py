"""timm's config.json: how a network was built, and how its pictures are prepared."""

from collections.abc import Mapping
from typing import Any

from swinsr.errors import ConfigError
from swinsr.models.imagenet import IMAGENET_MEAN, IMAGENET_STD

# Pillow's numbers of timm's filters; bicubic where none is given.
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
CROP_SHARE = 0.875  # timm's, where none is given
MOST = 1 << 14  # pixels a side


def timm_settings(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config.json that tells of pictures; empty where it is not timm's."""
    inner = settings.get("pretrained_cfg", settings)
    return inner if isinstance(inner, Mapping) and "input_size" in inner else {}


def timm_built(settings: Mapping[str, Any]) -> dict[str, int]:
    """`img_size` and `window_size` that a network was built with, as far as they are told.

    `model_args` come before `input_size`, as in timm. A side that is no whole number is not told.
    """
    arguments = settings.get("model_args")
    arguments = dict(arguments) if isinstance(arguments, Mapping) else {}
    sizes = timm_settings(settings).get("input_size")
    if "img_size" not in arguments and isinstance(sizes, list):
        arguments["img_size"] = sizes[-2:]
    found: dict[str, int] = {}
    for name in ("img_size", "window_size"):
        value = arguments.get(name)
        if isinstance(value, list) and value and value.count(value[0]) == len(value):
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST:
            found[name] = value
    return found


def timm_processor(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The preparation of pictures in the words of preprocessor_config.json.

    What is left out is as in timm: bicubic, ImageNet's mean and deviation, 0.875 of the shorter
    side. Empty where the settings are not timm's.

    Raises:
        ConfigError: a setting of the wrong type; the message is the end of a sentence that begins
            with the file's name.
    """
    timm = timm_settings(settings)
    try:
        return _processor(timm) if timm else {}
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise ConfigError(f"does not tell how pictures are prepared ({error})") from None


def _processor(timm: Mapping[str, Any]) -> dict[str, Any]:
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
