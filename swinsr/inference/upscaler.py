"""The library's front door: a model by name or file, and a picture in, a picture out."""

import dataclasses
import os
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from torch import Tensor

from swinsr.checkpoints import load
from swinsr.checkpoints.blend import blend
from swinsr.checkpoints.check import unrunnable
from swinsr.errors import ConfigError, UnknownArchitectureError, check_number
from swinsr.image import (
    Image,
    bleed_colour,
    from_pil,
    is_constant,
    read_image,
    to_depth,
    to_float,
    to_pil,
)
from swinsr.image.arrays import from_array, to_array
from swinsr.image.colour.tone import tone_of
from swinsr.image.depth import from_unit, to_unit, within_unit
from swinsr.inference.bar import watched
from swinsr.inference.baselines import BASELINES, DEFAULT_SCALE
from swinsr.inference.engine import BaselineEngine, Engine, NetworkEngine
from swinsr.inference.passes import passes_for, target_size
from swinsr.inference.relay import RelayEngine
from swinsr.inference.stages import default_stages
from swinsr.inference.tensors import from_tensor, to_tensor
from swinsr.inference.tiles import Tiling
from swinsr.inference.transparency import enlarge_alpha
from swinsr.ops.backend import check_variables
from swinsr.runtime.device import choose_device
from swinsr.runtime.enough_memory import enough_memory
from swinsr.runtime.network import prepare
from swinsr.runtime.precision import dtype_of
from swinsr.runtime.progress import Progress, part, silent
from swinsr.zoo import bundled_models, crisp_model, find_weights, is_offline, no_answer_after

Array = NDArray[Any]
Picture: TypeAlias = Array | Tensor | Image | PilImage.Image | str | os.PathLike[str]


