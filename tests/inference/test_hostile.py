"""Arrays as they come, threads, and memory that ends: the same picture, or one clear error."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from swinsr import Upscaler
from swinsr.errors import ConfigError, NotEnoughMemoryError, PictureTypeError, ShapeMismatchError

PICTURE = np.random.default_rng(0).integers(0, 256, (12, 14, 3), np.uint8)


@pytest.fixture(scope="module")
def light() -> Upscaler:
    return Upscaler.from_pretrained("swinsr-light-x2", device="cpu", precision="float32")


def _read_only(array: Any) -> Any:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: Any) -> Any:
    wide = np.zeros([2 * side for side in array.shape], array.dtype)
    wide[::2, ::2, ::2] = array
    return wide[::2, ::2, ::2]


LAYOUTS = {
    "fortran": np.asfortranarray,
    "read-only": _read_only,
    "strided": _strided,
    "negative": lambda a: a[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "masked": lambda a: np.ma.masked_array(a, a > 99),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_layout_in_memory_changes_nothing(light: Upscaler, layout: str, dtype: Any) -> None:
    array = (PICTURE / 255).astype(dtype) if dtype == np.float32 else PICTURE.astype(dtype)
    laid = LAYOUTS[layout](array)
    before = np.array(laid)
    out = light(laid)
    assert out.dtype == dtype
    assert np.array_equal(out, light(array))
    assert np.array_equal(np.array(laid), before)


def test_a_matrix_is_a_gray_picture(light: Upscaler) -> None:
    gray = PICTURE[..., 0]
    assert np.array_equal(light(gray.view(np.matrix)), light(gray))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 255.0])
def test_refuses_floats_that_are_no_picture(light: Upscaler, value: float) -> None:
    array = np.full((6, 6, 3), 0.5, np.float32)
    array[2, 3, 1] = value
    with pytest.raises(ShapeMismatchError, match="from 0 to 1"):
        light(array)


@pytest.mark.parametrize("dtype", [bool, np.float64, np.float16, np.int32])
def test_refuses_other_number_types(light: Upscaler, dtype: Any) -> None:
    with pytest.raises(PictureTypeError, match="convert them first"):
        light(PICTURE.astype(dtype))


def test_threads_share_one_upscaler(light: Upscaler) -> None:
    rng = np.random.default_rng(1)
    sizes = rng.integers(3, 40, (12, 2))
    pictures = [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    alone = [light(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(light, pictures * 3))
    for one, other in zip(alone * 3, together, strict=True):
        assert np.array_equal(one, other)


class _Starved:
    """An engine whose library meets the end of the memory, or another fault."""

    name, scale, task = "starved", 2, ""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def enlarge(self, planes: Any, scale: float, size: Any, progress: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_memory_that_ends_is_one_sentence(error: Exception) -> None:
    with pytest.raises(NotEnoughMemoryError, match="14x12 to 28x24 pixels; use a smaller"):
        Upscaler(_Starved(error))(PICTURE)


def test_other_faults_keep_their_name() -> None:
    with pytest.raises(RuntimeError, match="shapes do not match"):
        Upscaler(_Starved(RuntimeError("shapes do not match")))(PICTURE)


def test_options_are_checked_for_baselines_too() -> None:
    with pytest.raises(ConfigError, match="unknown precision"):
        Upscaler.from_pretrained("bicubic", precision="rubbish")
