"""Family and configuration from the tensors alone.

Names and shapes tell nearly all. Where the published buffers are in the file too they are hints for
what no parameter tells: `img_size` and with it the shift, Swin2SR's window and the window its bias
was trained at.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from swinsr.checkpoints.architectures import refuse_unknown
from swinsr.checkpoints.detection.head import detect_head
from swinsr.checkpoints.metadata import checked_config
from swinsr.errors import ConfigError, WeightsMismatchError
from swinsr.models import RestorationConfig

Shapes = Mapping[str, tuple[int, ...]]
Group = list[Shapes]  # the blocks of a residual group; each has shapes by the name inside it

BLOCK = re.compile(r"layers\.(\d{1,4})\.residual_group\.blocks\.(\d{1,4})\.(.+)")
DEFAULT_WINDOW, JPEG_WINDOW = 8, 7  # of the published networks
TRAINING_ONLY = {"drop_rate": 0.0, "attn_drop_rate": 0.0, "drop_path_rate": 0.1}


@dataclass(frozen=True)
class Detected:
    """A configuration, and for each value that the tensors do not tell why it was chosen."""

    config: RestorationConfig
    inferred: dict[str, str]


def detect(tensors: Mapping[str, Tensor]) -> Detected:
    """Recognise a SwinIR or Swin2SR network.

    Args:
        tensors: by published names, with or without the published buffers; on the meta device too.

    Returns:
        The configuration; every field that is not among `inferred` follows from the tensors.

    Raises:
        UnknownArchitectureError: the tensors are another network's.
        WeightsMismatchError: a tensor without which nothing can be told is missing or misshapen.
            Both messages are the end of a sentence that begins with the file's name.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    refuse_unknown(shapes)
    groups = _groups(shapes)
    blocks = [block for group in groups for block in group]
    v2 = any("attn.logit_scale" in block for block in blocks)
    inferred: dict[str, str] = {}
    values = _body(shapes, groups, v2=v2) | detect_head(shapes)
    values["window_size"] = _window(blocks, values["upsampler"], inferred, v2=v2)
    values["img_size"] = _img_size(shapes, blocks, values, inferred)
    jpeg = not values["upsampler"] and values["window_size"] == JPEG_WINDOW
    values["img_range"] = 255.0 if jpeg else 1.0
    inferred["img_range"] = (
        "255, as in the published JPEG networks (window 7, no upsampler)"
        if jpeg
        else "1, as in every published network but those for JPEG"
    )
    if v2:
        values["pretrained_window_size"] = _pretrained(tensors, values["window_size"], inferred)
    else:
        inferred["qk_scale"] = "head_dim ** -0.5, as published"
    for name, value in TRAINING_ONLY.items():
        values[name] = value
        inferred[name] = f"{value:g}, as published; acts in training only"
    inferred["use_checkpoint"] = "off; saves memory in training only"
    try:
        return Detected(checked_config("swin2sr" if v2 else "swinir", values), inferred)
    except ConfigError as error:
        raise WeightsMismatchError(f"holds tensors of an impossible network: {error}") from None


def _groups(shapes: Shapes) -> list[Group]:
    """The residual groups, their blocks, and the shapes in each block."""
    found: dict[int, dict[int, dict[str, tuple[int, ...]]]] = {}
    for name, shape in shapes.items():
        match = BLOCK.fullmatch(name)
        if match:
            group = found.setdefault(int(match[1]), {})
            group.setdefault(int(match[2]), {})[match[3]] = shape
    gaps = [f"layers.{i}" for i in range(len(found)) if i not in found]
    for i, group in sorted(found.items()):
        inside = f"layers.{i}.residual_group.blocks"
        gaps += [f"{inside}.{j}" for j in range(len(group)) if j not in group]
    if gaps:
        raise WeightsMismatchError(
            f"holds no tensors of {gaps[0]}, although of later ones; it is incomplete"
        )
    return [[found[i][j] for j in range(len(found[i]))] for i in range(len(found))]


