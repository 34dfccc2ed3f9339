"""Configuration of a classifier from its tensors, and from its name where they do not tell.

Names and shapes tell nearly all. The training size decides nothing but clipped windows and is
taken from buffers or the file's name; of V2 the window, too, is only in buffers or in the name.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from swinsr.errors import ConfigError, UnknownArchitectureError, WeightsMismatchError
from swinsr.models import HierarchicalConfig, SwinConfig, SwinV2Config

BLOCK = re.compile(r"layers\.(\d{1,3})\.blocks\.(\d{1,4})\.(.+)")
# As in swinv2_base_patch4_window12to24_192to384_22kto1k_ft: the trained value, then the used one.
WINDOW_IN_NAME = re.compile(r"window(?:(\d{1,2})to)?(\d{1,2})(?!\d)")
SIZE_IN_NAME = re.compile(r"[_-](?:(\d{3})to)?(\d{3})(?!\d)")
USUAL_SIZES = {7: 224, 12: 384, 8: 256, 16: 256, 24: 384}
USUAL_V2_WINDOW = 8

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class DetectedClassifier:
    """A configuration, and for each value that the tensors do not tell why it was chosen."""

    config: HierarchicalConfig
    inferred: dict[str, str]


def detect_classifier(
    tensors: Mapping[str, Tensor], name: str = "", built: Mapping[str, int] | None = None
) -> DetectedClassifier:
    """Recognise a Swin or Swin V2 classifier.

    Args:
        tensors: by published names, with or without the published buffers.
        name: of the file or of the architecture, for what the tensors do not tell.
        built: `img_size` and `window_size` where a file beside the tensors tells them; before
            the name.

    Raises:
        UnknownArchitectureError: the tensors are another network's.
        WeightsMismatchError: a tensor without which nothing can be told is missing or misshapen.
            Both messages are the end of a sentence that begins with the file's name.
    """
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    stages = _stages(shapes)
    v2 = "attn.logit_scale" in stages[0]
    inferred: dict[str, str] = {}
    values = _body(shapes, stages, v2=v2)
    windows = [_window(stage) for stage in stages]
    built = built or {}
    values["window_size"] = windows[0] or built.get("window_size") or _named_window(name, inferred)
    size = _told_size(shapes, stages, windows, values) or built.get("img_size")
    values["img_size"] = size or _usual_size(stages, windows, values, name, inferred)
    if v2:
        values["pretrained_window_sizes"] = _pretrained(tensors, windows, values, name, inferred)
    else:
        inferred["qk_scale"] = "head_dim ** -0.5, as published"
    inferred["drop_path_rate"] = "0.1, as published; acts in training only"
    try:
        family = SwinV2Config if v2 else SwinConfig
        return DetectedClassifier(family.from_published(values), inferred)
    except ConfigError as error:
        raise WeightsMismatchError(f"holds tensors of an impossible network: {error}") from None


def _stages(shapes: Mapping[str, tuple[int, ...]]) -> list[Shapes]:
    """Of each stage the shapes of its blocks' tensors, and under "depth" how many blocks."""
    found: dict[int, Shapes] = {}
    depths: dict[int, int] = {}
    for key, shape in shapes.items():
        match = BLOCK.fullmatch(key)
        if match:
            stage = int(match[1])
            found.setdefault(stage, {}).setdefault(match[3], shape)
            depths[stage] = max(depths.get(stage, 0), int(match[2]) + 1)
    if not found or "attn.proj.weight" not in found.get(0, {}):
        some = ", ".join(sorted(shapes)[:3])
        raise UnknownArchitectureError(f"holds tensors of no Swin classifier ({some})")
    if sorted(found) != list(range(len(found))):
        raise WeightsMismatchError("holds later stages but not all earlier ones; it is incomplete")
    return [found[i] | {"depth": (depths[i],)} for i in range(len(found))]


def _shape(shapes: Mapping[str, tuple[int, ...]], name: str, sides: int) -> tuple[int, ...]:
    shape = shapes.get(name, ())
    if len(shape) != sides or 0 in shape:
        raise WeightsMismatchError(
            f"holds {name} of shape {shape}; {sides} sides are expected"
            if name in shapes
            else f"holds no {name}, which Swin needs"
        )
    return shape


