"""Recipes: what may be said, what is refused, and that nothing is lost on the way."""

from pathlib import Path

import pytest

from swinsr.errors import ConfigError, SwinsrError
from swinsr.training import read_recipe, recipe_from_table
from swinsr.training.recipes.recipe import recipe_to_table
from tests.training.tiny import tiny_table, to_toml

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_every_shipped_recipe_is_valid_and_named_as_its_file(path: Path) -> None:
    assert read_recipe(path).run.name == path.stem


def test_table_of_a_recipe_gives_the_recipe_again(tmp_path: Path) -> None:
    changes = {"task": {"name": "real"}, "real": {"simple": 0.25, "first": {"noise": [2, 3]}}}
    recipe = recipe_from_table(tiny_table(tmp_path, **changes))
    assert recipe.real.first.noise == (2.0, 3.0)
    assert recipe_from_table(recipe_to_table(recipe)) == recipe


@pytest.mark.parametrize(
    ("section", "values", "word"),
    [
        ("run", {"stepz": 3}, "stepz"),
        ("run", {"steps": 0}, "run.steps"),
        ("run", {"steps": 2.5}, "whole number"),
        ("run", {"steps": True}, "whole number"),
        ("run", {"precision": "float16"}, "float16"),
        ("run", {"name": "a/b"}, "run.name"),
        ("data", {"train": []}, "data.train"),
        ("data", {"train": "folder"}, "list"),
        ("data", {"patch": 10}, "multiple"),
        ("data", {"unreadable": "ignore"}, "unreadable"),
        ("optimizer", {"betas": [0.9]}, "2 entries"),
        ("optimizer", {"schedule": "linear"}, "cosine"),
        ("optimizer", {"milestones": [0.9, 0.5]}, "milestones"),
        ("optimizer", {"ema": 1.0}, "ema"),
        ("loss", {"name": "l2"}, "charbonnier"),
        ("task", {"name": "denoise"}, "upscale 1"),
        ("task", {"quality": [50, 20]}, "quality"),
        ("network", {"embed_dims": 8}, "embed_dims"),
        ("network", {"upscale": 1, "upsampler": ""}, "above 1"),
        ("real", {"first": 3}, "section"),
        ("real", {"first": {"blurr": 1}}, "blurr"),
        ("validation", {"quality": 0}, "quality"),
        ("extra", {}, "extra"),
    ],
)
def test_refuses_with_a_sentence_that_names_the_key(
    tmp_path: Path, section: str, values: dict, word: str
) -> None:
    with pytest.raises(ConfigError, match=word):
        recipe_from_table(tiny_table(tmp_path, **{section: values}))


def test_auxiliary_head_needs_a_task_with_a_clean_input(tmp_path: Path) -> None:
    network = {"family": "swin2sr", "upsampler": "pixelshuffle_aux"}
    with pytest.raises(ConfigError, match="clean"):
        recipe_from_table(tiny_table(tmp_path, network=network, task={"name": "real"}))


def test_missing_network_is_told() -> None:
    with pytest.raises(ConfigError, match="network"):
        recipe_from_table({"data": {"train": ["x"]}})


def test_overrides_take_toml_values_and_bare_words(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(to_toml(tiny_table(tmp_path)))
    overrides = ["run.steps=77", "run.name=other", "optimizer.betas=[0.8, 0.9]", "real.simple=1"]
    recipe = read_recipe(path, overrides)
    assert (recipe.run.steps, recipe.run.name) == (77, "other")
    assert recipe.optimizer.betas == (0.8, 0.9)
    assert recipe.real.simple == 1.0


@pytest.mark.parametrize("override", ["steps=3", "run.steps", "=3", "run.=3", "run.steps.x=3"])
def test_malformed_override_is_refused(tmp_path: Path, override: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(to_toml(tiny_table(tmp_path)))
    with pytest.raises(ConfigError):
        read_recipe(path, [override])


@pytest.mark.parametrize("content", [None, "steps = = 3", b"\xff\xfe"])
def test_unreadable_recipe_names_its_file(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "broken.toml"
    if isinstance(content, str):
        path.write_text(content)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(SwinsrError, match=r"broken\.toml"):
        read_recipe(path)
