"""The options of the commands that make files of files: each is written once, by its setting."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast, get_args

import typer

from swinsr.cli.views.complete import choices, model_names
from swinsr.cli.views.page import HEADINGS
from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.files.size import Fit
from swinsr.files.sources import Given

if TYPE_CHECKING:
    from swinsr.cluster.settings import ClusterSettings

_RESULT, _QUALITY, _MODEL, _LARGE, _MACHINE = HEADINGS
_CLUSTER = "Many machines"


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
        help="Pictures, folders of pictures, patterns such as 'scans/*.tif', lists of names "
        "(.txt), or - for standard input.",
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
        rich_help_panel=_RESULT,
    ),
]
Recursive: TypeAlias = Annotated[
    bool,
    typer.Option(
        "-r",
        "--recursive",
        help="Folders within folders too; the tree is kept below -o.",
        rich_help_panel=_RESULT,
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
        rich_help_panel=_MACHINE,
    ),
]
AsJson: TypeAlias = Annotated[
    bool,
    typer.Option("--json", help="One JSON object a picture on standard output, as a line."),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Print failures only.")]

Ray: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="[ADDRESS]",
        help="By workers on Ray: of the cluster at HOST:PORT or auto, or started on this machine.",
        rich_help_panel=_CLUSTER,
    ),
]
Workers: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--workers",
        metavar="N|MIN,MAX",
        help="Of --ray. Default: one a GPU, or one a processor.",
        rich_help_panel=_CLUSTER,
    ),
]
GpusPerWorker: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-worker",
        min=0.0,
        metavar="X",
        help="Of --ray; below 1, several share one. Default: 1 where there are GPUs.",
        rich_help_panel=_CLUSTER,
    ),
]
ThreadsPerWorker: TypeAlias = Annotated[
    int,
    typer.Option(
        "--threads-per-worker",
        min=1,
        metavar="N",
        help="Of --ray: processors that each takes.",
        rich_help_panel=_CLUSTER,
    ),
]
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
            autocompletion=choices("denoise", "jpeg"),
            rich_help_panel=_MODEL,
        ),
    ],
    "scale": Annotated[
        float | None,
        typer.Option(
            "-s",
            "--scale",
            metavar="X",
            help="Enlargement, 1 to 64. Default: the model's own, else 4.",
            rich_help_panel=_RESULT,
        ),
    ],
    "width": Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Width of the result in pixels, instead of a scale.",
            rich_help_panel=_RESULT,
        ),
    ],
    "height": Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Height of the result in pixels.", rich_help_panel=_RESULT
        ),
    ],
    "max_side": Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="The result's longer side; with --scale, its limit.",
            rich_help_panel=_RESULT,
        ),
    ],
    "fit": Annotated[
        str,
        typer.Option(
            metavar="HOW",
            callback=_one_of(*get_args(Fit)),
            help="With --width and --height: inside them, cover them, crop to them, or stretch.",
            autocompletion=choices(*get_args(Fit)),
            rich_help_panel=_RESULT,
        ),
    ],
    "strength": Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="How much of the change is taken, 0 to 1; the rest is the picture as it was.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "model": Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME|FILE",
            help="A name that `swinsr models` lists, a weights file, an ONNX file, a Hugging Face "
            "folder, or bicubic. Default: auto, the bundled model that suits the picture.",
            autocompletion=model_names,
            rich_help_panel=_MODEL,
        ),
    ],
    "fast": Annotated[
        bool,
        typer.Option(
            "--fast",
            help="The quicker of the bundled models: less time, slightly less sharp.",
            rich_help_panel=_MODEL,
        ),
    ],
    "device": Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What computes: auto, cpu, cuda, cuda:1, xpu, mps.",
            rich_help_panel=_MACHINE,
            autocompletion=choices("auto", "cpu", "cuda", "xpu", "mps"),
        ),
    ],
    "best": Annotated[
        bool,
        typer.Option(
            "--best",
            help="Scales that are no model's (5, 6, 8): by a further pass that is reduced, however "
            "long it takes, and not by interpolation at the end.",
            rich_help_panel=_MODEL,
        ),
    ],
    "precision": Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="float32, bfloat16, tf32 (CUDA), float16 (with --force), or auto: bfloat16 where "
            "it is quicker and as good.",
            autocompletion=choices("auto", "float32", "bfloat16", "tf32", "float16"),
            rich_help_panel=_MACHINE,
        ),
    ],
    "force_float16": Annotated[
        bool,
        typer.Option(
            "--force",
            help="Take float16 although most networks overflow in it.",
            rich_help_panel=_MACHINE,
        ),
    ],
    "self_ensemble": Annotated[
        bool,
        typer.Option(
            "--self-ensemble",
            help="The mean over eight flips and rotations: slightly better, eight times as long.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "format": Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Of the outputs: png, jpg, webp, tif, bmp, gif, avif, heic. Default: by the name "
            "of -o; beside the input, its own for PNG, TIFF and BMP, else PNG.",
            autocompletion=choices("png", "jpg", "webp", "tif", "bmp", "gif", "avif", "heic"),
            rich_help_panel=_RESULT,
        ),
    ],
    "quality": Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="N",
            help="Of the encoder, 1 to 100, for JPEG, WebP, AVIF, HEIC. Default: 95.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "lossless": Annotated[
        bool,
        typer.Option(
            "--lossless", help="Keep every pixel; WebP has to be told.", rich_help_panel=_QUALITY
        ),
    ],
    "bits": Annotated[
        int | None,
        typer.Option(
            metavar="8|16|32",
            help="Bits per sample of the outputs; 32 is float. Default: the input's.",
            rich_help_panel=_QUALITY,
        ),
    ],
    "strip_metadata": Annotated[
        bool,
        typer.Option(
            "--strip-metadata",
            help="Leave EXIF, XMP and resolution out; the colour profile stays.",
            rich_help_panel=_RESULT,
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
            autocompletion=choices("auto", "exact", "overlap"),
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
            min=1,
            metavar="N",
            help="Refuse larger inputs; guards against decompression bombs. Default: 250 million.",
            rich_help_panel=_LARGE,
            show_default=False,
        ),
    ],
    "overwrite": Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace outputs that are there.", rich_help_panel=_RESULT
        ),
    ],
    "skip_existing": Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out pictures whose output is there.",
            rich_help_panel=_RESULT,
        ),
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
    from swinsr.inference.tiles import Tiling
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


def cluster_of(
    ray: str | None,
    workers: str | None,
    gpus_per_worker: float | None,
    threads: int,
    tiles: str | None = None,
) -> "ClusterSettings | None":
    """Where the work is done; None for here.

    Raises:
        ConfigError: numbers that are none, or options of a cluster without one.
    """
    from swinsr.cluster.settings import ClusterSettings

    if ray is None:
        if workers is not None or gpus_per_worker is not None or threads != 1 or tiles is not None:
            raise ConfigError(
                "--workers, --gpus-per-worker, --threads-per-worker and --tiles are of --ray; give "
                "that too"
            )
        return None
    number: tuple[int, int] | None = None
    if workers is not None:
        parts = workers.split(",")
        if len(parts) > 2 or not all(part.isdecimal() for part in parts):
            raise ConfigError(f"--workers is N or MIN,MAX, not {workers!r}")
        number = (int(parts[0]), int(parts[-1]))
    return ClusterSettings(ray, number, gpus_per_worker, threads, tiles)