def _body(shapes: Shapes, groups: list[Group], *, v2: bool) -> dict[str, Any]:
    """What the tensors before and between the blocks and in them tell."""
    blocks = [block for group in groups for block in group]
    width, chans, _, _ = first_shape([shapes], "conv_first.weight", 4)
    hidden, _ = first_shape(blocks, "mlp.fc1.weight", 2)
    if v2:
        heads = [first_shape(group, "attn.logit_scale", 3)[0] for group in groups]
    else:
        table = "attn.relative_position_bias_table"
        heads = [first_shape(group, table, 2)[1] for group in groups]
    return {
        "embed_dim": width,
        "in_chans": chans,
        "depths": tuple(len(group) for group in groups),
        "num_heads": tuple(heads),
        "mlp_ratio": _ratio(hidden, width),
        "qkv_bias": any(("attn.q_bias" if v2 else "attn.qkv.bias") in block for block in blocks),
        "patch_norm": any(name.startswith("patch_embed.norm.") for name in shapes),
        "ape": "absolute_pos_embed" in shapes,
        "resi_connection": (
            "3conv" if any(n.startswith("conv_after_body.0.") for n in shapes) else "1conv"
        ),
    }


def first_shape(blocks: Iterable[Shapes], name: str, ndim: int) -> tuple[int, ...]:
    """The shape of a tensor in the first of several blocks that has it.

    Raises:
        WeightsMismatchError: none has it, or it has another number of sides.
    """
    for block in blocks:
        if name in block:
            if len(block[name]) != ndim or 0 in block[name]:
                raise WeightsMismatchError(
                    f"holds {name} of shape {block[name]}; {ndim} sides are expected"
                )
            return block[name]
    raise WeightsMismatchError(f"holds no {name}, which SwinIR and Swin2SR need")


def _ratio(hidden: int, width: int) -> float:
    """The MLP's ratio r with int(width * r) == hidden, whatever the rounding."""
    ratio = hidden / width
    return ratio if int(width * ratio) == hidden else math.nextafter(ratio, math.inf)


def _window(blocks: Group, upsampler: str, inferred: dict[str, str], *, v2: bool) -> int:
    """V1's bias table has (2 w - 1) ** 2 rows; of V2 only buffers tell the window."""
    if not v2:
        rows, _ = first_shape(blocks, "attn.relative_position_bias_table", 2)
        side = math.isqrt(rows)
        if side * side != rows or not side % 2:
            raise WeightsMismatchError(
                f"holds a relative position bias table of {rows} rows, which fits no window"
            )
        return (side + 1) // 2
    for block in blocks:
        index = block.get("attn.relative_position_index", ())
        if len(index) == 2:
            return math.isqrt(index[0])
        coords = block.get("attn.relative_coords_table", ())
        if len(coords) == 4:
            return (coords[1] + 1) // 2
    window = DEFAULT_WINDOW if upsampler else JPEG_WINDOW
    purpose = "enlarge" if upsampler else "do not enlarge"
    inferred["window_size"] = f"{window}, as in the published Swin2SR networks that {purpose}"
    return window


def _img_size(
    shapes: Shapes, blocks: Group, values: Mapping[str, Any], inferred: dict[str, str]
) -> int:
    """From the absolute embedding, else from the number of windows in a shift mask.

    The published networks keep a mask for each block that shifts. So position indices without one
    tell that nothing shifts, which is so where `img_size` is no larger than the window.
    """
    window: int = values["window_size"]
    if values["ape"]:
        _, tokens, _ = first_shape([shapes], "absolute_pos_embed", 3)
        return math.isqrt(tokens)
    masked = False
    for block in blocks:
        mask = block.get("attn_mask", ())
        masked = masked or "attn_mask" in block
        if len(mask) == 3 and mask[1] == window**2:
            return window * math.isqrt(mask[0])
    indexed = all("attn.relative_position_index" in block for block in blocks)
    shifts = max(values["depths"]) > 1 and window > 1
    if indexed and shifts and not masked:
        inferred["img_size"] = (
            f"{window}, no larger than the window: beside its position indices the file has no "
            "shift masks, so no window is shifted"
        )
        return window
    usual = 64 if values["upsampler"] else 128
    size = max(usual // window, 2) * window
    inferred["img_size"] = f"{size}, as usual; " + (
        "pictures of any size give the same result with it"
        if masked or not shifts
        else "windows are shifted, as they are with any size above the window"
    )
    return size


def _pretrained(tensors: Mapping[str, Tensor], window: int, inferred: dict[str, str]) -> int:
    """The window whose largest offset V2's coordinates count as 8, from their own largest."""
    for name, tensor in tensors.items():
        known = name.endswith(".attn.relative_coords_table") and not tensor.is_meta
        if known and window > 1 and tensor.numel():
            largest = float(tensor.max())
            if 0.0 < largest < 8.0:
                pretrained = 1 + round(8 * (window - 1) / (2.0 ** (3 * largest) - 1))
                return 0 if pretrained == window else pretrained
    inferred["pretrained_window_size"] = "0: the bias was trained at this window, as published"
    return 0
