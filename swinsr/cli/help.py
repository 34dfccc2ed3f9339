"""Help texts without the names of Python types."""

from typing import Any

from typer.core import TyperCommand

_WORDS = {"text": "TEXT", "integer": "N", "integer range": "N", "float": "X", "float range": "X"}


class Command(TyperCommand):
    """A command whose help shows a flag alone, and what an option takes in a word."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, that of `--help` among them."""
        params = super().get_params(ctx)
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
            elif param.param_type_name == "argument":
                # Its name stands in the first column already.
                vars(param)["display_type_rich"] = lambda ctx: ""
            elif param.metavar is None:
                param.metavar = _WORDS.get(
                    getattr(getattr(param, "type", None), "name", ""), "TEXT"
                )
        return params
