"""A command line that is not understood: one sentence, as every other error, and status 2."""

import difflib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from swinsr.cli.views.console import report_error
from swinsr.cli.views.page import name_of

# The parent of the errors of a command line, which has no public name in every version.
_UsageError: Any = typer.BadParameter.__mro__[1]
# Of a command, and of a value that is not of the option's type, as the parser says it.
_MEANT = re.compile(r"\. Did you mean (.+)\?$")
_TYPE = re.compile(r"Input should be (.+?)(, unable to .*)?$")


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Report what cannot be parsed and exit with 2."""
    try:
        yield
    except _UsageError as error:
        report_error(_sentence(error))
        sys.exit(2)


def _sentence(error: Any) -> str:
    """What is wrong, and where the options stand."""
    text = error.format_message().rstrip(".")
    name = getattr(error, "option_name", None)
    context = getattr(error, "ctx", None)
    if name is not None and text.startswith("No such option"):
        text = f"there is no option {name}{_meant(name, context, error)}"
    text = _TYPE.sub(r"it has to be \1", text)
    text = _MEANT.sub(r" (did you mean \1?)", text)
    text = text[:1].lower() + text[1:]
    if context is None:
        return str(text)
    return f"{text}; `{name_of(context)} --help` has what can be typed"


def _meant(name: str, context: Any, error: Any) -> str:
    """The option that is nearest, where one is near."""
    known = list(getattr(error, "possibilities", None) or ())
    if context is not None:
        known += [opt for p in context.command.params for opt in (*p.opts, *p.secondary_opts)]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f" (did you mean {close[0]}?)" if close else ""
