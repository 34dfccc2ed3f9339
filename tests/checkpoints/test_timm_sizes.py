"""Networks in timm's layout at sizes that windows do not divide: shifted first, then padded."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.checkpoints.layouts.timm_swin import swin_to_timm
from swinsr.errors import ConfigError
from swinsr.models import SwinTransformer
from swinsr.nn.stage import StageBlock
from tests.models.test_swin import tiny

BOUND = 2e-5
FAMILIES = ["swin", "swinv2"]
KEYWORDS: dict[str, Any] = {
    "patch_size": 2, "embed_dim": 8, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4,
    "num_classes": 5,
}  # fmt: skip
# (height, width) of pictures; the maps are half of it, and half of that.
SIZES = [(36, 36), (28, 28), (24, 24), (44, 60), (26, 38), (16, 16)]


def picture(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


def as_timm(path: Path, network: SwinTransformer) -> Path:
    torch.save({"state_dict": swin_to_timm(network.state_dict())}, path)
    return path


def region(side: int, window: int, shift: int) -> Tensor:
    """The number of each row's region on a padded map, as timm's get_attn_mask counts them."""
    out = torch.zeros(side, dtype=torch.long)
    if shift:
        out[side - window : side - shift], out[side - shift :] = 1, 2
    return out


def by_timms_words(block: StageBlock, x: Tensor) -> Tensor:
    """timm's `_attn` written out for one block: roll, pad, windows one by one, crop, roll back."""
    height, width = x.shape[1:3]
    window = block.window
    shifts = [block.shift if side > window else 0 for side in (height, width)]
    rolled = torch.roll(x, (-shifts[0], -shifts[1]), (1, 2))
    padded = F.pad(rolled, (0, 0, 0, -width % window, 0, -height % window))
    rows, columns = (region(n, window, s) for n, s in zip(padded.shape[1:3], shifts, strict=True))
    regions = 3 * rows[:, None] + columns[None, :]
    out = torch.empty_like(padded)
    for top in range(0, padded.shape[1], window):
        for left in range(0, padded.shape[2], window):
            place = slice(top, top + window), slice(left, left + window)
            part = padded[:, place[0], place[1]]
            number = regions[place].flatten()
            mask = torch.where(number[:, None] == number[None, :], 0.0, -100.0)
            qkv = block.attn.project(part.reshape(len(x), window**2, -1))
            q, k, v = qkv.view(len(x), window**2, 3, block.attn.heads, -1).permute(2, 0, 3, 1, 4)
            if block.attn.cosine:
                q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
            scores = q @ k.mT * block.attn.scale()[:, None, None] + block.attn.position_bias()
            seen = (scores + mask).softmax(-1) @ v
            joined = block.attn.proj(seen.transpose(1, 2).reshape(len(x), window**2, -1))
            out[:, place[0], place[1]] = joined.view(part.shape)
    return torch.roll(out[:, :height, :width], (shifts[0], shifts[1]), (1, 2))


