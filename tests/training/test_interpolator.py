"""A fresh network starts as an interpolation of its input."""

from typing import Any

import numpy as np
import pytest
import torch

from swinsr.degradations import imresize
from swinsr.metrics import psnr_y
from swinsr.models import RestorationNetwork, from_published
from swinsr.training.data.pictures import BUNDLED_TEST, list_pictures, read_pixels
from swinsr.training.validation import restore
from swinsr.training.weights.interpolator import cubic_taps, make_interpolator

BASE: dict[str, Any] = {
    "img_size": 16, "window_size": 4, "depths": [2], "num_heads": [2], "embed_dim": 16,
}  # fmt: skip
CPU = torch.device("cpu")


def picture() -> np.ndarray:
    pixels = read_pixels(list_pictures(BUNDLED_TEST)[0], 3)
    return pixels[60:204, 120:264]


def fresh(family: str, **config: Any) -> RestorationNetwork:
    torch.manual_seed(0)
    network = from_published(family, BASE | config)
    make_interpolator(network)
    return network


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("upsampler", ["pixelshuffledirect", "pixelshuffle"])
def test_pixel_shuffle_heads_start_at_bicubic_quality(upsampler: str, scale: int) -> None:
    truth = picture()
    low = imresize(truth, scale=1 / scale)
    bicubic = psnr_y(imresize(low, scale=scale), truth, border=scale)
    network = fresh("swinir", upscale=scale, upsampler=upsampler)
    assert psnr_y(restore(network, low, CPU), truth, border=scale) > bicubic - 0.7


@pytest.mark.parametrize(
    ("family", "upsampler", "loss"),
    [
        ("swinir", "nearest+conv", 1.5),
        ("swin2sr", "pixelshuffledirect", 0.7),
        ("swin2sr", "pixelshuffle_hf", 0.7),
        ("swin2sr", "pixelshuffle_aux", 0.7),
        ("swin2sr", "nearest+conv", 1.5),
    ],
)
def test_other_heads_start_near_it(family: str, upsampler: str, loss: float) -> None:
    truth = picture()
    low = imresize(truth, scale=1 / 4)
    bicubic = psnr_y(imresize(low, scale=4), truth, border=4)
    network = fresh(family, upscale=4, upsampler=upsampler)
    assert psnr_y(restore(network, low, CPU), truth, border=4) > bicubic - loss


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_restoration_starts_near_the_identity(family: str) -> None:
    network = fresh(family, upscale=1, upsampler="")
    difference = restore(network, picture(), CPU).astype(int) - picture()
    assert np.abs(difference).mean() < 3


def test_auxiliary_picture_starts_as_the_input() -> None:
    network = fresh("swin2sr", upscale=2, upsampler="pixelshuffle_aux")
    image = torch.rand(1, 3, 12, 12)
    with torch.no_grad():
        aux = network.forward_head(image).aux[0]
    assert (aux - image).abs().mean() < 0.02


def test_plain_initialisation_is_far_from_it() -> None:
    torch.manual_seed(0)
    network = from_published("swinir", BASE | {"upscale": 2, "upsampler": "pixelshuffledirect"})
    truth = picture()
    assert psnr_y(restore(network, imresize(truth, scale=0.5), CPU), truth, border=2) < 20


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_cubic_taps_keep_brightness_and_are_symmetric(scale: int) -> None:
    taps = cubic_taps(scale)
    assert torch.allclose(taps.sum(1), torch.ones(scale), atol=1e-6)
    assert torch.allclose(taps, taps.flip(0, 1), atol=1e-6)


def test_every_parameter_still_receives_a_gradient() -> None:
    network = fresh("swinir", upscale=2, upsampler="pixelshuffledirect").train()
    out = network(torch.rand(2, 3, 8, 8))
    assert isinstance(out, torch.Tensor)
    out.square().mean().backward()
    silent = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent
