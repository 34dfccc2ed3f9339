"""Parameters and MACs against published counts and against counting by hand."""

import pytest

from swinsr.models import RestorationConfig, Swin2SRConfig, SwinIRConfig, build
from swinsr.models.count import count, count_parameters

BLOCKS, TABLES = 24, 24 * 15 * 15 * 6
CLASSICAL = {"depths": (6,) * 6, "embed_dim": 180, "num_heads": (6,) * 6}


def light(scale: int) -> SwinIRConfig:
    return SwinIRConfig(upscale=scale, upsampler="pixelshuffledirect")


def light_by_hand(scale: int) -> int:
    """MACs of SwinIR-S for one input pixel, from the paper's description alone."""
    dim, window = 60, 8
    attention = 4 * dim * dim + 2 * window**2 * dim
    block = attention + 2 * 2 * dim * dim
    convolutions = (4 + 1) * 9 * dim * dim
    return BLOCKS * block + convolutions + 9 * 3 * dim + 9 * dim * 3 * scale**2


@pytest.mark.parametrize(("scale", "published"), [(2, 910_152), (3, 918_267), (4, 929_628)])
def test_counts_the_published_parameters_of_swinir_s(scale: int, published: int) -> None:
    assert count(light(scale)).parameters == published


@pytest.mark.parametrize(("scale", "table"), [(2, 878), (3, 886), (4, 897)])
def test_the_papers_table_leaves_the_position_bias_out(scale: int, table: int) -> None:
    assert round((count(light(scale)).parameters - TABLES) / 1000) == table


def test_counts_the_published_parameters_of_swinir_m() -> None:
    config = SwinIRConfig(upscale=4, upsampler="pixelshuffle", **CLASSICAL)
    assert count(config).parameters == 11_900_199


def test_parameters_are_those_of_a_network_with_weights() -> None:
    assert count_parameters(build(light(2))) == count(light(2)).parameters


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_macs_are_what_counting_by_hand_gives(scale: int) -> None:
    assert count(light(scale)).macs_per_pixel * scale**2 == light_by_hand(scale)


@pytest.mark.parametrize(
    ("scale", "height", "width", "published"),
    [(2, 520, 368, 195.6), (3, 344, 248, 87.2), (4, 264, 184, 49.6)],
)
def test_the_papers_mult_adds_follow_from_its_scripts_conventions(
    scale: int, height: int, width: int, published: float
) -> None:
    """Input for 1024x720 and not 1280x720, one window more; the last convolutions counted short.

    The script also counts a multiplication a channel for each norm.
    """
    dim = 60
    ours = count(light(scale)).macs_per_pixel * scale**2
    last_body_convolution = 9 * dim * dim - 3 * dim * dim
    head = 9 * dim * 3 * scale**2 - 9 * dim * 3
    norms = 2 * BLOCKS * dim + 2 * dim
    macs = (ours - last_body_convolution - head + norms) * height * width / 1e9
    assert macs == pytest.approx(published, abs=0.1)


@pytest.mark.parametrize(
    "config",
    [
        Swin2SRConfig(upscale=2, upsampler="pixelshuffledirect"),
        Swin2SRConfig(upscale=4, upsampler="pixelshuffle_aux"),
        Swin2SRConfig(upscale=4, upsampler="pixelshuffle_hf", depths=(2,), num_heads=(6,)),
        SwinIRConfig(upscale=4, upsampler="nearest+conv", resi_connection="3conv"),
        SwinIRConfig(upscale=1, in_chans=1, window_size=7, img_range=255.0),
    ],
    ids=lambda c: f"{c.family}-{c.upsampler}",
)
def test_every_head_is_counted(config: RestorationConfig) -> None:
    """At least the body's linear maps: 8 * dim ** 2 a block and input pixel (MLP ratio 2)."""
    cost = count(config)
    assert cost.macs_per_pixel * config.upscale**2 > 8 * config.blocks * config.embed_dim**2


def test_macs_of_a_picture_grow_with_its_pixels() -> None:
    cost = count(light(2))
    assert cost.macs(20, 30) == 600 * cost.macs_per_pixel