@pytest.mark.parametrize("size", [(9, 9), (7, 7), (9, 11), (3, 9), (4, 9), (8, 8)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_block_shifts_before_it_pads(family: str, size: tuple[int, int]) -> None:
    network = tiny(family, roll_first=True)
    block = network.layers[0].blocks[1]  # type: ignore[index,union-attr]
    assert isinstance(block, StageBlock) and block.shift
    x = torch.randn(2, *size, 8, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        expected, found = by_timms_words(block, x), block.attend(x)
    assert (found - expected).abs().max() <= BOUND


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_in_timms_layout_is_run_in_timms_order(tmp_path: Path, family: str) -> None:
    network = tiny(family)
    theirs = load_classifier(as_timm(tmp_path / "a.pth", network)).network
    torch.save(network.state_dict(), tmp_path / "b.pth")
    ours = load_classifier(tmp_path / "b.pth").network
    assert theirs.config.roll_first and not ours.config.roll_first
    with torch.inference_mode():
        assert (theirs(picture(36, 36)) - ours(picture(36, 36))).abs().max() > 1e-3
        assert (theirs(picture(32, 32)) - ours(picture(32, 32))).abs().max() <= BOUND


def test_v2s_windows_are_no_larger_than_the_map() -> None:
    """timm builds a smaller window then, with its own offsets; nothing else depends on it."""
    large = tiny("swinv2", roll_first=True)
    small = tiny("swinv2", img_size=24, window_size=4, roll_first=True)
    block = large.layers[1].blocks[0]  # type: ignore[index,union-attr]
    assert isinstance(block, StageBlock)
    x = torch.randn(1, 3, 3, 16, generator=torch.Generator().manual_seed(2))
    attention = block.attention_for(3, 3)
    assert attention.window == 3 and attention.relative_position_index.shape == (9, 9)
    built = tiny("swinv2", window_size=3, img_size=24)
    built.load_state_dict(large.state_dict())
    inner = built.layers[1].blocks[0].attn  # type: ignore[index,union-attr]
    with torch.inference_mode():
        expected = inner(x.reshape(1, 1, 9, 16), (1, 1), None).view(1, 3, 3, 16)
        assert (block.attend(x) - expected).abs().max() <= BOUND
    assert small.config.window(1) == 4


def test_the_order_is_saved_and_what_others_would_compute_otherwise_is_refused(
    tmp_path: Path,
) -> None:
    network = load_classifier(as_timm(tmp_path / "a.pth", tiny("swin"))).network
    path = save_classifier(network, tmp_path / "b.safetensors")
    assert load_classifier(path).config.roll_first
    save_classifier(network, tmp_path / "c", layout="huggingface")  # its size has whole windows
    odd = tiny("swin", img_size=36, roll_first=True)
    with pytest.raises(ConfigError, match="roll_first True"):
        save_classifier(odd, tmp_path / "d", layout="huggingface")
    save_classifier(odd, tmp_path / "d.safetensors", layout="timm")
    with pytest.raises(ConfigError, match="roll_first False"):
        save_classifier(tiny("swin", img_size=36), tmp_path / "e.safetensors", layout="timm")
    for name, value in (("patch_norm", False), ("ape", True), ("qk_scale", 0.5)):
        with pytest.raises(ConfigError, match=f"timm's Swin cannot be built with {name}"):
            changed = tiny("swin", **{name: value})
            save_classifier(changed, tmp_path / "e.safetensors", layout="timm")


def test_a_guessed_window_is_said(tmp_path: Path) -> None:
    loaded = load_classifier(as_timm(tmp_path / "mine.pth", tiny("swinv2")))
    assert loaded.notes == (
        f"{tmp_path / 'mine.pth'}: its window is taken to be 8, as in the smallest published Swin "
        "V2; the tensors do not tell",
    )
    named = load_classifier(as_timm(tmp_path / "swinv2_window4_32.pth", tiny("swinv2")))
    assert "taken to be 4, as its name says" in named.notes[0]
    assert load_classifier(as_timm(tmp_path / "v1.pth", tiny("swin"))).notes == ()


@pytest.mark.parametrize(
    ("settings", "img_size", "window"),
    [
        ({"model_args": {"img_size": 64, "window_size": 4}}, 64, 4),
        ({"model_args": {"img_size": [64, 64], "window_size": [4, 4]}}, 64, 4),
        ({"pretrained_cfg": {"input_size": [3, 96, 96]}, "model_args": {"window_size": 4}}, 96, 4),
        ({"architecture": "swinv2_tiny_window16_256"}, 256, 16),
        (
            {
                "architecture": "swinv2_tiny_window8_256",
                "pretrained_cfg": {"input_size": [3, 192, 192]},
            },
            192,
            8,
        ),
    ],
)
def test_timms_config_tells_how_it_was_built(
    tmp_path: Path, settings: dict[str, Any], img_size: int, window: int
) -> None:
    import json

    as_timm(tmp_path / "pytorch_model.bin", tiny("swinv2"))
    (tmp_path / "config.json").write_text(json.dumps(settings))
    config = load_classifier(tmp_path).config
    assert (config.img_size, config.window_size) == (img_size, window)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("family", FAMILIES)
def test_equals_timm_at_any_size(
    timm: Any, tmp_path: Path, family: str, size: tuple[int, int]
) -> None:
    kind = {"swin": "SwinTransformer", "swinv2": "SwinTransformerV2"}[family]
    torch.manual_seed(0)
    built = getattr(timm.models, kind)(img_size=size, **KEYWORDS).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_(std=0.2)
    torch.save(built.state_dict(), tmp_path / "window4.pth")
    loaded = load_classifier(tmp_path / "window4.pth").network
    with torch.inference_mode():
        difference = built(picture(*size)) - loaded(picture(*size))
    assert difference.abs().max() <= BOUND


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("swin_tiny_patch4_window7_224", (288, 288)),
        ("swin_tiny_patch4_window7_224", (192, 192)),
        ("swin_tiny_patch4_window7_224", (128, 128)),
        ("swin_tiny_patch4_window7_224", (252, 332)),
        ("swinv2_tiny_window8_256", (192, 192)),
    ],
)
def test_equals_timms_published_classes(
    timm: Any, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    built = timm.create_model(name, pretrained=False, img_size=size).eval()
    torch.save(built.state_dict(), tmp_path / "mine.pth")
    loaded = load_classifier(tmp_path / "mine.pth").network
    with torch.inference_mode():
        expected, found = built(picture(*size)), loaded(picture(*size))
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
