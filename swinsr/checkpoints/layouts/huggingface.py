"""Names of Hugging Face's `Swin2SRForImageSuperResolution`, to and from the published ones.

The layouts differ in more than names: queries, keys and values are three matrices there and one
here. Values are never changed.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from swinsr.models import RestorationConfig

# {} stands for a number or for "weight" or "bias".
BODY = (
    ("swin2sr.first_convolution.{}", "conv_first.{}"),
    ("swin2sr.embeddings.patch_embeddings.projection.{}", "patch_embed.proj.{}"),
    ("swin2sr.embeddings.patch_embeddings.layernorm.{}", "patch_embed.norm.{}"),
    ("swin2sr.encoder.stages.{}.conv.{}", "layers.{}.conv.{}"),
    ("swin2sr.encoder.stages.{}.patch_embed.projection.{}", "layers.{}.patch_embed.proj.{}"),
    ("swin2sr.layernorm.{}", "norm.{}"),
    ("swin2sr.conv_after_body.{}", "conv_after_body.{}"),
)
BLOCK = (
    ("attention.self.logit_scale", "attn.logit_scale"),
    ("attention.self.continuous_position_bias_mlp.{}.{}", "attn.cpb_mlp.{}.{}"),
    ("attention.output.dense.{}", "attn.proj.{}"),
    ("layernorm_before.{}", "norm1.{}"),
    ("layernorm_after.{}", "norm2.{}"),
    ("intermediate.dense.{}", "mlp.fc1.{}"),
    ("output.dense.{}", "mlp.fc2.{}"),
    ("attention.self.query.bias", "attn.q_bias"),
    ("attention.self.value.bias", "attn.v_bias"),
    ("attention.self.qkv.weight", "attn.qkv.weight"),  # theirs by this module, see JOINED
)
STAGE, GROUP = "swin2sr.encoder.stages.{}.layers.{}.", "layers.{}.residual_group.blocks.{}."
WIDE_HEAD = (
    ("upsample.conv_before_upsample.{}", "conv_before_upsample.0.{}"),
    ("upsample.conv_bicubic.{}", "conv_bicubic.{}"),
    ("upsample.conv_aux.{}", "conv_aux.{}"),
    ("upsample.conv_after_aux.{}.{}", "conv_after_aux.{}.{}"),
    ("upsample.conv_up1.{}", "conv_up1.{}"),
    ("upsample.conv_up2.{}", "conv_up2.{}"),
    ("upsample.conv_hr.{}", "conv_hr.{}"),
    ("upsample.final_convolution.{}", "conv_last.{}"),
)
BY_TWO = tuple(
    (f"upsample.upsample.convolution_{i}.{{}}", f"upsample.{2 * i}.{{}}") for i in range(8)
)
BY_THREE = (("upsample.upsample.convolution.{}", "upsample.0.{}"),)
DIRECT_HEAD = (("upsample.conv.{}", "upsample.0.{}"),)
RESTORATION_HEAD = (("final_convolution.{}", "conv_last.{}"),)

JOINED = "attention.self.qkv.weight"  # no name of theirs: queries, keys and values in one
QKV = ("query", "key", "value")
Rules = list[tuple[re.Pattern[str], str]]


def _rules(*tables: tuple[tuple[str, str], ...], forward: bool) -> Rules:
    """Patterns and replacements, from theirs to ours, or back."""
    rules: Rules = []
    for table in tables:
        for theirs, ours in table:
            if table is BLOCK:
                theirs, ours = STAGE + theirs, GROUP + ours
            source, target = (theirs, ours) if forward else (ours, theirs)
            pattern = r"(\d+|weight|bias)".join(re.escape(part) for part in source.split("{}"))
            rules.append((re.compile(pattern), target))
    return rules


FROM_THEIRS = _rules(
    BODY, BLOCK, WIDE_HEAD, BY_TWO, BY_THREE, DIRECT_HEAD, RESTORATION_HEAD, forward=True
)


def _rename(tensors: Mapping[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    """Apply the rule that fits each name; a name that none fits stays."""
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        matches = ((pattern.fullmatch(name), target) for pattern, target in rules)
        new = next((target.format(*m.groups()) for m, target in matches if m), name)
        out[new] = tensor
    return out


def is_huggingface(tensors: Mapping[str, object]) -> bool:
    """Whether these are the names of Hugging Face's Swin2SR."""
    return any(name.startswith("swin2sr.") for name in tensors)


def tensors_from_huggingface(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published names for Hugging Face's.

    Args:
        tensors: of `Swin2SRForImageSuperResolution.state_dict()`.

    Returns:
        The same numbers; names that are not Hugging Face's stay as they are.
    """
    joined = dict(tensors)
    for name in tensors:
        owner = name.removesuffix("query.weight")
        parts = [f"{owner}{part}.weight" for part in QKV]
        if owner == name or any(part not in tensors for part in parts):
            continue
        matrices = [joined[part] for part in parts]
        if {m.shape for m in matrices} == {matrices[0].shape} and matrices[0].ndim == 2:
            for part in parts:
                del joined[part]
            joined[owner + "qkv.weight"] = torch.cat(matrices)
    return _rename(joined, FROM_THEIRS)


def tensors_to_huggingface(
    tensors: Mapping[str, Tensor], config: RestorationConfig
) -> dict[str, Tensor]:
    """Hugging Face's names for the published ones; the inverse of `tensors_from_huggingface`.

    Args:
        tensors: of a Swin2SR network, without buffers.
        config: the network's; one that `config_to_huggingface` accepts.
    """
    wide = (WIDE_HEAD, BY_THREE if config.upscale == 3 else BY_TWO)
    narrow = {"": (RESTORATION_HEAD,), "pixelshuffledirect": (DIRECT_HEAD,)}
    rules = _rules(BODY, BLOCK, *narrow.get(config.upsampler, wide), forward=False)
    out: dict[str, Tensor] = {}
    for name, tensor in _rename(tensors, rules).items():
        if not name.endswith(JOINED):
            out[name] = tensor
            continue
        owner = name.removesuffix("qkv.weight")
        for part, matrix in zip(QKV, tensor.chunk(3), strict=True):
            out[f"{owner}{part}.weight"] = matrix.contiguous()
    return out
