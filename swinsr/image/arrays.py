"""Arrays as pictures, and back: (H, W) and (H, W, 1 to 4) alike."""

from typing import Any

import numpy as np

from swinsr.errors import PictureTypeError, ShapeMismatchError
from swinsr.image.picture import Array, Image

# Float arrays beyond it are no pictures in 0..1 that overshoot a little, but in other units.
_FLOAT_END = 4.0


def from_array(array: Any) -> Image:
    """An array as a picture; its last channel is alpha where it has 2 or 4.

    Raises:
        PictureTypeError: it is no array, or of a type that no picture has.
        ShapeMismatchError: an array that is no picture.
    """
    if not isinstance(array, np.ndarray):
        raise PictureTypeError(
            "a picture is a path, a PIL image, an array, a tensor or a swinsr.image.Image, not "
            f"{type(array).__name__}"
        )
    # Subclasses index in their own ways, and np.matrix cannot have three dimensions.
    array = np.asarray(array, array.dtype.newbyteorder("="))
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ShapeMismatchError(
            f"a picture is an array (height, width) or (height, width, 1 to 4), not {array.shape}"
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


def to_array(image: Image, ndim: int = 3) -> Array:
    """A picture as an array of the given number of dimensions, alpha last."""
    planes = image.pixels
    if image.alpha is not None:
        planes = np.concatenate([planes, image.alpha[..., None]], axis=2)
    return planes[..., 0] if ndim == 2 else planes
