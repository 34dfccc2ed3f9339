"""Help texts without the names of Python types."""

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

# What `--ray` may be followed by; a file or folder that stands there instead is an input.
_ADDRESS = re.compile(r"auto|local|ray://.+|[\w.\-\[\]:]+:\d+")
_WORDS = {"integer": "N", "integer range": "N", "float": "X", "float range": "X"}


class Command(TyperCommand):
    """A command whose help shows a flag alone, and what an option takes in a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever, but that `--ray` may stand without an address."""
        if any("--ray" in param.opts for param in self.params):
            args = with_address(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, that of `--help` among them."""
        return _without_types(super().get_params(ctx))


class Group(TyperGroup):
    """Several commands, in the same way."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, that of `--help` among them."""
        return _without_types(super().get_params(ctx))


def with_address(args: list[str]) -> list[str]:
    """The arguments with `local` behind a `--ray` that no address follows."""
    out: list[str] = []
    end = args.index("--") if "--" in args else len(args)
    for index, arg in enumerate(args):
        out.append(arg)
        if arg == "--ray" and index < end:
            following = args[index + 1] if index + 1 < end else ""
            if _ADDRESS.fullmatch(following) is None:
                out.append("local")
    return out


def _without_types(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
        elif param.param_type_name == "argument":
            # Its name stands in the first column already.
            vars(param)["display_type_rich"] = lambda ctx: ""
        elif param.metavar is None:
            kind = getattr(getattr(param, "type", None), "name", "")
            param.metavar = _WORDS.get(kind, "TEXT")
    return params