class Upscaler:
    """Upscales or restores pictures with one model.

    upscaler = Upscaler.from_pretrained("swinsr-light-x4")
    bigger = upscaler(picture)              # the same kind as the picture
    thrice = upscaler(picture, scale=3)     # the model's own 4, then reduced
    several = upscaler(["a.jpg", "b.jpg"])  # a list gives a list
    """

    def __init__(self, engine: Engine) -> None:
        """Use `from_pretrained`, unless the engine is one's own."""
        self.engine = engine

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        *,
        scale: float | None = None,
        device: str = "auto",
        precision: str = "auto",
        force_float16: bool = False,
        mode: str = "auto",
        tile: int | None = None,
        overlap: int | None = None,
        memory: int | None = None,
        best: bool = False,
        sharpness: float | None = None,
    ) -> "Upscaler":
        """Load a model.

        Args:
            model: the name of a bundled model, a weights file (SwinSR, SwinIR, Swin2SR or BasicSR
                layout), an ONNX file of any network, a Hugging Face folder, or "bicubic",
                "lanczos" or "nearest"; None for the bundled one that suits `scale`, or those that
                reach it one after the other.
            scale: what is going to be asked for, where `model` is None; 4 by default.
            device: "auto", "cpu", "cuda", "xpu" or "mps".
            precision: "auto", "float32", "tf32", "bfloat16" or "float16"; see
                `swinsr.runtime.network`.
            force_float16: see there.
            mode: "exact" runs every picture whole, "overlap" in blended tiles, "auto" whole while
                it fits the memory.
            tile, overlap, memory: of large pictures; see `swinsr.inference.Tiling`.
            best: reach scales that are not the model's by a further pass that is reduced, however
                long that takes, and not by interpolation.
            sharpness: of the bundled crisp model alone, which is taken where `model` is None: 1
                for all of it, 0 for the faithful one that it continues, and between them for a
                network between.

        Raises:
            ModelNotFoundError: no model of that name, and no such file.
            CheckpointError: the file is no checkpoint of a known network, or of one that takes
                neither gray nor RGB pictures.
            DeviceError: this machine does not have the device.
            ConfigError: an unknown precision or mode, float16 that is not forced, a tile, overlap
                or memory that is no size, or a sharpness for a model that has none.
        """
        check_number("scale", scale)
        check_number("sharpness", sharpness)
        check_variables()
        is_offline(), no_answer_after()  # which check theirs
        tiling = Tiling(mode, tile, overlap, memory)
        target = choose_device(device)
        # A wrong name is told before anything is loaded, baselines included.
        dtype_of(precision, force_float16=force_float16)
        if model is None and sharpness is not None:
            model = crisp_model().name
        # Before a file is looked for or interpolation taken: neither has one to choose.
        faithful = None if sharpness is None else _faithful(str(model), sharpness)
        if model is None:
            wanted = DEFAULT_SCALE if scale is None else scale
            names: list[str | Path] = [m.name for m in default_stages(wanted, best=best)]
        else:
            names = [model]
        if len(names) > 1:
            several = [
                cls.from_pretrained(
                    name, device=device, precision=precision, force_float16=force_float16,
                    mode=mode, tile=tile, overlap=overlap, memory=memory, best=best,
                )
                for name in names
            ]  # fmt: skip
            return cls(RelayEngine([one.engine for one in several]))
        (model,) = names
        if model in BASELINES:
            return cls(BaselineEngine(model))
        path = find_weights(model)
        if path.suffix.lower() == ".onnx":
            from swinsr.inference.onnx.engine import OnnxEngine

            return cls(OnnxEngine(path, target, tiling, precision))
        loaded = load(path)
        if faithful is not None and sharpness is not None and sharpness < 1:
            blend(load(find_weights(faithful)).network, loaded.network, sharpness)
        reason = unrunnable(loaded.config)
        if reason is not None:
            raise UnknownArchitectureError(f"{path} {reason}")
        network = prepare(loaded.network, precision, device=target, force_float16=force_float16)
        task = str(loaded.metadata.get("task", ""))
        engine = NetworkEngine(network, target, name=str(model), task=task, tiling=tiling)
        if best:
            engine.spare = 1.0
        engine.notes = (*loaded.notes, *engine.notes)
        return cls(engine)

    @property
    def scale(self) -> float:
        """The enlargement that is made when none is asked for."""
        return DEFAULT_SCALE if self.engine.scale is None else float(self.engine.scale)

    def check_scale(self, scale: float) -> None:
        """Refuse an enlargement that the model cannot make, before any picture is read.

        Raises:
            ConfigError: out of range, or the model restores at the picture's own size.
        """
        passes_for(2 if self.engine.scale is None else self.engine.scale, scale)

    def __repr__(self) -> str:
        """Model, enlargement, device and precision."""
        engine = self.engine
        scale = "any scale" if engine.scale is None else f"x{engine.scale:g}"
        return f"Upscaler({engine.name!r}, {scale}, {engine.device}, {engine.precision})"

    @overload
    def __call__(
        self, picture: Array, scale: float | None = None, progress: Progress | bool = silent
    ) -> Array: ...
    @overload
    def __call__(
        self, picture: Tensor, scale: float | None = None, progress: Progress | bool = silent
    ) -> Tensor: ...
    @overload
    def __call__(
        self, picture: Image, scale: float | None = None, progress: Progress | bool = silent
    ) -> Image: ...
    @overload
    def __call__(
        self,
        picture: PilImage.Image | str | os.PathLike[str],
        scale: float | None = None,
        progress: Progress | bool = silent,
    ) -> PilImage.Image: ...
    @overload
    def __call__(
        self,
        picture: list[Any] | tuple[Any, ...],
        scale: float | None = None,
        progress: Progress | bool = silent,
    ) -> list[Any]: ...

    def __call__(
        self,
        picture: Picture | list[Any] | tuple[Any, ...],
        scale: float | None = None,
        progress: Progress | bool = silent,
    ) -> Any:
        """Upscale or restore one picture, or several.

        Args:
            picture: (H, W), (H, W, 1), (H, W, 2) gray and alpha, (H, W, 3) RGB or (H, W, 4) RGBA;
                uint8, uint16 or float32 in 0..1. Or a PIL image, a `swinsr.image.Image`, a path,
                a tensor (N, C, H, W) or (C, H, W) of uint8 or floats in 0..1, or a list of these.
            scale: factor of enlargement, 1 to 64, not only whole numbers; the model's own by
                default. Other scales take the fewest passes that come near, then an antialiased
                reduction.
            progress: notified with the share of the work done, 0 to 1; or True for a bar.

        Returns:
            The same kind, type and number of channels as the picture, larger; of a path a PIL
            image, of a list a list. A PIL image keeps its profile and EXIF in `info`. Tensors are
            on the device that they were on, and carry no gradient.

        Raises:
            PictureTypeError: what is no picture; it is a TypeError too.
            ShapeMismatchError: an array or tensor that is no picture.
            ImageError: a file that cannot be read.
            ConfigError: a scale that is out of range or that the model cannot make; one that is no
                number is an OptionTypeError, and a TypeError too.
            NotEnoughMemoryError: on the machine or the device.
        """
        check_number("scale", scale)
        with watched(progress, self.engine.name) as told:
            if not isinstance(picture, list | tuple):
                return self._any(picture, scale, told)
            count = len(picture)
            return [
                self._any(one, scale, part(told, number / count, (number + 1) / count))
                for number, one in enumerate(picture)
            ]

    def _any(self, picture: Any, scale: float | None, progress: Progress) -> Any:
        """One picture, or one batch, of whatever kind."""
        if isinstance(picture, str | os.PathLike):
            return to_pil(self.upscale(read_image(picture), scale, progress))
        if isinstance(picture, PilImage.Image):
            return to_pil(self.upscale(from_pil(picture), scale, progress))
        if isinstance(picture, Image):
            return self.upscale(picture, scale, progress)
        if isinstance(picture, Tensor):
            images = from_tensor(picture)
            share = 1.0 / len(images)
            done = [
                self.upscale(image, scale, part(progress, n * share, (n + 1) * share))
                for n, image in enumerate(images)
            ]
            return to_tensor(done, picture)
        return to_array(self.upscale(from_array(picture), scale, progress), picture.ndim)

    def upscale(
        self,
        image: Image,
        scale: float | None = None,
        progress: Progress = silent,
        *,
        size: tuple[int, int] | None = None,
    ) -> Image:
        """Upscale or restore one `Image`, its metadata carried along; see `__call__`.

        Args:
            image, scale, progress: as there.
            size: (height, width) of the result, where it is not the scale's, rounded.

        Raises:
            ConfigError: as for `__call__`.
            NotEnoughMemoryError: on the machine or the device.
        """
        scale = self.scale if scale is None else float(scale)
        self.check_scale(scale)
        size = size or target_size(image.height, image.width, scale)
        work = f"enlarge {image.width}x{image.height} to {size[1]}x{size[0]} pixels"
        with enough_memory(work):
            return self._upscale(image, scale, size, progress)

    def _upscale(
        self, image: Image, scale: float, size: tuple[int, int], progress: Progress
    ) -> Image:
        dtype, pixels, alpha = image.pixels.dtype, image.pixels, image.alpha
        # Alpha that says nothing, and alpha at the picture's own size, costs no second run.
        varies = alpha is not None and not is_constant(alpha)
        runs_alpha = varies and scale != 1.0
        if alpha is not None and varies:
            pixels = bleed_colour(pixels, alpha)
        # Networks know 0..1 and sRGB's curve; what interpolation does is the same in any numbers.
        tone, low, high = None, 0.0, 1.0
        if self.engine.task != "baseline":
            tone = tone_of(image.metadata, image.channels)
            low, high = (image.low, image.high) if dtype == np.float32 else (low, high)
        planes = to_unit(to_float(pixels), low, high)
        if tone is not None:
            planes = tone.to_srgb(planes)
        colours = self.engine.enlarge(
            planes, scale, size, part(progress, 0.0, 0.5) if runs_alpha else progress
        )
        if tone is not None:
            colours = tone.from_srgb(colours)
        colours = from_unit(colours, low, high)
        out_alpha: Array | None = None
        if alpha is not None and runs_alpha:
            plane = enlarge_alpha(
                to_float(alpha),
                size,
                lambda a: self.engine.enlarge(a, scale, size, part(progress, 0.5, 1.0)),
            )
            out_alpha = to_depth(plane, dtype)
        elif alpha is not None:
            out_alpha = alpha if varies else np.full(size, alpha.flat[0], dtype)
        out = to_depth(colours, dtype)
        if dtype == np.float32:
            out = within_unit(out, image.low, image.high)
        return dataclasses.replace(image, pixels=out, alpha=out_alpha)


def _faithful(model: str, sharpness: float) -> str:
    """What the crisp model of that name continues."""
    if not 0.0 <= sharpness <= 1.0:
        raise ConfigError(f"sharpness is between 0 and 1, not {sharpness:g}")
    found = next((m.faithful for m in bundled_models() if m.name == model), None)
    if found is None:
        raise ConfigError(f"{model} has no sharpness to choose; leave sharpness out")
    return found
