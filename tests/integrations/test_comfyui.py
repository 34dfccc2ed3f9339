"""The ComfyUI nodes, loaded as ComfyUI loads them, against stubs of what they import from it."""

import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from swinsr import Settings, upscale_file
from swinsr.checkpoints import save
from swinsr.models import from_published

FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
TINY = {
    "upscale": 2, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 8,
    "img_size": 16, "upsampler": "pixelshuffledirect",
}  # fmt: skip


class InterruptedError_(Exception):
    """As ComfyUI's InterruptProcessingException."""


class ComfyUI:
    """What the nodes ask of it."""

    def __init__(self, models: Path) -> None:
        self.steps: list[int] = []
        self.total = 0
        self.interrupt_at: int | None = None
        comfy = types.ModuleType("comfy")
        comfy.utils = types.ModuleType("comfy.utils")  # type: ignore[attr-defined]
        comfy.model_management = types.ModuleType("comfy.model_management")  # type: ignore[attr-defined]
        outer = self

        class ProgressBar:
            def __init__(self, total: int) -> None:
                outer.total = total

            def update_absolute(self, value: int, total: int | None = None) -> None:
                outer.steps.append(value)

        def throw() -> None:
            if self.interrupt_at is not None and len(self.steps) >= self.interrupt_at:
                raise InterruptedError_

        comfy.utils.ProgressBar = ProgressBar  # type: ignore[attr-defined]
        comfy.model_management.throw_exception_if_processing_interrupted = throw  # type: ignore[attr-defined]
        folders = types.ModuleType("folder_paths")
        folders.get_filename_list = lambda kind: sorted(p.name for p in models.iterdir())  # type: ignore[attr-defined]
        folders.get_full_path = lambda kind, name: str(models / name)  # type: ignore[attr-defined]
        self.modules = {
            "comfy": comfy,
            "comfy.utils": comfy.utils,
            "comfy.model_management": comfy.model_management,
            "folder_paths": folders,
        }


@pytest.fixture
def comfy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ComfyUI, Any]]:
    models = tmp_path / "models"
    models.mkdir()
    torch.manual_seed(0)
    save(from_published("swinir", TINY), models / "tiny.safetensors", task="lightweight_sr")
    program = ComfyUI(models)
    for name, module in program.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    # As its `load_custom_node` does.
    name = str(FOLDER).replace(".", "_x_")
    spec = importlib.util.spec_from_file_location(name, FOLDER / "__init__.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    yield program, module.NODE_CLASS_MAPPINGS
    for loaded in [key for key in sys.modules if key.startswith(name)]:
        del sys.modules[loaded]


def loaded_by_comfyui(path: Path) -> torch.Tensor:
    """LoadImage."""
    with PilImage.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB")).astype(np.float32) / 255.0)[None]


def saved_by_comfyui(image: torch.Tensor) -> np.ndarray:
    """SaveImage, up to the encoder."""
    return np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 33, 3), np.uint8)
    PilImage.fromarray(pixels).save(tmp_path / "in.png")
    return tmp_path / "in.png"


@pytest.mark.parametrize(
    ("model", "name", "scale"),
    [
        ("auto (by scale)", None, 2.0),
        ("swinsr-fast-x2", "swinsr-fast-x2", 3.0),
        ("bicubic", "bicubic", 1.5),
        ("swinsr-denoise", "swinsr-denoise", 0.0),
        ("tiny.safetensors", "models/tiny.safetensors", 0.0),
    ],
)
def test_pictures_have_the_pixels_of_upscale(
    comfy: tuple[ComfyUI, Any], picture: Path, model: str, name: str | None, scale: float
) -> None:
    program, nodes = comfy
    (loaded,) = nodes["SwinSRLoader"]().load(model, "auto", "auto", 0)
    (result,) = nodes["SwinSRUpscale"]().upscale(
        loaded, loaded_by_comfyui(picture), scale, "8 bits"
    )
    if name is not None and "/" in name:
        name = str(picture.parent / name)
    settings = Settings(model=name, scale=scale or (1 if model == "swinsr-denoise" else None))
    upscale_file(picture, picture.with_name("out.png"), settings)
    with PilImage.open(picture.with_name("out.png")) as wanted:
        assert np.array_equal(saved_by_comfyui(result)[0], np.array(wanted))
    assert program.steps == sorted(program.steps) and program.steps[-1] == program.total


def test_batches_alpha_and_floats(comfy: tuple[ComfyUI, Any]) -> None:
    program, nodes = comfy
    (loaded,) = nodes["SwinSRLoader"]().load("tiny.safetensors", "cpu", "float32", 64)
    batch = torch.rand(3, 17, 21, 4)
    (result,) = nodes["SwinSRUpscale"]().upscale(loaded, batch, 0.0, "float")
    assert result.shape == (3, 34, 42, 4) and result.dtype == torch.float32
    assert result.min() >= 0 and result.max() <= 1
    assert program.total == 3000
    # A float result is not rounded.
    assert (result * 255 - (result * 255).round()).abs().max() > 0.1


def test_an_interrupt_ends_the_work_between_blocks(
    comfy: tuple[ComfyUI, Any], picture: Path
) -> None:
    program, nodes = comfy
    (loaded,) = nodes["SwinSRLoader"]().load("tiny.safetensors", "cpu", "float32", 0)
    program.interrupt_at = 1
    with pytest.raises(InterruptedError_):
        nodes["SwinSRUpscale"]().upscale(loaded, loaded_by_comfyui(picture), 0.0, "8 bits")
    assert program.steps[-1] < program.total


def test_nodes_are_what_comfyui_asks_for(comfy: tuple[ComfyUI, Any]) -> None:
    _, nodes = comfy
    for node in nodes.values():
        assert callable(getattr(node, node.FUNCTION))
        assert isinstance(node.RETURN_TYPES, tuple) and isinstance(node.CATEGORY, str)
        required = node.INPUT_TYPES()["required"]
        for kind, *options in required.values():
            assert isinstance(kind, (str, list)) and len(options) <= 1
    names = nodes["SwinSRLoader"].INPUT_TYPES()["required"]["model"][0]
    assert {"auto (by scale)", "swinsr-light-x4", "bicubic", "tiny.safetensors"} <= set(names)
    assert len(names) == len(set(names))
