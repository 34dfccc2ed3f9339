"""The reduction on the device is the processor's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.image.resize.matlab import imresize
from swinsr.training.data.on_device.resize import imresize_on

CPU = torch.device("cpu")


@settings(max_examples=30, deadline=None)
@given(
    sides=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    scale=st.sampled_from([1 / 2, 1 / 3, 1 / 4, 0.62, 1.5]),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float64]),
    seed=st.integers(0, 9),
)
def test_gives_the_same_bits(sides: tuple[int, int], scale: float, dtype: type, seed: int) -> None:
    values = np.random.default_rng(seed).random((*sides, 3))
    picture = values if dtype == np.float64 else (values * np.iinfo(dtype).max).astype(dtype)
    found, expected = imresize_on(CPU, picture, scale=scale), imresize(picture, scale=scale)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_takes_a_size_and_leaves_what_has_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 1), np.uint8)
    assert np.array_equal(imresize_on(CPU, picture, size=(7, 11)), imresize(picture, size=(7, 11)))
    assert np.array_equal(imresize_on(CPU, picture, size=(20, 30)), picture)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
def test_a_gpu_gives_the_same_to_rounding() -> None:
    picture = np.random.default_rng(0).random((120, 90, 3)).astype(np.float32)
    found = imresize_on(torch.device("cuda"), picture, scale=1 / 4)
    np.testing.assert_allclose(found, imresize(picture, scale=1 / 4), atol=2**-23, rtol=0)
