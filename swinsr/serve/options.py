"""The options of a request: settings of `swinsr upscale` by the same names, as query or form."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args

from swinsr.demo.catalogue import find_offer
from swinsr.demo.limits import Limits
from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.files.size import Fit

Kind = Literal["number", "integer", "boolean", "string"]


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a request.

    Attributes:
        kind: as OpenAPI calls it.
        text: what it does.
        among: the values that there are, of a string.
    """

    kind: Kind
    text: str
    among: tuple[str, ...] = ()


_COMMON = {
    "model": Option("string", "a name that /v1/models lists; by default the one that suits"),
    "format": Option("string", "png, jpg, webp, tif, bmp, gif, avif or heic"),
    "quality": Option("integer", "1 to 100, of JPEG, WebP, AVIF and HEIC"),
    "lossless": Option("boolean", "keep every pixel; WebP has to be told"),
    "bits": Option("integer", "8, 16 or 32 per sample; by default the picture's"),
    "strip_metadata": Option("boolean", "leave EXIF, XMP and resolution out"),
    "self_ensemble": Option("boolean", "the mean over eight flips and rotations"),
}
UPSCALE = {
    "scale": Option("number", "enlargement, 1 to 64; by default the model's own"),
    "width": Option("integer", "of the result in pixels, instead of a scale"),
    "height": Option("integer", "the same for its height"),
    "max_side": Option("integer", "the result's longer side; with a scale, its limit"),
    "fit": Option("string", "with width and height", get_args(Fit)),
    "sharpness": Option("number", "crisp rather than faithful, 0 to 1"),
    "fast": Option("boolean", "the quicker of the bundled models"),
    **_COMMON,
}
RESTORE = {
    "task": Option("string", "what to take out; needed", ("denoise", "jpeg")),
    "strength": Option("number", "how much of it, 0 to 1"),
    **_COMMON,
}


def settings_from(
    given: Mapping[str, str], known: Mapping[str, Option], limits: Limits, **fixed: Any
) -> Settings:
    """The settings that a request asks for.

    Args:
        given: names and values as sent.
        known: `UPSCALE` or `RESTORE`.
        limits: the largest picture.
        fixed: what the server decides.

    Raises:
        ConfigError: an option that there is not, a value that is none, or a contradiction.
        ModelNotFoundError: a model that this server does not have.
    """
    chosen: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise ConfigError(f"{name[:40]!r} is no option; take {', '.join(known)}")
        chosen[name] = _value(name, text, known[name])
    if "task" in known and "task" not in chosen:
        raise ConfigError("task is missing: denoise or jpeg")
    if chosen.get("model") is not None:
        offer = find_offer(chosen["model"], restores="task" in known)
        if not offer.here:
            raise ConfigError(f"{offer.name} is published but not on this server; take another")
    return Settings(**{**chosen, **fixed, "max_pixels": limits.max_pixels})


def _value(name: str, text: str, option: Option) -> Any:
    if option.kind == "boolean":
        if text.lower() in ("1", "true", "yes"):
            return True
        if text.lower() in ("0", "false", "no"):
            return False
        raise ConfigError(f"{name} is true or false, not {text[:40]!r}")
    if option.kind == "string":
        if option.among and text not in option.among:
            raise ConfigError(f"{name} is one of {', '.join(option.among)}, not {text[:40]!r}")
        return text
    try:
        number = float(text) if option.kind == "number" else int(text)
    except ValueError:
        raise ConfigError(f"{name} is a number, not {text[:40]!r}") from None
    if name in ("width", "height", "max_side") and number < 1:
        raise ConfigError(f"{name} is at least 1 pixel, not {number}")
    return number
