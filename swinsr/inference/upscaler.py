"""The library's front door: a model by name or file, and a picture in, a picture out."""

import dataclasses
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from swinsr.checkpoints import load
from swinsr.errors import ShapeMismatchError
from swinsr.image import (
    Image,
    bleed_colour,
    from_pil,
    is_constant,
    to_depth,
    to_float,
    to_pil,
)
from swinsr.image.colour.gamut import space_of
from swinsr.inference.engine import BASELINES, BaselineEngine, Engine, NetworkEngine
from swinsr.inference.passes import passes_for, target_size
from swinsr.inference.tiles import Tiling
from swinsr.inference.transparency import enlarge_alpha
from swinsr.ops.backend import check_variables
from swinsr.runtime.device import choose_device
from swinsr.runtime.enough_memory import enough_memory
from swinsr.runtime.network import prepare
from swinsr.runtime.precision import dtype_of
from swinsr.runtime.progress import Progress, part, silent
from swinsr.zoo import default_model, find_weights, is_offline, no_answer_after

Array = NDArray[Any]
# Float arrays beyond it are no pictures in 0..1 that overshoot a little, but in other units.
_FLOAT_END = 4.0
# The enlargement where neither the user nor the model names one.
DEFAULT_SCALE = 4.0


class Upscaler:
    """Upscales or restores pictures with one model.

    upscaler = Upscaler.from_pretrained("swinsr-light-x4")
    bigger = upscaler(picture)              # the same kind as the picture
    thrice = upscaler(picture, scale=3)     # the model's own 4, then reduced
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
    ) -> "Upscaler":
        """Load a model.

        Args:
            model: the name of a bundled model, a weights file (SwinSR, SwinIR, Swin2SR or BasicSR
                layout), a Hugging Face folder, or "bicubic", "lanczos" or "nearest"; None for the
                bundled model that suits `scale`.
            scale: what is going to be asked for, where `model` is None; 4 by default.
            device: "auto", "cpu", "cuda", "xpu" or "mps".
            precision: "auto", "float32", "tf32", "bfloat16" or "float16"; see
                `swinsr.runtime.network`.
            force_float16: see there.
            mode: "exact" runs every picture whole, "overlap" in blended tiles, "auto" whole while
                it fits the memory.
            tile, overlap, memory: of large pictures; see `swinsr.inference.Tiling`.

        Raises:
            ModelNotFoundError: no model of that name, and no such file.
            CheckpointError: the file is no checkpoint of a known network.
            DeviceError: this machine does not have the device.
            ConfigError: an unknown precision or mode, float16 that is not forced, or a tile,
                overlap or memory that is no size.
        """
        check_variables()
        is_offline(), no_answer_after()  # which check theirs
        tiling = Tiling(mode, tile, overlap, memory)
        target = choose_device(device)
        # A wrong name is told before anything is loaded, baselines included.
        dtype_of(precision, force_float16=force_float16)
        if model is None:
            model = default_model(4.0 if scale is None else scale).name
        if model in BASELINES:
            return cls(BaselineEngine(str(model)))
        loaded = load(find_weights(model))
        network = prepare(loaded.network, precision, device=target, force_float16=force_float16)
        task = str(loaded.metadata.get("task", ""))
        return cls(NetworkEngine(network, target, name=str(model), task=task, tiling=tiling))

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

    @overload
    def __call__(
        self, picture: Array, scale: float | None = None, progress: Progress = silent
    ) -> Array: ...
    @overload
    def __call__(
        self, picture: PilImage.Image, scale: float | None = None, progress: Progress = silent
    ) -> PilImage.Image: ...
    @overload
    def __call__(
        self, picture: Image, scale: float | None = None, progress: Progress = silent
    ) -> Image: ...

    def __call__(
        self,
        picture: Array | PilImage.Image | Image,
        scale: float | None = None,
        progress: Progress = silent,
    ) -> Array | PilImage.Image | Image:
        """Upscale or restore one picture.

        Args:
            picture: (H, W), (H, W, 1), (H, W, 2) gray and alpha, (H, W, 3) RGB or (H, W, 4) RGBA;
                uint8, uint16 or float32 in 0..1. Or a PIL image, or a `swinsr.image.Image`.
            scale: factor of enlargement, 1 to 64, not only whole numbers; the model's own by
                default. Other scales take the fewest passes that reach them, then an antialiased
                reduction.
            progress: told the share of the work done, 0 to 1.

        Returns:
            The same kind, type and number of channels as the picture, larger. A PIL image keeps
            its profile and EXIF in `info`.

        Raises:
            ShapeMismatchError: an array that is no picture.
            ConfigError: a scale that is out of range or that the model cannot make.
            NotEnoughMemoryError: on the machine or the device.
        """
        if isinstance(picture, PilImage.Image):
            return to_pil(self.upscale(from_pil(picture), scale, progress))
        if isinstance(picture, Image):
            return self.upscale(picture, scale, progress)
        return _to_array(self.upscale(_from_array(picture), scale, progress), picture.ndim)

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
        # Networks know sRGB; what interpolation does is the same in any numbers.
        space = None
        if self.engine.task != "baseline":
            space = space_of(image.metadata, image.channels)
        planes = to_float(pixels) if space is None else space.to_srgb(to_float(pixels))
        colours = self.engine.enlarge(
            planes, scale, size, part(progress, 0.0, 0.5) if runs_alpha else progress
        )
        if space is not None:
            colours = space.from_srgb(colours)
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
            out = np.clip(out, 0.0, 1.0)
        return dataclasses.replace(image, pixels=out, alpha=out_alpha)


def _from_array(array: Array) -> Image:
    """An array as a picture; (H, W) and (H, W, C) alike.

    Raises:
        ShapeMismatchError: an array that is no picture.
    """
    if isinstance(array, np.ndarray):
        # Subclasses index in their own ways, and np.matrix cannot have three dimensions.
        array = np.asarray(array, array.dtype.newbyteorder("="))
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 3) or 0 in array.shape:
        shape = getattr(array, "shape", type(array).__name__)
        raise ShapeMismatchError(
            f"a picture is an array (height, width) or (height, width, 1 to 4), not {shape}"
        )
    planes = array[..., None] if array.ndim == 2 else array
    channels = planes.shape[2]
    if array.dtype == np.float32 and not -_FLOAT_END <= array.min() <= array.max() <= _FLOAT_END:
        raise ShapeMismatchError(
            f"a float picture goes from 0 to 1, and this one from {array.min():g} to "
            f"{array.max():g}; scale it, and replace what is not a number"
        )
    if channels > 4:
        raise ShapeMismatchError(
            f"a picture has 1 to 4 channels, last; {array.shape} looks like another order"
        )
    if channels in (2, 4):
        return Image(np.ascontiguousarray(planes[..., :-1]), np.ascontiguousarray(planes[..., -1]))
    return Image(planes)


def _to_array(image: Image, ndim: int) -> Array:
    """A picture as an array of the given number of dimensions."""
    planes = image.pixels
    if image.alpha is not None:
        planes = np.concatenate([planes, image.alpha[..., None]], axis=2)
    return planes[..., 0] if ndim == 2 else planes
