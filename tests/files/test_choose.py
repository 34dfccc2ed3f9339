"""The one decision about a file: which model, whole or in tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from swinsr import Settings, upscale_file
from swinsr.files import choose
from swinsr.files.choose import BANDED_PIXELS, choose_tiles, suited
from swinsr.files.engines import Engines
from swinsr.files.size import Size
from swinsr.image import probe_image
from swinsr.inference.engine import BaselineEngine, Engine
from swinsr.inference.tiles import Tiling
from swinsr.zoo import bundled_models, default_model

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)


class Network(Engine):
    """What a network says of itself, without one."""

    name, scale, task, tileable, window = "network", 2, "classical_sr", True, 8

    def __init__(self, per_pixel: int, tiling: Tiling) -> None:
        self.per_pixel, self.tiling = per_pixel, tiling

    def memory(self, height: int, width: int) -> int:
        return self.per_pixel * height * width


@pytest.mark.parametrize(
    ("engine", "side", "scale", "tiles"),
    [
        (BaselineEngine("bicubic"), 1000, 2, None),
        (BaselineEngine("bicubic"), 2000, 2, "bands"),
        (Network(1, Tiling()), 1000, 2, None),
        (Network(1, Tiling("exact", memory=1)), 1000, 2, None),
        (Network(1, Tiling(tile=64)), 1000, 2, 64),
        (Network(1, Tiling("overlap", tile=96)), 1000, 2, 96),
        (Network(1 << 40, Tiling()), 1000, 2, "some"),
        (Network(1, Tiling(memory=1 << 20)), 1000, 2, "some"),  # not even reading it fits
        (Network(1, Tiling(tile=64)), 1000, 3, 64),  # two passes
    ],
)
def test_whole_or_tiles(engine: Engine, side: int, scale: int, tiles: Any) -> None:
    size = Size(scale, side * scale, side * scale)
    choice = choose_tiles(engine, side, side, size)
    if tiles is None:
        assert choice is None
    elif tiles == "bands":
        assert size.height * size.width > BANDED_PIXELS
        assert choice is not None and choice.tile is None
    else:
        assert choice is not None and choice.tile is not None
        assert tiles == "some" or choice.tile == tiles


def saved(path: Path, **options: Any) -> Path:
    Image.fromarray(PIXELS).save(path, **options)
    return path


@pytest.mark.parametrize(
    "settings",
    [
        Settings(model="bicubic"),
        Settings(model="swinsr-light-x4"),
        Settings(fast=True),
        Settings(task="jpeg"),
    ],
)
def test_what_was_asked_for_by_name_is_taken(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    jpeg = saved(tmp_path / "a.jpg")
    monkeypatch.setattr(choose, "judge", lambda *_: pytest.fail("nothing to look for"))
    assert suited(Engines(settings), settings, jpeg, probe_image(jpeg)).damage == "none"


def test_the_choice_is_made_and_told(tmp_path: Path) -> None:
    photo = next(m for m in bundled_models() if m.damage == "slight" and m.scale == 4)
    jpeg, png = saved(tmp_path / "a.jpg", quality=78), saved(tmp_path / "b.png")
    settings = Settings(scale=photo.scale, device="cpu", precision="float32")
    record = upscale_file(jpeg, tmp_path / "a4.png", settings)
    assert record.model == photo.name
    assert record.reason == "a JPEG of about quality 78"
    assert "(a JPEG of about quality 78)" in record.summary
    clean = upscale_file(png, tmp_path / "b4.png", settings)
    assert (clean.model, clean.reason) == (default_model(photo.scale).name, "")
    named = Settings(model="bicubic", scale=photo.scale)
    assert upscale_file(jpeg, tmp_path / "c4.png", named).reason == ""


@pytest.mark.parametrize(
    ("scale", "models"),
    [
        (4, "swinsr-light-x4"),
        (5, "swinsr-light-x4"),
        (8, "swinsr-light-x2 + swinsr-light-x4"),
        (2.5, "swinsr-light-x3"),
    ],
)
def test_bundled_models_that_reach_a_scale(scale: float, models: str) -> None:
    assert Engines(Settings()).get(scale).engine.name == models


def test_best_and_named_models_go_alone() -> None:
    assert Engines(Settings(best=True)).get(8).engine.name == "swinsr-light-x4"
    assert Engines(Settings(model="swinsr-light-x4")).get(8).engine.name == "swinsr-light-x4"
    assert Settings(model="auto") == Settings()


def test_a_photograph_enlarged_far_is_clean_after_the_first_model() -> None:
    name = Engines(Settings()).get(16, damage="slight").engine.name
    assert name.split(" + ")[0].startswith("swinsr-photo")
    assert name.split(" + ")[1].startswith("swinsr-light")


def test_a_relay_in_tiles_gives_the_same_as_whole(tmp_path: Path) -> None:
    saved(tmp_path / "a.png")
    whole = upscale_file(tmp_path / "a.png", tmp_path / "whole.png", Settings(scale=8, fast=True))
    tiles = Settings(scale=8, fast=True, mode="overlap", tile=64, overlap=48)
    upscale_file(tmp_path / "a.png", tmp_path / "tiles.png", tiles)
    assert whole.model == "swinsr-fast-x2 + swinsr-fast-x4"
    pair = [np.asarray(Image.open(tmp_path / f"{n}.png"), np.int16) for n in ("whole", "tiles")]
    assert pair[0].shape == (PIXELS.shape[0] * 8, PIXELS.shape[1] * 8, 3)
    assert np.abs(pair[0] - pair[1]).mean() < 0.2
