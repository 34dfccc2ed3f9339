"""A network either runs on pictures or is refused when it is loaded."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from swinsr import Upscaler
from swinsr.checkpoints import describe, load, save
from swinsr.errors import UnknownArchitectureError
from tests.checkpoints.samples import tiny

V2_HEADS = ["pixelshuffle_aux", "pixelshuffle_hf"]
HEADS = ["pixelshuffle", "pixelshuffledirect", "nearest+conv", *V2_HEADS]


@pytest.mark.parametrize("channels", [2, 4, 5, 9])
def test_a_network_of_other_channels_is_refused_when_it_is_loaded(
    tmp_path: Path, channels: int
) -> None:
    path = save(tiny(in_chans=channels), tmp_path / "a.safetensors", task="x")
    with pytest.raises(UnknownArchitectureError) as caught:
        Upscaler.from_pretrained(path)
    message = str(caught.value)
    assert message.startswith(f"{path} takes {channels} channels") and "\n" not in message
    assert describe(load(path)).notes and f"{channels} channels" in describe(load(path)).notes[0]


def test_the_command_says_it_in_one_sentence(tmp_path: Path) -> None:
    from swinsr.image import Image, write_image

    path = save(tiny(in_chans=4), tmp_path / "a.safetensors", task="x")
    picture = tmp_path / "p.png"
    write_image(picture, Image(np.zeros((5, 7, 3), np.uint8), np.zeros((5, 7), np.uint8)))
    done = subprocess.run(
        [sys.executable, "-m", "swinsr", "upscale", picture, "-m", path, "-o", tmp_path / "o.png"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"{path} takes 4 channels" in done.stderr
    assert not (tmp_path / "o.png").exists()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("head", HEADS)
def test_every_head_runs_on_gray_colour_and_transparent_pictures(
    tmp_path: Path, head: str, channels: int
) -> None:
    family = "swin2sr" if head in V2_HEADS else "swinir"
    network = tiny(family, upsampler=head, in_chans=channels)
    path = save(network, tmp_path / "a.safetensors", task="x")
    upscaler = Upscaler.from_pretrained(path, precision="float32")
    for planes in (1, 2, 3, 4):
        picture = np.random.default_rng(0).random((5, 7, planes), np.float32)
        assert upscaler(picture).shape == (10, 14, planes)
