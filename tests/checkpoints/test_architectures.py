"""Weights of other networks are told apart, by names that those networks' files have."""

from pathlib import Path

import pytest
import torch

from swinsr.checkpoints import load
from swinsr.errors import UnknownArchitectureError
from tests.checkpoints.samples import tiny
from tests.golden.weights import BUFFERS
from tests.parity.golden_cases import INDEX

BLOCK = "layers.0.residual_group.blocks.0"
CASES = {
    "HAT": ["conv_first.weight", f"{BLOCK}.attn.qkv.weight", f"{BLOCK}.conv_block.cab.0.weight"],
    "DAT": ["conv_first.weight", "layers.0.blocks.0.attn.attns.0.pos.pos_proj.weight"],
    "DRCT": ["conv_first.weight", "layers.0.swin1.attn.qkv.weight"],
    "SRFormer": [
        f"{BLOCK}.attn.relative_position_bias_table",
        f"{BLOCK}.mlp.dwconv.depthwise.weight",
    ],
    "ESRGAN": ["conv_first.weight", "body.0.rdb1.conv1.weight"],
    "RRDBNet": ["model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"],
    "EDSR": ["conv_first.weight", "body.0.conv1.weight", "upsample.0.weight"],
    "RCAN": ["head.0.weight", "body.0.body.0.body.3.conv_du.0.weight"],
    "SRVGGNetCompact": ["body.0.weight", "body.1.weight"],
    "discriminator": ["conv0.weight", "conv1.weight_orig"],
    "Restormer": ["encoder_level1.0.attn.temperature"],
    "NAFNet": ["intro.weight", "middle_blks.0.conv1.weight"],
    "SCUNet": ["m_head.0.weight"],
    "diffusion": ["model.diffusion_model.input_blocks.0.0.weight"],
    "shuffled pixels (pixel unshuffle before conv_first)": [
        "conv_first.1.weight",
        f"{BLOCK}.attn.relative_position_bias_table",
        f"{BLOCK}.attn.qkv.weight",
    ],
    "RGT": ["conv_first.weight", "before_RG.1.weight", "layers.0.blocks.0.gamma"],
    "CRAFT": ["conv_first.weight", "layers.0.residual_group.hf_blocks.0.attn.temperature"],
    "GRL": ["conv_first.weight", "table_w", "index_sh_a2w"],
    "OmniSR": ["residual_layer.0.residual_layer.0.layer.0.fn.0.weight", "input.weight"],
    "SAFMN": ["to_feat.weight", "feats.0.safm.mfr.0.weight"],
    "PLKSR": ["feats.0.weight", "feats.1.channe_mixer.0.weight", "feats.1.lk.conv.weight"],
    "MoSR": ["gblocks.0.weight", "gblocks.1.norm.weight"],
    "Real-CUGAN": ["unet1.conv1.conv.0.weight", "unet2.conv1.conv.0.weight"],
    "GFPGAN": ["toRGB.0.weight", "stylegan_decoder.style_mlp.1.weight"],
    "CodeFormer": ["quantize.embedding.weight", "encoder.conv_in.weight"],
    "FBCNN": ["m_head.weight", "m_body_encoder.0.res.0.weight", "qf_pred.0.res.0.weight"],
    "DRUNet": ["m_head.weight", "m_body.0.res.0.weight"],
    "Uformer": ["input_proj.proj.0.weight", "encoderlayer_0.blocks.0.norm1.weight"],
    "BasicVSR": ["spynet.basic_module.0.weight", "conv_last.weight"],
    "LoRA": ["unet.down.attn.lora_down.weight", "unet.down.attn.lora_up.weight"],
    "no head": ["encoder.stages.0.layers.0.attention.self.logit_scale"],
    "unknown network (quux.weight": ["quux.weight"],
}


@pytest.mark.parametrize("network", CASES)
def test_says_what_the_tensors_look_like(tmp_path: Path, network: str) -> None:
    path = tmp_path / "a.pth"
    torch.save({name: torch.ones(2, 2) for name in CASES[network]}, path)
    with pytest.raises(UnknownArchitectureError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and network in message
    assert "reads SwinIR and Swin2SR" in message


@pytest.mark.parametrize(
    ("case", "look"),
    [("swin_tiny_224", "a Swin classifier"), ("swinv2_tiny_256", "a Swin V2 classifier")],
)
def test_recognises_classifiers(tmp_path: Path, case: str, look: str) -> None:
    names = [n for n in INDEX[case]["keys"] if n.rpartition(".")[2] not in BUFFERS]
    path = tmp_path / "a.pth"
    torch.save({"model": {name: torch.ones(1) for name in names}}, path)
    with pytest.raises(UnknownArchitectureError, match=look):
        load(path)


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_lets_ours_pass_with_any_head(tmp_path: Path, family: str) -> None:
    for upsampler in ("", "pixelshuffle", "pixelshuffledirect", "nearest+conv"):
        network = tiny(family, upsampler=upsampler, upscale=2 if upsampler else 1)
        torch.save(network.state_dict(), tmp_path / "a.pth")
        assert load(tmp_path / "a.pth").config.upsampler == upsampler
