"""The library in one line: a picture or a path in, a larger picture out."""

import functools
import os
from typing import Any, overload

from numpy.typing import NDArray
from PIL import Image as PilImage

from swinsr.image import Image
from swinsr.inference.upscaler import Upscaler

Array = NDArray[Any]


@overload
def upscale(picture: Array, scale: float = 4, *, model: str | None = None) -> Array: ...
@overload
def upscale(picture: Image, scale: float = 4, *, model: str | None = None) -> Image: ...
@overload
def upscale(
    picture: PilImage.Image | str | os.PathLike[str], scale: float = 4, *, model: str | None = None
) -> PilImage.Image: ...


def upscale(
    picture: Array | Image | PilImage.Image | str | os.PathLike[str],
    scale: float = 4,
    *,
    model: str | None = None,
) -> Array | Image | PilImage.Image:
    """Upscale a picture; the model is loaded once and kept.

    Args:
        picture: a path, a PIL image, a `swinsr.image.Image`, or an array (height, width) or
            (height, width, 1 to 4) of uint8, uint16 or float32 in 0..1.
        scale: factor of enlargement, 1 to 64.
        model: a bundled model's name or a weights file; None for the one that suits the scale.

    Returns:
        The same kind, larger; of a path a PIL image, which has 8 bits a colour. A file that is to
        keep more, or is large, or holds several pictures: `swinsr.upscale_file`.

    Raises:
        SwinsrError: whatever is wrong with the picture, the scale or the model.
    """
    return _loaded(model, scale)(picture, scale)


@functools.lru_cache(maxsize=2)
def _loaded(model: str | None, scale: float) -> Upscaler:
    return Upscaler.from_pretrained(model, scale=scale)
