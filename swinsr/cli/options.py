"""The options of the commands that make files of files: each is written once, by its setting."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, cast, get_args

import typer

from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.files.size import Fit
from swinsr.files.sources import Given

_LARGE = "Large pictures"


def _named(text: str) -> Given:
    try:
        return Given.of(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise typer.BadParameter(f"{text!r} is none of {', '.join(choices)}")
        return text

    return check


Inputs: TypeAlias = Annotated[
    list[Given],
    typer.Argument(
        metavar="INPUT...",
        help="Pictures, folders of pictures, patterns such as 'scans/*.tif', or - for standard "
        "input.",
        show_default=False,
        parser=_named,
    ),
]
Output: TypeAlias = Annotated[
    Given | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|DIR|-",
        parser=_named,
        help="Where to write: a file, a folder for several inputs (made where missing; a name that "
        "ends in / is one), or - for standard output. Default: beside each input.",
    ),
]
Recursive: TypeAlias = Annotated[
    bool,
    typer.Option(
        "-r", "--recursive", help="Folders within folders too; the tree is kept below -o."
    ),
]
Jobs: TypeAlias = Annotated[
    int,
    typer.Option(
        "-j",
        "--jobs",
        min=1,
        metavar="N",
        help="Pictures at a time, each in a process of its own. Helps with many small ones.",
    ),
]
AsJson: TypeAlias = Annotated[
    bool,
    typer.Option("--json", help="One JSON object a picture on standard output, as a line."),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Print failures only.")]

# By the setting's name, in the order of the help.
OPTIONS: dict[str, Any] = {
    "task": Annotated[
        str,
        typer.Option(
            "-t",
            "--task",
            metavar="denoise|jpeg",
            callback=_one_of("denoise", "jpeg"),
            help="What to take out: noise, or the artefacts of JPEG.",
        ),
    ],
    "scale": Annotated[
        float | None,
        typer.Option(
            "-s",
            "--scale",
            metavar="X",
            help="Enlargement, 1 to 64. Default: the model's own, else 4.",
        ),
    ],
    "width": Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Of the result in pixels, instead of a scale."),
    ],
    "height": Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The same for its height.")
    ],
    "max_side": Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The result's longer side; with --scale, its limit."),
    ],
    "fit": Annotated[
        str,
        typer.Option(
            metavar="HOW",
            callback=_one_of(*get_args(Fit)),
            help="With --width and --height: inside them, cover them, crop to them, or stretch.",
        ),
    ],
    "strength": Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="How much of it, 0 to 1: the rest is the picture as it was.",
        ),
    ],
    "model": Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME|FILE",
            help="A name that `swinsr models` lists, a weights file, a Hugging Face folder, or "
            "bicubic. Default: the bundled model that suits.",
        ),
    ],
    "fast": Annotated[
        bool,
        typer.Option(
            "--fast", help="The quicker of the bundled models: less time, slightly less sharp."
        ),
    ],
    "device": Annotated[
        str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1, xpu, mps.")
    ],
    "precision": Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="float32, bfloat16, tf32 (CUDA), float16 (with --force), or auto: bfloat16 where "
            "it is quicker and as good.",
        ),
    ],
    "force_float16": Annotated[
        bool, typer.Option("--force", help="Take float16 although most networks overflow in it.")
    ],
    "self_ensemble": Annotated[
        bool,
        typer.Option(
            "--self-ensemble",
            help="The mean over eight flips and rotations: slightly better, eight times as long.",
        ),
    ],
    "format": Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of the outputs: png, jpg, webp, tif, bmp, gif, avif, heic. Default: by the name "
            "of -o; beside the input, its own for PNG, TIFF and BMP, else PNG.",
        ),
    ],
    "quality": Annotated[
        int | None,
        typer.Option(
            min=1, max=100, metavar="N", help="1 to 100, for JPEG, WebP, AVIF, HEIC. Default: 95."
        ),
    ],
    "lossless": Annotated[
        bool, typer.Option("--lossless", help="Keep every pixel; WebP has to be told.")
    ],
    "bits": Annotated[
        int | None,
        typer.Option(
            metavar="8|16|32", help="Per sample of the outputs; 32 is float. Default: the input's."
        ),
    ],
    "strip_metadata": Annotated[
        bool,
        typer.Option(
            "--strip-metadata", help="Leave EXIF, XMP and resolution out; the colour profile stays."
        ),
    ],
    "memory": Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="SIZE",
            help="The most memory to take, as 4G. Default: a share of what is free.",
            rich_help_panel=_LARGE,
        ),
    ],
    "mode": Annotated[
        str,
        typer.Option(
            "--mode",
            metavar="HOW",
            help="exact: the picture as a whole; overlap: in blended tiles; auto: exact while it "
            "fits the memory.",
            rich_help_panel=_LARGE,
        ),
    ],
    "tile": Annotated[
        str | None,
        typer.Option(
            "--tile",
            metavar="N|off",
            help="Side of a tile in input pixels; off is --mode exact. Default: what fits the "
            "memory.",
            rich_help_panel=_LARGE,
        ),
    ],
    "overlap": Annotated[
        int | None,
        typer.Option(
            "--overlap",
            min=0,
            metavar="N",
            help="Pixels that neighbouring tiles share. Default: 48.",
            rich_help_panel=_LARGE,
        ),
    ],
    "resume": Annotated[
        bool,
        typer.Option(
            "--resume/--no-resume",
            help="Go on with what a stopped run finished of a picture in tiles, or start anew.",
            rich_help_panel=_LARGE,
        ),
    ],
    "max_pixels": Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Refuse larger inputs; guards against decompression bombs."
        ),
    ],
    "overwrite": Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that are there.")
    ],
    "skip_existing": Annotated[
        bool, typer.Option("--skip-existing", help="Leave out pictures whose output is there.")
    ],
}
_REQUIRED = ("task",)


def with_settings(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for every setting but some; it is called with `settings`.

    The command's own parameters come first; its signature is what typer reads.
    """
    names = [name for name in OPTIONS if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in names}
            command(settings=settings_of(chosen), **given)

        own = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
        parameters = [*own, *(_parameter(name) for name in names)]
        # Those without a default first, as Python has it.
        parameters.sort(key=lambda p: p.default is not inspect.Parameter.empty)
        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {p.name: p.annotation for p in keyword}
        vars(run)["__signature__"] = inspect.Signature(keyword)
        return run

    return decorate


def _parameter(name: str) -> inspect.Parameter:
    default = inspect.Parameter.empty if name in _REQUIRED else getattr(Settings, name)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=OPTIONS[name])


def settings_of(chosen: dict[str, Any]) -> Settings:
    """What was typed as settings.

    Raises:
        ConfigError: a tile or memory that is none, or options that contradict each other.
    """
    from swinsr.inference import Tiling
    from swinsr.runtime.free_memory import parse_size

    tile, memory, mode = chosen["tile"], chosen["memory"], chosen["mode"]
    side: int | None = None
    if tile == "off":
        if mode == "overlap":
            raise ConfigError("--tile off and --mode overlap contradict each other; give one")
        mode = "exact"
    elif tile is not None:
        if not tile.isdecimal() or int(tile) < 1:
            raise ConfigError(f"--tile is a number of pixels or off, not {tile!r}")
        if mode == "exact":
            raise ConfigError("--tile and --mode exact contradict each other; give one")
        side = int(tile)
    size = None if memory is None else parse_size(memory)
    Tiling(mode, side, chosen["overlap"], size)
    fit = cast(Fit, chosen.get("fit", "inside"))
    return Settings(**{**chosen, "tile": side, "memory": size, "mode": mode, "fit": fit})
