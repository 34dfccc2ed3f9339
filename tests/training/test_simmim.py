"""Pre-training by masked images: masks, data, a run that resumes, and a body that is taken over."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from swinsr.checkpoints import load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.degradations import imresize
from swinsr.errors import ConfigError, ImageReadError
from swinsr.training import Run, recipe_from_table
from swinsr.training.data.masks import draw_mask
from swinsr.training.data.pictures import read_pixels
from swinsr.training.recipes.recipe import recipe_to_table
from swinsr.training.state import TrainingError
from swinsr.training.validation import masked_pair, read_test_folders, score
from swinsr.training.weights.setup import make_network, read_data
from swinsr.training.weights.warm_start import read_weights, take_weights
from tests.training.test_run import rows, same, stop_at, weights
from tests.training.tiny import tiny_recipe, tiny_table

TASK = {"name": "simmim", "mask_patch": 4}
BODY = {"task": TASK, "network": {"upscale": 1, "upsampler": ""}}
SWIN = {"img_size": 16, "patch_size": 2, "depths": [1, 1], "num_heads": [2, 2]}
SWIN |= {"embed_dim": 8, "window_size": 4}


def hierarchical(folder: Path, family: str, **sections: dict) -> dict:
    """A recipe's table for a hierarchical network."""
    table = tiny_table(folder, task=TASK, init={"mode": "plain"}, data={"patch": 16}, **sections)
    return table | {"network": {"family": family, **SWIN}}


@given(
    st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 4, 32]), st.floats(0.05, 0.95),
    st.integers(0, 2**31),
)  # fmt: skip
def test_mask_hides_whole_squares_and_their_share(
    rows: int, columns: int, patch: int, ratio: float, seed: int
) -> None:
    mask = draw_mask(rows * patch, columns * patch, patch, ratio, np.random.default_rng(seed))
    assert mask.shape == (rows * patch, columns * patch)
    squares = mask.reshape(rows, patch, columns, patch)
    assert (squares == squares[:, :1, :, :1]).all()
    assert squares[:, 0, :, 0].sum() == math.ceil(rows * columns * ratio)


def test_published_mask_hides_22_of_36_squares_each_as_often() -> None:
    rng = np.random.default_rng(0)
    masks = np.stack([draw_mask(192, 192, 32, 0.6, rng)[::32, ::32] for _ in range(2000)])
    assert (masks.sum((1, 2)) == 22).all()
    assert np.abs(masks.mean(0) - 22 / 36).max() < 0.05
    assert len({m.tobytes() for m in masks}) == 2000


def test_masks_of_a_batch_differ_and_follow_from_the_step(tmp_path: Path) -> None:
    sampler = read_data(tiny_recipe(tmp_path, **BODY)).sampler
    first, again, other = sampler.load(3), sampler.load(3), sampler.load(4)
    assert first.mask is not None and again.mask is not None and other.mask is not None
    assert first.mask.shape == (4, 8, 8) and first.mask.dtype == torch.bool
    assert torch.equal(first.mask, again.mask) and not torch.equal(first.mask, other.mask)
    assert len({m.numpy().tobytes() for m in first.mask}) > 1
    assert torch.equal(first.input, first.target)


def test_body_of_a_network_that_enlarges_sees_reduced_pictures(tmp_path: Path) -> None:
    recipe = tiny_recipe(tmp_path, task=TASK)
    source = read_data(recipe).sampler.sources[0]
    whole = read_pixels(tmp_path / "train" / "wave0.png", 3)
    assert np.array_equal(source.target, imresize(whole, scale=0.5))


@pytest.mark.parametrize("family", ["swinir", "swin2sr", "swin", "swinv2"])
def test_every_family_learns_to_fill_in(tmp_path: Path, family: str) -> None:
    run, validation = {"steps": 25}, {"every": 25}
    if family.startswith("swin2") or family == "swinir":
        table = tiny_table(tmp_path, **BODY, run=run, validation=validation)
        table["network"]["family"] = family
    else:
        table = hierarchical(tmp_path, family, run=run, validation=validation)
    table["optimizer"]["lr"] = 5e-3
    Run(recipe_from_table(table)).train()
    curve = rows(tmp_path)
    assert float(curve[-1]["psnr_test"]) > float(curve[0]["psnr_test"]) + 0.5
    path = tmp_path / "runs" / "tiny" / "best.safetensors"
    if family in ("swin", "swinv2"):
        assert load_classifier(path).config.to_dict() == recipe_from_table(table).network.to_dict()
    else:
        assert load(path).metadata["task"] == "simmim"


@pytest.mark.parametrize("family", ["swinir", "swinv2"])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    def recipe(name: str) -> dict:
        if family == "swinir":
            network = {**BODY["network"], "drop_path_rate": 0.3}
            return tiny_table(tmp_path / name, task=TASK, network=network)
        return hierarchical(tmp_path / name, family)

    Run(recipe_from_table(recipe("whole"))).train()
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        with pytest.raises(TrainingError, match=r"Stopped at step 7.*--resume"):
            Run(recipe_from_table(recipe("cut"))).train()
    Run(recipe_from_table(recipe("cut")), resume=True).train()
    for name in ("last.safetensors", "last.state"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "cut", name))
    assert "weights/mask_token" in weights(tmp_path / "cut", "last.state")


