"""Every error a user can meet. Each message is one sentence or two: what is wrong, and the remedy.

The command line prints the message alone and exits with 1; anything that is not a `SwinsrError`
is a defect of the program and keeps its traceback.
"""

from numbers import Real


class SwinsrError(Exception):
    """Base of all errors that are the input's, the options' or the machine's, not the program's."""


class ConfigError(SwinsrError):
    """A configuration (of a network, a recipe, an option) that cannot be honoured."""


class OptionTypeError(ConfigError, TypeError):
    """An option of a type that none of its values has."""


class ShapeMismatchError(SwinsrError):
    """Two arrays that must agree in shape do not, or a shape is not one the function takes."""


class PictureTypeError(SwinsrError, TypeError):
    """Something that is no picture: of a type that none has, or with samples of such a type."""


class ImageError(SwinsrError):
    """Base of what can go wrong with a picture."""


class ImageReadError(ImageError):
    """A file that is not a readable picture: missing, empty, truncated, or of an unknown format."""


class ImageWriteError(ImageError):
    """A picture that could not be written: format, permission or space."""


class ImageTooLargeError(ImageError):
    """A picture above the pixel limit that guards against decompression bombs."""


class OutputExistsError(ImageError):
    """The output is already there and overwriting was not asked for."""


class CheckpointError(SwinsrError):
    """Base of what can go wrong with a weights file."""


class CheckpointReadError(CheckpointError):
    """A weights file that cannot be read: missing, truncated, or not a weights file at all."""


class UnsafeCheckpointError(CheckpointError):
    """A pickle that asks for more than tensors and plain containers; it is never executed."""


class UnknownArchitectureError(CheckpointError):
    """Tensors that belong to none of the networks this program builds."""


class WeightsMismatchError(CheckpointError):
    """Tensors that are missing, left over, or of the wrong shape for the network."""


class ModelNotFoundError(SwinsrError):
    """A model name that is neither bundled, known, nor a file or folder."""


class DownloadError(SwinsrError):
    """A file that could not be fetched whole and right; nothing of it is left in use."""


class NotEnoughMemoryError(SwinsrError):
    """The machine or the device has too little memory for the picture and the network."""


class DeviceError(SwinsrError):
    """A device or precision that this machine cannot provide."""


# How the libraries below say it: torch on CPU and GPU, OpenCV, C++, the system, its loader.
_OUT_OF_MEMORY = (
    "allocate memory",
    "not enough memory",
    "out of memory",
    "insufficient memory",
    "failed to allocate",
    "bad_alloc",
    "alloc_failed",
    "could not create a memory",
    "failed to map segment",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library's error means that memory was short; torch has no type for it."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)


def check_number(name: str, value: object) -> None:
    """Refuse what is no number, where an option has to be one; None is left to its default.

    Raises:
        OptionTypeError: naming the option and the type.
        ConfigError: a whole number beyond those that can be computed with.
    """
    if value is not None and (not isinstance(value, Real) or isinstance(value, bool)):
        raise OptionTypeError(f"{name} is a number, not {type(value).__name__}")
    try:
        float(value or 0)
    except OverflowError:
        raise ConfigError(f"{name} is a number of ordinary size") from None
