"""The options for large pictures."""

import dataclasses
from typing import Annotated

import typer

from swinsr.errors import ConfigError

_PANEL = "Large pictures"

Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="The most memory to take, as 4G. Default: a share of what is free.",
        rich_help_panel=_PANEL,
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="HOW",
        help="exact: the picture as a whole; overlap: in blended tiles; auto: exact while it fits "
        "the memory.",
        rich_help_panel=_PANEL,
    ),
]
Tile = Annotated[
    str | None,
    typer.Option(
        "--tile",
        metavar="N|off",
        help="Side of a tile in input pixels; off is --mode exact. Default: what fits the memory.",
        rich_help_panel=_PANEL,
    ),
]
Overlap = Annotated[
    int | None,
    typer.Option(
        "--overlap",
        min=0,
        metavar="N",
        help="Pixels that neighbouring tiles share. Default: 32.",
        rich_help_panel=_PANEL,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Go on with what a stopped run finished of a picture in tiles, or start anew.",
        rich_help_panel=_PANEL,
    ),
]


@dataclasses.dataclass(frozen=True)
class Tiles:
    """The options, checked; plain values."""

    mode: str = "auto"
    tile: int | None = None
    overlap: int | None = None
    memory: int | None = None
    resume: bool = True

    @classmethod
    def of(
        cls, mode: str, tile: str | None, overlap: int | None, memory: str | None, resume: bool
    ) -> "Tiles":
        """From what was typed.

        Raises:
            ConfigError: a mode, tile or memory that is none, or a tile for the mode without.
        """
        from swinsr.inference import Tiling
        from swinsr.inference.budget import parse_size

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
        Tiling(mode, side, overlap, size)
        return cls(mode, side, overlap, size, resume)
