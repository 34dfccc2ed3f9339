"""`swinsr restore`: networks of scale 1, their strength, and what to do where there is none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from swinsr.checkpoints import save
from swinsr.image import read_image
from swinsr.models import from_published
from tests.cli.conftest import Call, photograph

TINY = {
    "upscale": 1,
    "embed_dim": 4,
    "depths": [1],
    "num_heads": [2],
    "window_size": 4,
    "img_size": 16,
    "upsampler": "",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = from_published("swinir", TINY)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.05)
    save(network, tmp_path / "tiny.safetensors", task="color_denoise")
    Image.fromarray(photograph()).save(tmp_path / "in.png")
    return tmp_path / "tiny.safetensors"


def test_restores_at_the_pictures_own_size(call: Call, model: Path) -> None:
    for task, name in (("denoise", "in_denoised.png"), ("jpeg", "in_restored.png")):
        ran = call("restore", "in.png", "--task", task, "--model", model)
        assert ran.status == 0, ran.err
        assert "32x24 -> 32x24" in ran.text
        assert read_image(name).pixels.shape == (24, 32, 3)


def test_strength_goes_from_the_picture_to_the_restored_one(call: Call, model: Path) -> None:
    out = {}
    for strength in (0.0, 0.5, 1.0):
        options = ("--strength", strength, "-o", f"{strength}.tif", "--bits", 32)
        ran = call("restore", "in.png", "-t", "denoise", "--model", model, *options)
        assert ran.status == 0, ran.err
        out[strength] = read_image(f"{strength}.tif").pixels
    assert np.abs(out[0.0] - photograph() / 255).max() < 1e-6
    assert np.abs(out[1.0] - out[0.0]).max() > 0.01
    inside = (out[1.0] > 0) & (out[1.0] < 1)
    middle = (out[0.0] + out[1.0]) / 2
    assert np.abs(out[0.5] - middle)[inside].max() < 1e-5


def test_self_ensemble_is_the_mean_of_eight_positions(call: Call, model: Path) -> None:
    from swinsr.inference import Upscaler

    options = ("--self-ensemble", "--precision", "float32", "--bits", 32, "-o", "x.tif")
    ran = call("restore", "in.png", "-t", "jpeg", "--model", model, *options)
    assert ran.status == 0, ran.err
    upscaler = Upscaler.from_pretrained(model, precision="float32")
    picture = photograph().astype(np.float32) / 255
    total = np.zeros_like(picture)
    for mirrored in (False, True):
        for turns in range(4):
            view = np.rot90(picture[:, ::-1] if mirrored else picture, turns).copy()
            planes = upscaler.engine.enlarge(view, 1.0, view.shape[:2], lambda share: None)
            back = np.rot90(planes, -turns)
            total += back[:, ::-1] if mirrored else back
    expected = np.clip(total / 8, 0, 1)
    assert np.abs(read_image("x.tif").pixels - expected).max() < 1e-5


def test_without_a_bundled_model_one_sentence_tells_what_to_do(
    call: Call, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import swinsr.zoo

    monkeypatch.setattr(swinsr.zoo, "bundled_models", lambda: ())
    ran = call("restore", "in.png", "--task", "denoise")
    assert ran.status == 1
    assert "no bundled model takes out noise" in ran.err
    assert "swinsr models download swinir-color-denoise" in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--task", "denoise", "--model", "bicubic"), 1, "does not restore"),
        (("--task", "denoise", "--model", "swinsr-light-x2"), 1, "does not restore"),
        (("--task", "blur"), 2, "denoise, jpeg"),
        ((), 2, "--task"),
        (("--task", "jpeg", "--strength", "2"), 2, "strength"),
    ],
)
def test_what_cannot_be_is_refused(
    call: Call, model: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    ran = call("restore", "in.png", *arguments)
    assert ran.status == status
    assert words in ran.err


def test_upscale_by_a_size_refuses_a_model_that_restores(call: Call, model: Path) -> None:
    ran = call("upscale", "in.png", "--width", 100, "--model", model)
    assert ran.status == 1
    assert "swinsr restore" in ran.err
