"""What a small network reads of damage: against PyTorch's layers, and of damage that is known."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from skimage import data

from swinsr.metrics.damage import measure_damage
from swinsr.metrics.traces import OFFSET, SMALLEST_TRACED, STRIDES, WEIGHTS, measure_traces
from tests.metrics.test_damage import jpeg, noisy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "weights" / "training"))
import traces as program

PICTURE = cv2.resize(data.astronaut(), (256, 256), interpolation=cv2.INTER_AREA)


def resized(pixels: np.ndarray, quality: int) -> np.ndarray:
    large = cv2.resize(pixels, (300, 300), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(jpeg(large, quality), (256, 256), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("size", [(SMALLEST_TRACED, SMALLEST_TRACED), (97, 130)])
def test_it_is_what_the_layers_compute(size: tuple[int, int]) -> None:
    pixels = np.ascontiguousarray(jpeg(PICTURE, 40)[: size[0], : size[1]])
    weights = {name: value.float() for name, value in load_file(WEIGHTS).items()}
    network = program.Traces().eval()
    stored = program.kept(network)
    assert {k: v.shape for k, v in stored.items()} == {k: v.shape for k, v in weights.items()}
    planes = program.residuals(pixels[None])
    for number, stride in enumerate(STRIDES):
        layer = (weights[f"body.{number}.weight"], weights[f"body.{number}.bias"])
        planes = torch.nn.functional.conv2d(planes, *layer, stride).relu()
    found = planes.flatten(2).sort(dim=2).values
    count = found.shape[2]
    pooled = torch.cat([found.mean(2), found[:, :, count // 4], found[:, :, 3 * count // 4]], 1)
    hidden = (pooled @ weights["head.0.weight"].T + weights["head.0.bias"]).relu()
    value = hidden @ weights["head.1.weight"].T + weights["head.1.bias"]
    assert measure_traces(pixels) == pytest.approx(float(value.exp()) - OFFSET, rel=1e-3, abs=1e-3)


def test_the_kept_weights_compute_the_first_target() -> None:
    torch.manual_seed(0)
    network = program.Traces()
    for _ in range(3):  # so that the normalisation has something to do
        network(torch.rand(4, 9, 64, 64))
    network.eval()
    stored = program.kept(network)
    planes = torch.rand(1, 9, 64, 64)
    with torch.no_grad():
        wanted = network(planes)[0, 0]
        found = planes
        for number, stride in enumerate(STRIDES):
            layer = (stored[f"body.{number}.weight"], stored[f"body.{number}.bias"])
            found = torch.nn.functional.conv2d(found, *(t.float() for t in layer), stride).relu()
        found = found.flatten(2).sort(dim=2).values
        count = found.shape[2]
        parts = (found.mean(2), found[:, :, count // 4], found[:, :, 3 * count // 4])
        weights = {name: value.float() for name, value in stored.items()}
        hidden = torch.cat(parts, 1) @ weights["head.0.weight"].T + weights["head.0.bias"]
        value = hidden.relu() @ weights["head.1.weight"].T + weights["head.1.bias"]
    assert float(value) == pytest.approx(float(wanted), abs=5e-3)


def test_damage_is_told_by_its_strength() -> None:
    assert measure_traces(PICTURE) < 0.5
    qualities = [measure_traces(jpeg(PICTURE, quality)) for quality in (95, 75, 40, 15)]
    assert qualities == sorted(qualities)
    levels = [measure_traces(noisy(PICTURE, level)) for level in (2, 6, 20)]
    assert levels == sorted(levels)
    luma = (0.299**2 + 0.587**2 + 0.114**2) ** 0.5
    assert levels[2] == pytest.approx(20 * luma, rel=0.35)


def test_a_jpeg_that_was_resized_shows_where_its_grid_does_not() -> None:
    found = measure_damage(resized(PICTURE, 60))
    assert found.quality is None
    assert found.traces is not None and found.traces > 2
    assert measure_traces(cv2.GaussianBlur(PICTURE, (0, 0), 0.8)) < 1


def test_gray_is_read_and_what_is_too_small_is_not() -> None:
    gray = cv2.cvtColor(jpeg(PICTURE, 30), cv2.COLOR_RGB2GRAY)[..., None]
    assert measure_traces(gray) > 2
    assert measure_damage(gray[: SMALLEST_TRACED - 1]).traces is None


def test_the_program_makes_crops_of_what_it_says(tmp_path: Path) -> None:
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), data.astronaut())
    pixels, wanted = program.crops([tmp_path], 40)
    assert pixels.shape == (40, program.SIDE, program.SIDE, 3)
    assert wanted.shape == (40, program.TARGETS)
    assert torch.isfinite(wanted).all()
    clean = np.isclose(wanted[:, 0], np.log(OFFSET), atol=1e-4)
    assert 0 < clean.sum() < 30
