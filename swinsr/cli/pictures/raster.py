"""`swinsr raster`: a georeferenced raster in, one of smaller pixels out."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from swinsr.cli import options
from swinsr.cli.table import OPTIONS
from swinsr.cli.views.console import show
from swinsr.cli.views.progress import FileProgress, counted
from swinsr.errors import ConfigError

if TYPE_CHECKING:
    from swinsr.cluster.settings import ClusterSettings
    from swinsr.raster.settings import Compression

_PIXELS = "Pixels"
_FILE = "The file"


def _numbers(text: str, option: str, count: int | None = None) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+(,\d+)*", text) or count not in (None, text.count(",") + 1):
        many = "numbers" if count is None else f"{count} numbers"
        raise ConfigError(f"{option} is {many} with commas between them, not {text!r}")
    return tuple(int(part) for part in text.split(","))


def _range(text: str) -> str | tuple[float, float]:
    if "," not in text:
        return text
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--range is LOW,HIGH, percentile or none, not {text!r}") from error
    return low, high


@options.with_cluster()
def raster(
    source: str = typer.Argument(..., metavar="SCENE", help="A raster that GDAL opens: path, URL."),
    output: str | None = typer.Option(
        None, "-o", "--output", metavar="FILE|DIR", help="Default: beside SCENE, as scene_x4.tif."
    ),
    scale: int | None = typer.Option(
        None, "-s", "--scale", metavar="N", help="A whole number. Default: the model's own, else 4."
    ),
    model: Annotated[str | None, OPTIONS["model"].__metadata__[0]] = None,
    fast: Annotated[bool, OPTIONS["fast"].__metadata__[0]] = False,
    device: Annotated[str, OPTIONS["device"].__metadata__[0]] = "auto",
    precision: Annotated[str, OPTIONS["precision"].__metadata__[0]] = "auto",
    force: Annotated[bool, OPTIONS["force_float16"].__metadata__[0]] = False,
    self_ensemble: Annotated[bool, OPTIONS["self_ensemble"].__metadata__[0]] = False,
    bands: str | None = typer.Option(
        None,
        "--bands",
        metavar="N,N",
        help="Bands of the output, in its order. Default: all.",
        rich_help_panel=_PIXELS,
    ),
    gray: bool = typer.Option(
        False,
        "--gray",
        help="Every band by itself, and not three at a time as colours.",
        rich_help_panel=_PIXELS,
    ),
    value_range: str = typer.Option(
        "auto",
        "--range",
        metavar="LOW,HIGH|percentile|none",
        help="Values that are black and white to the network; those outside go around it. "
        "percentile: each band's 0.1 and 99.9; none: the type's limits. Default: none for uint8, "
        "else percentile.",
        rich_help_panel=_PIXELS,
    ),
    nodata: float | None = typer.Option(
        None,
        "--nodata",
        metavar="V",
        help="The value that means none. Default: the file's.",
        rich_help_panel=_PIXELS,
    ),
    window: str | None = typer.Option(
        None,
        "--window",
        metavar="X,Y,W,H",
        help="Only these pixels of SCENE.",
        rich_help_panel=_PIXELS,
    ),
    crs: str | None = typer.Option(
        None,
        "--crs",
        metavar="CODE|none",
        help="Of a raster that does not say: EPSG:32633, or none to go on without.",
        rich_help_panel=_FILE,
    ),
    compress: str = typer.Option(
        "deflate", "--compress", metavar="deflate|zstd|lzw|none", rich_help_panel=_FILE
    ),
    cog: bool = typer.Option(
        False, "--cog", help="A cloud-optimised GeoTIFF.", rich_help_panel=_FILE
    ),
    tile: int | None = typer.Option(
        None,
        "--tile",
        min=16,
        metavar="N",
        help="Side of a tile in pixels of SCENE. Default: 512, less for large models.",
        rich_help_panel="Large pictures",
    ),
    overlap: int = typer.Option(
        64,
        "--overlap",
        min=0,
        metavar="N",
        help="Pixels that neighbouring tiles share.",
        rich_help_panel="Large pictures",
    ),
    resume: Annotated[bool, OPTIONS["resume"].__metadata__[0]] = True,
    overwrite: Annotated[bool, OPTIONS["overwrite"].__metadata__[0]] = False,
    cluster: "ClusterSettings | None" = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Enlarge a georeferenced raster, whatever its size.

    The result lies on the same ground in smaller pixels; nodata, masks, band names, units and
    tags are kept.
    """
    from swinsr.raster.settings import RasterSettings

    rectangle: Any = None if window is None else _numbers(window, "--window", 4)
    settings = RasterSettings(
        scale=scale,
        model=model,
        fast=fast,
        device=device,
        precision=precision,
        force_float16=force,
        self_ensemble=self_ensemble,
        bands=None if bands is None else _numbers(bands, "--bands"),
        gray=gray,
        range=_range(value_range),
        nodata=nodata,
        crs=crs,
        window=rectangle,
        tile=tile,
        overlap=overlap,
        compress=cast("Compression", compress),
        cog=cog,
        overwrite=overwrite,
        resume=resume,
    )
    from swinsr.files.signals import loading

    with loading():
        from swinsr.raster.run import raster as run_here
    if cluster is None:
        with FileProgress(1, quiet=quiet).file(1, source) as report:
            record = run_here(source, output, settings, report)
    else:
        from swinsr.cluster.tiles import raster as run_on_ray

        with ExitStack() as stack:
            bars: list[Callable[[int], None]] = []

            def count(done: int, of: int) -> None:
                if not bars:
                    bars.append(stack.enter_context(counted(of, "tiles", quiet=quiet)))
                bars[0](done)

            record = run_on_ray(source, output, settings, cluster, count=count)
    show(record, as_json=as_json, quiet=quiet, to_error=False)
