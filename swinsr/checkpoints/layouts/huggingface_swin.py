"""Names of Hugging Face's `SwinForImageClassification` and `Swinv2ForImageClassification`.

Queries, keys and values are three layers there and one here. Values are never changed.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from swinsr.checkpoints.layouts.rename import Rules, rename, rules

BODY = (
    ("embeddings.patch_embeddings.projection.{}", "patch_embed.proj.{}"),
    ("embeddings.norm.{}", "patch_embed.norm.{}"),
    ("embeddings.position_embeddings", "absolute_pos_embed"),
    ("encoder.layers.{}.downsample.norm.{}", "layers.{}.downsample.norm.{}"),
    ("encoder.layers.{}.downsample.reduction.{}", "layers.{}.downsample.reduction.{}"),
    ("layernorm.{}", "norm.{}"),
)
BLOCK = (
    ("attention.self.relative_position_bias_table", "attn.relative_position_bias_table"),
    ("attention.self.relative_position_index", "attn.relative_position_index"),
    ("attention.self.relative_coords_table", "attn.relative_coords_table"),
    ("attention.self.logit_scale", "attn.logit_scale"),
    ("attention.self.continuous_position_bias_mlp.{}.{}", "attn.cpb_mlp.{}.{}"),
    ("attention.output.dense.{}", "attn.proj.{}"),
    ("layernorm_before.{}", "norm1.{}"),
    ("layernorm_after.{}", "norm2.{}"),
    ("intermediate.dense.{}", "mlp.fc1.{}"),
    ("output.dense.{}", "mlp.fc2.{}"),
    ("attention.self.qkv.{}", "attn.qkv.{}"),  # theirs by this module, see QKV
)
V2_BLOCK = (
    ("attention.self.query.bias", "attn.q_bias"),
    ("attention.self.value.bias", "attn.v_bias"),
)
STAGE, OURS = "encoder.layers.{}.blocks.{}.", "layers.{}.blocks.{}."
HEAD = (("classifier.{}", "head.{}"),)
QKV = ("query", "key", "value")
PREFIXES = {"swin": "swin.", "swinv2": "swinv2."}


def _table(family: str, prefix: str, *, forward: bool) -> Rules:
    block = BLOCK + V2_BLOCK if family == "swinv2" else BLOCK
    pairs = [(prefix + theirs, ours) for theirs, ours in BODY]
    pairs += [(prefix + STAGE + theirs, OURS + ours) for theirs, ours in block]
    return rules([*pairs, *HEAD], forward=forward)


def is_huggingface_swin(names: Iterable[str]) -> bool:
    """Whether these are the names of a Hugging Face Swin or Swin V2, with or without a head."""
    return any(".attention.self.query.weight" in n and ".blocks." in n for n in names)


def swin_from_huggingface(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published names for Hugging Face's.

    Args:
        tensors: of a saved classifier, or of `SwinModel`, whose names have no prefix.

    Returns:
        The same numbers; names that are not Hugging Face's stay as they are.
    """
    family = "swinv2" if any(n.endswith("self.logit_scale") for n in tensors) else "swin"
    prefix = PREFIXES[family]
    prefix = prefix if any(name.startswith(prefix) for name in tensors) else ""
    kinds = ("weight", "bias") if family == "swin" else ("weight",)
    joined = dict(tensors)
    for kind in kinds:
        for name in tensors:
            owner = name.removesuffix(f"query.{kind}")
            parts = [f"{owner}{part}.{kind}" for part in QKV]
            if owner == name or any(part not in joined for part in parts):
                continue
            if len({joined[part].shape for part in parts}) == 1:
                joined[f"{owner}qkv.{kind}"] = torch.cat([joined.pop(part) for part in parts])
    return rename(joined, _table(family, prefix, forward=True))


def swin_to_huggingface(tensors: Mapping[str, Tensor], family: str) -> dict[str, Tensor]:
    """Hugging Face's names for the published ones; the inverse of `swin_from_huggingface`.

    Args:
        tensors: of a network, without buffers.
        family: "swin" or "swinv2".
    """
    out: dict[str, Tensor] = {}
    for name, tensor in rename(tensors, _table(family, PREFIXES[family], forward=False)).items():
        owner, joined, kind = name.partition("qkv.")
        if not joined:
            out[name] = tensor
            continue
        for part, piece in zip(QKV, tensor.chunk(3), strict=True):
            out[f"{owner}{part}.{kind}"] = piece.contiguous()
    return out
