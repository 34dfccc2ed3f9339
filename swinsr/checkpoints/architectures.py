"""Networks that are often mistaken for SwinIR, told by the names of their tensors."""

import re
from collections.abc import Iterable

from swinsr.errors import UnknownArchitectureError

OURS = re.compile(
    r"layers\.\d+\.residual_group\.blocks\.\d+\.attn\.(relative_position_bias_table|logit_scale)"
)
# The first entry with a name that matches is what the tensors look like. Those that share
# SwinIR's names come first.
OTHERS: tuple[tuple[str, str], ...] = (
    (r".*\.(conv_block\.cab|overlap_attn)\..*", "HAT"),
    (r".*\.residual_group\.layers\.\d+\.(attn_win|attn_atd|convffn)\..*", "ATD"),
    (r".*\.residual_group\.blocks\.\d+\.(attn\.aligned_relative_.*|mlp\.dwconv\..*)", "SRFormer"),
    (r"layers\.\d+\.(residual_group\.)?swin1\..*", "DRCT"),
    (r"layers\.\d+\.blocks\.\d+\.(gamma|attn\.attns\.\d+\.rpe_biases)", "RGT"),
    (r"layers\.\d+\.blocks\.\d+\.attn\.(attns\..*|dwconv\.\d+\.weight)", "DAT"),
    (r"layers\.\d+\.residual_group\.hf_blocks\..*", "CRAFT"),
    (r"table_(w|sh|sv)|index_(sh|sv)_a2w", "GRL"),
    (
        r"conv_first\.1\.weight",
        "a SwinIR that works on shuffled pixels (pixel unshuffle before conv_first)",
    ),
    (r"residual_layer\.\d+\.residual_layer\..*", "OmniSR"),
    (r"feats\.\d+\.safm\..*", "SAFMN"),
    (r"feats\.\d+\.(channe_mixer|channel_mixer|lk)\..*", "PLKSR"),
    (r"gblocks\.\d+\..*", "MoSR"),
    (r"unet1\.conv1\..*", "Real-CUGAN or waifu2x"),
    (r"(stylegan_decoder|toRGB)\..*", "GFPGAN"),
    (r"quantize\.embedding\.weight", "CodeFormer or RestoreFormer"),
    (r"qf_pred\..*", "FBCNN"),
    (r"encoderlayer_\d+\..*", "Uformer"),
    (r"spynet\..*", "BasicVSR"),
    (r".*\blora_(up|down|A|B)\b.*", "a LoRA, a change to the weights of another network"),
    (r".*\bRDB1\..*|body\.\d+\.rdb1\..*|RRDB_trunk\..*", "ESRGAN (RRDBNet)"),
    (r"body\.\d+\.rcab\..*|body\.\d+\.body\.\d+\.body\.3\.conv_du\..*", "RCAN"),
    (r"head\.0\.weight|body\.0\.body\.0\.weight|body\.0\.conv1\.weight", "EDSR"),
    (r"conv0\.weight_orig|conv1\.weight_orig|features\.0\.weight", "a discriminator"),
    (r"encoder_level1\..*|.*\.attn\.temperature", "Restormer"),
    (r"m_head\.(0\.)?weight|m_body\..*", "SCUNet or DRUNet"),
    (r"intro\.weight|middle_blks\..*", "NAFNet"),
    (r"block_1\.c1_r\..*", "SPAN"),
    (
        r"encoder\.stages\.\d+\.layers\.\d+\.attention\.self\.logit_scale",
        "Hugging Face's Swin2SRModel, which has no head",
    ),
    (r"swinv2\.encoder\..*|layers\.\d+\.blocks\.\d+\.attn\.logit_scale", "a Swin V2 classifier"),
    (
        r"swin\.encoder\..*|layers\.\d+\.blocks\.\d+\.attn\.relative_position_bias_table",
        "a Swin classifier",
    ),
    (r"features\.\d+\.\d+\.attn\.relative_position_bias_table", "a torchvision Swin classifier"),
    (r"model\.diffusion_model\..*|down_blocks\.\d+\..*", "a diffusion network"),
    (r"body\.0\.weight", "the compact Real-ESRGAN network (SRVGGNetCompact)"),
)


def refuse_unknown(names: Iterable[str]) -> None:
    """Let tensors of SwinIR and Swin2SR pass.

    Raises:
        UnknownArchitectureError: they are another network's; the message is the end of a sentence
            that begins with the file's name.
    """
    names = list(names)
    look = looks_like(names)
    if look is None and any(OURS.fullmatch(name) for name in names):
        return
    known = "this program reads SwinIR and Swin2SR as published"
    if look is not None:
        raise UnknownArchitectureError(f"holds tensors that look like {look}; {known}")
    some = ", ".join(sorted(names)[:3])
    raise UnknownArchitectureError(
        f"holds tensors of an unknown network ({some}, {len(names)} in all); {known}"
    )


def looks_like(names: Iterable[str]) -> str | None:
    """The other network that tensors with these names belong to, where it can be told."""
    names = list(names)
    for pattern, network in OTHERS:
        if any(re.fullmatch(pattern, name) for name in names):
            return network
    return None
