"""What a fresh clone has: recipes by name, pictures, a command, and their documentation."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from swinsr.cli.networks.train import train
from swinsr.errors import ConfigError
from swinsr.install import install_extra
from swinsr.training import Run, find_recipe, shipped_recipes
from swinsr.training.data.pictures import BUNDLED, BUNDLED_TEST, list_pictures, read_pixels
from swinsr.training.recipes.settings import Recipe
from tests.training.tiny import tiny_recipe, tiny_table, to_toml

DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"


def test_shipped_recipes_are_found_by_name_and_files_by_path(tmp_path: Path) -> None:
    assert find_recipe(Path("tiny")) == shipped_recipes()["tiny"]
    own = tmp_path / "own.toml"
    own.touch()
    assert find_recipe(own) == own
    with pytest.raises(ConfigError, match="tiny"):
        find_recipe(Path("nothing-of-this-name"))


def test_bundled_photographs_are_there_and_apart() -> None:
    train, test = list_pictures(BUNDLED), list_pictures(BUNDLED_TEST)
    assert not set(train) & set(test)
    for path in (*train, *test):
        assert min(read_pixels(path, 3).shape[:2]) >= 300


def test_every_setting_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = []
    for section in dataclasses.fields(Recipe):
        if section.name in ("network", "real"):
            continue
        cls = Recipe.__annotations__[section.name]
        missing += [
            f"{section.name}.{key.name}"
            for key in dataclasses.fields(cls)
            if f"`{key.name}`" not in text
        ]
    assert missing == []


def test_command_trains(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(to_toml(tiny_table(tmp_path)))
    app = typer.Typer()
    app.command()(train)
    result = CliRunner().invoke(app, [str(path), "--set", "run.steps=2"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "runs" / "tiny" / "best.safetensors").is_file()


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed"
)
def test_curves_and_pictures_go_to_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    wanted = {"log": {"tensorboard": True}, "validation": {"picture": True}}
    Run(tiny_recipe(tmp_path, **wanted)).train()
    events = EventAccumulator(str(tmp_path / "runs" / "tiny" / "tensorboard"))
    events.Reload()
    assert [e.step for e in events.Scalars("psnr_test")] == [0, 6, 12]
    assert [e.step for e in events.Images("validation")] == [0, 6, 12]


def test_missing_tensorboard_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=re.escape(install_extra("train"))):
        Run(tiny_recipe(tmp_path, log={"tensorboard": True})).train()