def pretrained(folder: Path, **sections: dict) -> Path:
    """The file of a body that masked images have trained."""
    Run(tiny_recipe(folder, task=TASK, validation={"folders": []}, **sections)).train()
    return folder / "runs" / "tiny" / "last.safetensors"


def test_super_resolution_takes_the_body_and_keeps_its_own_head(tmp_path: Path) -> None:
    path = pretrained(tmp_path / "a")
    first = weights(tmp_path / "a")
    init = {"from_file": str(path), "mode": "plain"}
    with_body, told = make_network(tiny_recipe(tmp_path / "b", init=init))
    fresh, _ = make_network(tiny_recipe(tmp_path / "b", init={"mode": "plain"}))
    head = {n for n, _ in fresh.head.named_parameters()}
    assert head == {"upsample.0.weight", "upsample.0.bias"}
    for name, tensor in with_body.state_dict().items():
        expected = fresh.state_dict() if name in head else first
        assert torch.equal(tensor, expected[name]), name
    assert f"took {len(first) - 2} of {len(first)} tensors" in told


def test_pretrained_body_starts_as_an_interpolator(tmp_path: Path) -> None:
    path = pretrained(tmp_path / "a", init={"mode": "plain"})
    recipe = tiny_recipe(tmp_path / "b", init={"from_file": str(path)})
    with_body, _ = make_network(recipe)
    plain, _ = make_network(tiny_recipe(tmp_path / "b", init={"mode": "plain"}))
    fresh, _ = make_network(tiny_recipe(tmp_path / "b"))
    saved = weights(tmp_path / "a")
    body = [n for n in saved if n.startswith(("layers", "norm", "patch_embed"))]
    assert body and all(torch.equal(with_body.state_dict()[n], saved[n]) for n in body)
    (tests,) = read_test_folders(recipe)
    here = torch.device("cpu")
    scores = [score(n.eval(), tests, recipe, here).psnr for n in (plain, with_body, fresh)]
    assert scores[1] > scores[0] + 10
    assert scores[1] > scores[2] - 1


def test_pretraining_goes_on_from_a_file_of_its_own(tmp_path: Path) -> None:
    path = pretrained(tmp_path / "a")
    again, _ = make_network(tiny_recipe(tmp_path / "b", task=TASK, init={"from_file": str(path)}))
    saved, head = weights(tmp_path / "a"), ("upsample.0.weight", "upsample.0.bias")
    state = again.encoder.state_dict()
    assert all(torch.equal(state[n], t) for n, t in saved.items() if n not in head)


def test_pretraining_goes_on_from_a_hierarchical_file(tmp_path: Path) -> None:
    Run(recipe_from_table(hierarchical(tmp_path, "swin"))).train()
    path = tmp_path / "runs" / "tiny" / "last.safetensors"
    fresh, _ = make_network(recipe_from_table(hierarchical(tmp_path, "swin", run={"seed": 9})))
    assert take_weights(fresh.encoder, read_weights(path, hierarchical=True)).left == ()
    saved = load_classifier(path).network.state_dict()
    assert all(torch.equal(saved[n], t) for n, t in fresh.encoder.state_dict().items())


def test_validation_hides_the_same_squares_each_time_and_shows_them_gray(tmp_path: Path) -> None:
    recipe = tiny_recipe(tmp_path, **BODY)
    picture = read_pixels(tmp_path / "train" / "wave0.png", 3)
    pair, again = (masked_pair("wave", picture, recipe) for _ in range(2))
    assert pair.mask is not None and again.mask is not None
    assert np.array_equal(pair.mask, again.mask)
    assert pair.target.shape[:2] == pair.mask.shape == (48, 56)
    assert (pair.input[pair.mask] == 128).all()
    assert np.array_equal(pair.input[~pair.mask], pair.target[~pair.mask])
    with pytest.raises(ImageReadError, match="mask_patch"):
        masked_pair("small", picture[:4, :4], recipe)
    with pytest.raises(ImageReadError, match="larger pictures"):
        masked_pair("narrow", picture[:8], recipe)


def test_recipe_of_a_hierarchical_network_survives_its_table(tmp_path: Path) -> None:
    recipe = recipe_from_table(hierarchical(tmp_path, "swinv2"))
    assert recipe.network.family == "swinv2" and recipe.scale == 1
    assert recipe_from_table(recipe_to_table(recipe)) == recipe


@pytest.mark.parametrize(
    ("section", "values", "word"),
    [
        ("task", {"mask_ratio": 1.0}, "mask_ratio"),
        ("task", {"mask_patch": 0}, "mask_patch"),
        ("task", {"mask_patch": 3}, "patch_size"),
        ("task", {"mask_patch": 16}, "larger multiple"),
        ("task", {"name": "jpeg"}, "no head"),
        ("data", {"patch": 18}, "stride"),
        ("network", {"num_classes": 10}, "num_classes"),
        ("network", {"upscale": 2}, "upscale"),
        ("init", {"mode": "interpolator"}, "plain"),
    ],
)
def test_refuses_what_a_hierarchical_network_cannot_do(
    tmp_path: Path, section: str, values: dict, word: str
) -> None:
    table = hierarchical(tmp_path, "swin")
    table[section].update(values)
    with pytest.raises(ConfigError, match=word):
        recipe_from_table(table)
