"""Losses and the learning rate."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from swinsr.errors import ConfigError
from swinsr.metrics.pair import luma as luma_of_metrics
from swinsr.training.recipes.objective import LossSettings, OptimizerSettings
from swinsr.training.steps.losses import charbonnier, chroma, frequency, l1, luma, make_loss
from swinsr.training.steps.schedule import learning_rate


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.rand(2, 3, 8, 6), torch.rand(2, 3, 8, 6)


def test_charbonnier_is_the_absolute_difference_where_epsilon_is_small() -> None:
    a, b = pair()
    assert charbonnier(a, b, 1e-6).item() == pytest.approx(l1(a, b).item(), abs=1e-5)
    assert charbonnier(a, a, 0.01).item() == pytest.approx(0.01)


def test_gradient_of_l1_is_that_of_its_formula() -> None:
    a, b = pair()
    a[0, 0, 0, 0] = b[0, 0, 0, 0]  # where the formula has a kink, the gradient is zero
    ours, formula = a.clone().requires_grad_(), a.clone().requires_grad_()
    (3 * l1(ours, b)).backward()
    (3 * (formula - b).abs().mean()).backward()
    assert ours.grad is not None and formula.grad is not None
    assert torch.allclose(ours.grad, formula.grad, rtol=1e-6, atol=0)


def test_frequency_loss_sees_a_constant_difference_at_one_frequency() -> None:
    a, _ = pair()
    # A difference of d is one coefficient d * sqrt(h w) of h * (w / 2 + 1) complex ones.
    expected = 0.1 * math.sqrt(48) / (2 * 8 * 4)
    assert frequency(a + 0.1, a).item() == pytest.approx(expected, rel=1e-3)


def test_recipes_combine_losses() -> None:
    a, b = pair()
    loss = make_loss(LossSettings(name="charbonnier", epsilon=0.1, frequency=0.5))
    expected = charbonnier(a, b, 0.1) + 0.5 * frequency(a, b)
    assert loss(a, b).item() == pytest.approx(expected.item())
    assert make_loss(LossSettings())(a, b).item() == l1(a, b).item()


def rates(**settings: object) -> list[float]:
    made = OptimizerSettings(lr=1.0, **settings)  # type: ignore[arg-type]
    return [learning_rate(made, step, 100) for step in range(100)]


@pytest.mark.parametrize("schedule", ["cosine", "trapezoid", "step", "constant"])
def test_the_clock_gives_the_rates_that_as_many_steps_give(schedule: str) -> None:
    settings = OptimizerSettings(schedule=schedule, warmup=0, cooldown=0.4, final=0.1)
    by_steps = [learning_rate(settings, step, 10_000) for step in range(0, 10_001, 100)]
    by_clock = [learning_rate(settings, 7, 5, done=share / 100) for share in range(101)]
    assert by_clock == pytest.approx(by_steps, abs=0.02 * settings.lr)
    assert learning_rate(settings, 7, 5, done=1.7) == by_clock[-1]  # it is late


def test_the_clock_leaves_the_warm_up_to_steps() -> None:
    settings = OptimizerSettings(warmup=10)
    assert learning_rate(settings, 4, 100, done=0.0) == pytest.approx(settings.lr / 2)


def test_warm_up_rises_to_the_rate() -> None:
    r = rates(schedule="constant", warmup=10)
    assert r[:10] == pytest.approx([(n + 1) / 10 for n in range(10)])
    assert set(r[10:]) == {1.0}


def test_cosine_falls_from_the_rate_to_its_last_share() -> None:
    r = rates(schedule="cosine", warmup=0, final=0.01)
    assert r[0] == 1.0
    assert r[-1] == pytest.approx(0.01)
    assert r == sorted(r, reverse=True)
    assert r[49] == pytest.approx(0.505, abs=0.01)


def test_a_trapezoid_is_constant_and_then_falls_to_its_last_share() -> None:
    r = rates(schedule="trapezoid", warmup=0, final=0.01, cooldown=0.25)
    assert set(r[:76]) == {1.0}
    falling = r[75:]
    assert all(later < earlier for earlier, later in pairwise(falling))
    # one minus the square root: half the rate is gone after a quarter of the fall
    assert r[81] == pytest.approx(0.01 + 0.99 * (1 - (6 / 25) ** 0.5))
    assert 0.01 < r[-1] < 0.04


def test_steps_halve_at_their_milestones() -> None:
    r = rates(schedule="step", warmup=0, milestones=(0.5, 0.75), gamma=0.5)
    assert (r[49], r[50], r[74], r[75], r[99]) == (1.0, 0.5, 0.5, 0.25, 0.25)


def test_luma_is_the_y_of_the_metrics() -> None:
    picture = torch.rand(1, 3, 6, 5, dtype=torch.float64)
    exact = luma_of_metrics(picture[0].permute(1, 2, 0).numpy(), 1.0)
    found = luma(picture)[0, 0].numpy() + 16 / 255
    assert found == pytest.approx(exact.reshape(6, 5), abs=1e-6)


def test_chroma_is_the_one_of_jpeg() -> None:
    pixels = torch.randint(0, 256, (1, 3, 8, 8))
    image = PilImage.fromarray(pixels[0].permute(1, 2, 0).numpy().astype("uint8"))
    exact = np.asarray(image.convert("YCbCr"))[..., 1:].astype(float) - 128
    found = chroma(pixels / 255)[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(found - exact).max() <= 1  # Pillow rounds


def test_chroma_is_added_by_its_weight_in_colour_alone() -> None:
    a, b = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    loss = make_loss(LossSettings(chroma=2.0))
    torch.testing.assert_close(loss(a, b), l1(a, b) + 2.0 * l1(chroma(a), chroma(b)))
    torch.testing.assert_close(loss(a[:, :1], b[:, :1]), l1(a[:, :1], b[:, :1]))
    with pytest.raises(ConfigError, match="weights"):
        LossSettings(chroma=-1.0)


def test_luma_is_added_by_its_weight() -> None:
    a, b = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    loss = make_loss(LossSettings(luma=2.0))
    torch.testing.assert_close(loss(a, b), l1(a, b) + 2.0 * l1(luma(a), luma(b)))
    gray = a[:, :1], b[:, :1]
    assert loss(*gray).equal(l1(*gray))
    with pytest.raises(ConfigError):
        LossSettings(luma=-1.0)
