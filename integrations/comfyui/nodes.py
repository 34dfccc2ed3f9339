"""Two nodes: a model by name or file, and pictures through it, with progress and interrupt."""

from typing import Any

import comfy.model_management
import comfy.utils
import folder_paths
import numpy as np
import torch

from swinsr import Upscaler
from swinsr.image import Image, to_depth
from swinsr.inference.engine import BASELINES
from swinsr.zoo import bundled_models

# ComfyUI's folder of upscaling models, whose files can be chosen too.
FOLDER = "upscale_models"
AUTOMATIC = "auto (by scale)"
STEPS = 1000  # of the progress bar, for each picture


class SwinSRLoader:
    """Loads a model: one that ships with SwinSR, a baseline, or a file of ComfyUI's."""

    CATEGORY = "SwinSR"
    RETURN_TYPES = ("SWINSR_MODEL",)
    RETURN_NAMES = ("model",)
    FUNCTION = "load"
    DESCRIPTION = "A SwinIR or Swin2SR model, or an ONNX file of another network."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """What the node asks for, as ComfyUI has it."""
        shipped = [model.name for model in bundled_models()]
        files = folder_paths.get_filename_list(FOLDER)
        return {
            "required": {
                "model": ([AUTOMATIC, *shipped, *BASELINES, *files],),
                "device": (["auto", "cpu", "cuda", "mps"],),
                "precision": (["auto", "float32", "bfloat16"],),
                "tile": (
                    "INT",
                    {
                        "default": 0,
                        "min": 0,
                        "max": 4096,
                        "step": 16,
                        "tooltip": "Side of a tile; 0 for the whole picture while it fits.",
                    },
                ),
            }
        }

    def load(self, model: str, device: str, precision: str, tile: int) -> tuple[Any]:
        """The model, ready to run; of `AUTOMATIC` a choice that is made by the scale.

        Raises:
            SwinsrError: it cannot be had, in one sentence.
        """
        options = {"device": device, "precision": precision, "tile": tile or None}
        return (_Model(_place(model), options),)


class _Model:
    """A model, or the choice of one; each is loaded once."""

    def __init__(self, name: str | None, options: dict[str, Any]) -> None:
        self._name, self._options = name, options
        self._loaded: dict[float | None, Upscaler] = {}
        if name is not None:
            self.get(None)

    def get(self, scale: float | None) -> Upscaler:
        key = None if self._name is not None else scale
        if key not in self._loaded:
            self._loaded[key] = Upscaler.from_pretrained(self._name, scale=scale, **self._options)
        return self._loaded[key]


def _place(model: str) -> str | None:
    if model == AUTOMATIC:
        return None
    if model in BASELINES or any(model == shipped.name for shipped in bundled_models()):
        return model
    path: str = folder_paths.get_full_path(FOLDER, model)
    return path


class SwinSRUpscale:
    """Enlarges or restores a batch of pictures."""

    CATEGORY = "SwinSR"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "upscale"
    DESCRIPTION = "Scale 0 is the model's own; one that restores keeps the size."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """What the node asks for, as ComfyUI has it."""
        return {
            "required": {
                "model": ("SWINSR_MODEL",),
                "image": ("IMAGE",),
                "scale": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 64.0, "step": 0.25}),
                "depth": (
                    ["8 bits", "float"],
                    {"tooltip": "8 bits: saved as PNG it has the bytes of `swinsr upscale`."},
                ),
            }
        }

    def upscale(
        self, model: _Model, image: torch.Tensor, scale: float, depth: str
    ) -> tuple[torch.Tensor]:
        """(batch, H, W, 3 or 4) in 0..1, each picture enlarged.

        Raises:
            SwinsrError: what is wrong, in one sentence.
        """
        upscaler = model.get(scale or None)
        bar = comfy.utils.ProgressBar(STEPS * len(image))
        done = []
        for number, picture in enumerate(image):
            pixels = np.ascontiguousarray(picture.cpu().numpy(), np.float32)
            if upscaler.engine.device.type == "cuda":
                comfy.model_management.free_memory(
                    upscaler.engine.memory(*pixels.shape[:2]), upscaler.engine.device
                )

            def report(share: float, before: int = number) -> None:
                comfy.model_management.throw_exception_if_processing_interrupted()
                bar.update_absolute(int((before + share) * STEPS))

            result = upscaler.upscale(_image(pixels), scale or None, report)
            done.append(_array(result, eight=depth == "8 bits"))
        return (torch.from_numpy(np.stack(done)),)


def _image(pixels: np.ndarray) -> Image:
    colours = np.ascontiguousarray(np.clip(pixels[..., :3], 0, 1))
    alpha = np.clip(pixels[..., 3], 0, 1) if pixels.shape[2] == 4 else None
    return Image(colours, alpha)


def _array(image: Image, *, eight: bool) -> np.ndarray:
    planes = image.pixels
    if image.alpha is not None:
        planes = np.concatenate([planes, image.alpha[..., None]], axis=2)
    # What is saved is cut to 8 bits and not rounded: so it is rounded here.
    return to_depth(planes, np.uint8).astype(np.float32) / 255 if eight else planes


NODE_CLASS_MAPPINGS = {"SwinSRLoader": SwinSRLoader, "SwinSRUpscale": SwinSRUpscale}
NODE_DISPLAY_NAME_MAPPINGS = {
    "SwinSRLoader": "Load SwinSR model",
    "SwinSRUpscale": "Upscale with SwinSR",
}
