"""The options of the commands that make files of files: each is written once, by its setting."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

import typer

from swinsr.cli.table import OPTIONS
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
Tiles: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--tiles",
        metavar="URL",
        help="Of --ray: where workers leave tiles, as s3://bucket/tiles, if they do not share the "
        "output's folder.",
        rich_help_panel=_CLUSTER,
    ),
]
# By the parameter of `cluster_of`, with its default.
_CLUSTER_OPTIONS: dict[str, tuple[Any, Any]] = {
    "ray": (Ray, None),
    "workers": (Workers, None),
    "gpus_per_worker": (GpusPerWorker, None),
    "threads_per_worker": (ThreadsPerWorker, 1),
    "tiles": (Tiles, None),
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
        return _signed(run, command, [*own, *(_parameter(name) for name in names)])

    return decorate


def with_cluster(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a cluster but some, in place of its parameter `cluster`.

    It is called with a `ClusterSettings`, or None for this machine.
    """
    known = {name: option for name, option in _CLUSTER_OPTIONS.items() if name not in without}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in known}
            command(cluster=cluster_of(**chosen), **given)

        kind = inspect.Parameter.KEYWORD_ONLY
        options = [
            inspect.Parameter(name, kind, default=default, annotation=annotation)
            for name, (annotation, default) in known.items()
        ]
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            parameters += options if parameter.name == "cluster" else [parameter]
        return _signed(run, command, parameters)

    return decorate


def _signed(
    run: Callable[..., None], command: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """`run` under the name of `command`, with the parameters that typer is to read."""
    # Those without a default first, as Python has it.
    ordered = sorted(parameters, key=lambda p: p.default is not inspect.Parameter.empty)
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in ordered]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {p.name: p.annotation for p in keyword}
    vars(run)["__signature__"] = inspect.Signature(keyword)
    return run


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
    threads_per_worker: int,
    tiles: str | None = None,
) -> "ClusterSettings | None":
    """Where the work is done; None for here.

    Raises:
        ConfigError: numbers that are none, or options of a cluster without one.
    """
    from swinsr.cluster.settings import ClusterSettings

    if ray is None:
        others = (workers, gpus_per_worker, tiles)
        if threads_per_worker != 1 or any(other is not None for other in others):
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
    return ClusterSettings(ray, number, gpus_per_worker, threads_per_worker, tiles)
