"""Help texts without the names of Python types."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

_WORDS = {"integer": "N", "integer range": "N", "float": "X", "float range": "X"}


class Command(TyperCommand):
    """A command whose help shows a flag alone, and what an option takes in a word."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, that of `--help` among them."""
        return _without_types(super().get_params(ctx))


class Group(TyperGroup):
    """Several commands, in the same way."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, that of `--help` among them."""
        return _without_types(super().get_params(ctx))


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
