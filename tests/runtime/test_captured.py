"""Shapes that come again are captured; what a graph gives is what the function gives."""

from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.inference import prepare
from swinsr.models import from_published
from swinsr.runtime import captured
from swinsr.runtime.captured import CapturedShapes
from swinsr.runtime.precision import exact_float32, tf32_products


class Remembered:
    """A graph on a CPU: recording remembers, replaying does."""

    made: ClassVar[list["Remembered"]] = []

    def __init__(self) -> None:
        self.replays = 0
        Remembered.made.append(self)

    def warm_up(self, work: Callable[[], object]) -> None:
        work()

    def record(self, work: Callable[[], Tensor]) -> Tensor:
        self.work, self.result = work, torch.empty_like(work())
        return self.result

    def replay(self) -> None:
        self.replays += 1
        self.result.copy_(self.work())


@pytest.fixture(autouse=True)
def forget() -> None:
    Remembered.made.clear()


def picture(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width)


def test_results_are_those_of_the_network_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "num_heads": [2]}
    network = from_published("swinir", config | {"embed_dim": 16, "upsampler": "pixelshuffle"})
    ready = prepare(network)
    shapes = CapturedShapes(ready.compute, Remembered)
    pictures = [picture(16, 9) for _ in range(5)]
    with torch.inference_mode():
        found = [shapes(x) for x in pictures]
        # Each is compared when all are made: no later replay may have written into it.
        for x, result in zip(pictures, found, strict=True):
            assert result.equal(ready(x))
    assert [graph.replays for graph in Remembered.made] == [4]


def test_a_shape_is_captured_when_it_comes_again() -> None:
    shapes = CapturedShapes(lambda x, _: 2 * x, Remembered)
    for height in (1, 2, 3):
        shapes(picture(height, 5))
    assert not Remembered.made
    shapes(picture(2, 5))
    shapes(picture(2, 5))
    assert [graph.replays for graph in Remembered.made] == [2]


def test_few_shapes_are_kept_and_large_pictures_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captured, "LARGEST", 100)
    shapes = CapturedShapes(lambda x, _: 2 * x, Remembered)
    for _ in range(3):
        for width in range(1, captured.SHAPES + 2):  # one more than are kept: each is forgotten
            shapes(picture(1, width))
        shapes(picture(11, 10))
    assert not Remembered.made
    assert len(shapes._seen) == captured.SHAPES


def test_tf32_is_refused_where_nothing_has_it() -> None:
    config = {"upscale": 1, "depths": [2], "num_heads": [2], "embed_dim": 16, "upsampler": ""}
    with pytest.raises(ConfigError, match="tf32 is a precision of CUDA GPUs and the network is on"):
        prepare(from_published("swinir", config), "tf32")


def test_tf32_gives_way_to_exact_products_and_settings_come_back() -> None:
    before = (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)
    with tf32_products:
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.backends.cudnn.allow_tf32
        with exact_float32:
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "high"
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_a_gpus_graph_gives_what_the_network_gives(precision: str) -> None:
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "num_heads": [2]}
    network = from_published("swinir", config | {"embed_dim": 32, "upsampler": "pixelshuffle"})
    ready = prepare(network, precision, device=torch.device("cuda"))
    pictures = [picture(24, 17).cuda() for _ in range(4)]
    found = [ready(x) for x in pictures]
    ready.captured = None
    for x, result in zip(pictures, found, strict=True):
        torch.testing.assert_close(result, ready(x), atol=1e-5, rtol=0)
