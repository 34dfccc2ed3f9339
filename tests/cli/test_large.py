"""Large pictures by the command: the options, the same result, and going on after a stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from swinsr.cli.commands import app
from swinsr.cli.options import settings_of
from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.image import Image, read_image, write_image
from swinsr.tiling import work_path

MODEL = ["-m", "swinsr-light-x2", "--precision", "float32", "--device", "cpu"]


def picture(path: Path, height: int, width: int, alpha: bool = False) -> Path:
    import cv2

    noise = np.random.default_rng(0).integers(0, 256, (height, width, 4), np.uint8)
    array = cv2.GaussianBlur(noise, (0, 0), 1.5)
    y, x = np.mgrid[:height, :width]
    disc = 255 - 8 * np.maximum(np.hypot(y - height / 2, x - width / 2) - width / 4, 0)
    mask = np.clip(disc, 0, 255).astype(np.uint8) if alpha else None
    write_image(path, Image(np.ascontiguousarray(array[..., :3]), mask), overwrite=True)
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["upscale", *map(str, arguments), *MODEL])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("scale", [2, 3, 2.6])
@pytest.mark.parametrize("alpha", [False, True])
def test_tiles_give_what_the_whole_gives(scale: float, alpha: bool, tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png", 90, 110, alpha)
    run(source, "-o", tmp_path / "whole.png", "-s", scale, "--tile", "off")
    run(source, "-o", tmp_path / "tiles.png", "-s", scale, "--tile", "72")
    whole, tiles = (read_image(tmp_path / name) for name in ("whole.png", "tiles.png"))
    assert whole.pixels.shape == tiles.pixels.shape
    seen = np.ones(whole.pixels.shape[:2], bool)
    if alpha:
        assert whole.alpha is not None and tiles.alpha is not None
        assert np.abs(whole.alpha.astype(int) - tiles.alpha).max() <= 1
        seen = whole.alpha > 8
    gap = np.abs(whole.pixels[seen].astype(int) - tiles.pixels[seen])
    assert (gap > 1).mean() <= 1e-3
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("scale", ["2", "1.7", "3"])
def test_bicubic_in_bands_is_exact(
    suffix: str, scale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.files import choose
    from swinsr.files.tiled import large

    source = picture(tmp_path / "in.png", 83, 61)
    lossless = ["--lossless"] if suffix == ".webp" else []
    results = []
    for limit in (1 << 40, 0):
        monkeypatch.setattr(choose, "BANDED_PIXELS", limit)
        monkeypatch.setattr(large, "_BAND_BYTES", 20_000)
        output = tmp_path / f"{limit}{suffix}"
        arguments = ["upscale", source, "-o", output, "-s", scale, "-m", "bicubic", *lossless]
        assert CliRunner().invoke(app, list(map(str, arguments))).exit_code == 0
        results.append(read_image(output).pixels)
    assert np.array_equal(*results)


def test_size_crop_bits_and_format_are_honoured(tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png", 90, 110)
    output = tmp_path / "out.tif"
    run(source, "-o", output, "--width", 150, "--height", 150, "--fit", "crop", "--bits", 16,
        "--tile", 72)  # fmt: skip
    result = read_image(output)
    assert result.pixels.shape == (150, 150, 3)
    assert result.bits == 16
    assert len(np.unique(result.pixels)) > 256


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_stopped_run_says_that_it_can_go_on_and_changed_input_starts_anew(tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png", 240, 200)
    output = tmp_path / "out.png"
    command = [sys.executable, "-m", "swinsr", "upscale", str(source), "-o", str(output)]
    command += [*MODEL, "--tile", "64"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # A shell that runs the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    ledger = work_path(output) / "ledger"
    for _ in range(6000):
        if ledger.exists() and ledger.read_bytes().count(b'"kind": "tile"') >= 2:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)  # so that it is not done before the second has looked
    second = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert second.returncode == 1
    assert "another swinsr process is working on it" in second.stderr
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert not output.exists()
    assert work_path(output).exists()
    write_image(source, Image(read_image(source).pixels[::-1].copy()), overwrite=True)
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert again.returncode == 0, again.stderr
    assert "the input changed since an earlier run was stopped; starting anew" in again.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"in.png", "out.png"}


def tiled(mode: str, tile: str | None, overlap: int | None, memory: str | None) -> Settings:
    return settings_of({"mode": mode, "tile": tile, "overlap": overlap, "memory": memory})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("auto", "big", None, None), "a number of pixels or off"),
        (("auto", "0", None, None), "a number of pixels or off"),
        (("overlap", "off", None, None), "contradict"),
        (("exact", "64", None, None), "contradict"),
        (("quick", None, None, None), "unknown mode"),
        (("auto", None, None, "much"), "4G or 512M"),
    ],
)
def test_refuses_options_that_make_no_sense(
    arguments: tuple[str, str | None, int | None, str | None], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        tiled(*arguments)


def test_tile_off_is_exact() -> None:
    assert tiled("auto", "off", None, "2G") == Settings(mode="exact", memory=2 << 30)
