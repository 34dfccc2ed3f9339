"""The reconstruction head, its scale and channels, from names and shapes."""

import math
import re
from collections.abc import Mapping
from typing import Any

from swinsr.errors import WeightsMismatchError

STAGE = re.compile(r"upsample\.(\d{1,2})\.(weight|bias)")
HF, AUX, DIRECT = "pixelshuffle_hf", "pixelshuffle_aux", "pixelshuffledirect"


def detect_head(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Tell the upsampler and the scale.

    Args:
        shapes: of all tensors, by published names.

    Returns:
        `upsampler` and `upscale`.

    Raises:
        WeightsMismatchError: the scale does not follow from the tensors; the message is the end
            of a sentence that begins with the file's name.
    """
    parts = {name.partition(".")[0] for name in shapes}
    if "conv_up1" in parts:
        return {"upsampler": "nearest+conv", "upscale": 4 if "conv_up2" in parts else 2}
    if parts & {"conv_first_hf", "layers_hf", "conv_last_hf", "upsample_hf"}:
        return {"upsampler": HF, "upscale": _shuffle_scale(shapes)}
    if parts & {"conv_aux", "conv_bicubic", "conv_after_aux"}:
        return {"upsampler": AUX, "upscale": _shuffle_scale(shapes)}
    if "conv_before_upsample" in parts:
        return {"upsampler": "pixelshuffle", "upscale": _shuffle_scale(shapes)}
    if "upsample" in parts and "conv_last" not in parts:
        return {"upsampler": DIRECT, "upscale": _direct_scale(shapes)}
    if "upsample" in parts:
        return {"upsampler": "pixelshuffle", "upscale": _shuffle_scale(shapes)}
    return {"upsampler": "", "upscale": 1}


def _shuffle_scale(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """3 where one convolution makes nine times its channels, else 2 for each convolution."""
    stages = {match[1] for name in shapes if (match := STAGE.fullmatch(name))}
    weight = shapes.get("upsample.0.weight", ())
    if len(stages) == 1 and len(weight) == 4 and weight[0] == 9 * weight[1]:
        return 3
    return int(2 ** len(stages))


def _direct_scale(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """The one convolution makes scale ** 2 times the picture's channels."""
    made = shapes.get("upsample.0.weight", shapes.get("upsample.0.bias", (0,)))[0]
    first = shapes.get("conv_first.weight", ())
    chans = first[1] if len(first) == 4 else 0
    scale = math.isqrt(made // chans) if chans else 0
    if not scale or scale * scale * chans != made:
        raise WeightsMismatchError(
            f"holds upsample.0 of {made} channels, which is no square number of pixels of "
            f"{chans} channels"
        )
    return scale