def _body(
    shapes: Mapping[str, tuple[int, ...]], stages: list[Shapes], *, v2: bool
) -> dict[str, Any]:
    dim, channels, patch, _ = _shape(shapes, "patch_embed.proj.weight", 4)
    hidden = _shape(stages[0], "mlp.fc1.weight", 2)[0]
    ratio = hidden / dim
    if v2:
        heads = [_shape(stage, "attn.logit_scale", 3)[0] for stage in stages]
    else:
        heads = [_shape(stage, "attn.relative_position_bias_table", 2)[1] for stage in stages]
    return {
        "patch_size": patch,
        "in_chans": channels,
        "embed_dim": dim,
        "depths": [stage["depth"][0] for stage in stages],
        "num_heads": heads,
        "num_classes": shapes["head.weight"][0] if "head.weight" in shapes else 0,
        "mlp_ratio": ratio if int(dim * ratio) == hidden else math.nextafter(ratio, math.inf),
        "qkv_bias": ("attn.q_bias" if v2 else "attn.qkv.bias") in stages[0],
        "ape": "absolute_pos_embed" in shapes,
        "patch_norm": "patch_embed.norm.weight" in shapes,
    }


def _window(stage: Shapes) -> int:
    """The window of a stage's blocks; 0 where no tensor tells it."""
    table = stage.get("attn.relative_position_bias_table", ())
    if len(table) == 2:
        side = math.isqrt(table[0])
        if side * side != table[0] or not side % 2:
            raise WeightsMismatchError(
                f"holds a relative position bias table of {table[0]} rows, which fits no window"
            )
        return (side + 1) // 2
    index = stage.get("attn.relative_position_index", ())
    return math.isqrt(index[0]) if len(index) == 2 else 0


def _named_window(name: str, inferred: dict[str, str]) -> int:
    match = WINDOW_IN_NAME.search(name)
    window = int(match[2]) if match else USUAL_V2_WINDOW
    reason = "as its name says" if match else "as in the smallest published Swin V2"
    inferred["window_size"] = f"{window}, {reason}; the tensors do not tell"
    return window


def _told_size(
    shapes: Mapping[str, tuple[int, ...]],
    stages: list[Shapes],
    windows: list[int],
    values: Mapping[str, Any],
) -> int:
    """The training size by positions, shift masks or clipped windows; 0 where none tells it."""
    patch: int = values["patch_size"]
    if values["ape"]:
        return math.isqrt(_shape(shapes, "absolute_pos_embed", 3)[1]) * patch
    for i, stage in enumerate(stages):
        mask = stage.get("attn_mask", ())
        if len(mask) == 3:
            return math.isqrt(mask[0]) * math.isqrt(mask[1]) * patch << i
        if windows[i] and windows[i] < windows[0]:
            return windows[i] * patch << i
    return 0


def _usual_size(
    stages: list[Shapes],
    windows: list[int],
    values: Mapping[str, Any],
    name: str,
    inferred: dict[str, str],
) -> int:
    """The training size by the name, else as usual."""
    patch: int = values["patch_size"]
    match = SIZE_IN_NAME.search(name)
    usual = USUAL_SIZES.get(values["window_size"], 32 * values["window_size"])
    size = int(match[2]) if match else usual
    least = values["window_size"] * patch << (len(stages) - 1)
    if windows[-1] == values["window_size"] and size < least:
        size = least  # the last stage's window was not clipped
    inferred["img_size"] = f"{size}, {'as its name says' if match else 'as usual for its window'}"
    return size


def _pretrained(
    tensors: Mapping[str, Tensor],
    windows: list[int],
    values: Mapping[str, Any],
    name: str,
    inferred: dict[str, str],
) -> list[int]:
    """The window whose largest offset a stage's coordinates count as 8."""
    found: list[int] = []
    for i, window in enumerate(windows):
        table = tensors.get(f"layers.{i}.blocks.0.attn.relative_coords_table")
        largest = 0.0 if table is None or table.is_meta or not table.numel() else float(table.max())
        if window < 2 or not 0.0 < largest < 8.0:
            break
        pretrained = 1 + round(8 * (window - 1) / (2.0 ** (3 * largest) - 1))
        found.append(0 if pretrained == window else pretrained)
    if len(found) == len(windows):
        return found
    named, size = WINDOW_IN_NAME.search(name), SIZE_IN_NAME.search(name)
    if named and named[1] and size and size[1]:
        inferred["pretrained_window_sizes"] = f"{named[1]} at {size[1]} pixels, as its name says"
        grid = int(size[1]) // values["patch_size"]
        return [min(int(named[1]), grid >> i) for i in range(len(windows))]
    inferred["pretrained_window_sizes"] = "0: the bias was trained at this window, as usual"
    return [0] * len(windows)
