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
