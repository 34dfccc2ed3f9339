"""Crops of other colours and pictures in several sizes."""

from pathlib import Path

import numpy as np
import pytest

from swinsr.image import Image, write_image
from swinsr.image.resize.matlab import imresize
from swinsr.training.data.pictures import Cutting, read_folders
from swinsr.training.data.recolour import recoloured
from swinsr.training.recipes.recipe import recipe_from_table


def crops() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 256, (8, 8, 3), np.uint8)
    return target[::2, ::2].copy(), target


def test_input_and_target_are_changed_alike() -> None:
    small, target = crops()
    for seed in range(20):
        a, b = recoloured((small, target), 1.0, np.random.default_rng(seed))
        assert np.array_equal(a, b[::2, ::2])
        assert a.dtype == np.uint8


def test_every_change_occurs_and_none_always() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    ramp[..., 1] //= 2
    orders, rising, first = set(), set(), set()
    for seed in range(200):
        (out,) = recoloured((ramp,), 1.0, np.random.default_rng(seed))
        spans = [int(out[..., c].max()) - int(out[..., c].min()) for c in range(3)]
        orders.add(int(np.argmin(spans)))
        rising.add(bool(out[-1, -1, 0] > out[0, 0, 0]))
        first.add(int(out[0, 0, 0]))
    assert orders == {0, 1, 2}
    assert rising == {True, False}
    assert len(first) > 20


def test_no_share_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    given = crops()
    assert recoloured(given, 0.0, rng) is given
    assert rng.random() == np.random.default_rng(0).random()


def test_pictures_are_taken_in_several_sizes(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    write_image(tmp_path / "a.png", Image(pixels))
    folders = (str(tmp_path),)
    read = read_folders(folders, 3, unreadable="error", sizes=(1.0, 0.5)).pictures
    assert [p.pixels.shape for p in read] == [(40, 60, 3), (20, 30, 3)]
    assert np.array_equal(read[1].pixels, imresize(pixels, size=(20, 30)))
    cutting = Cutting(2, 16, 0)
    plain = read_folders(folders, 3, unreadable="error", cutting=cutting).pictures
    more = read_folders(folders, 3, unreadable="error", cutting=cutting, sizes=(1.0, 0.5)).pictures
    assert len(more) == 4
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(plain, more, strict=False))


@pytest.mark.parametrize("wrong", [{"recolour": 2.0}, {"sizes": []}, {"sizes": [1.5]}])
def test_refuses_what_is_no_share_or_size(wrong: dict[str, object]) -> None:
    from swinsr.errors import ConfigError

    table = {
        "network": {"family": "swinir", "upscale": 2, "upsampler": "pixelshuffledirect"},
        "data": {"train": ["x"], **wrong},
    }
    with pytest.raises(ConfigError, match=r"data\.(recolour|sizes)"):
        recipe_from_table(table)
