"""What there is to say of a command: one page, which help and manual show each in its way."""

from dataclasses import dataclass
from typing import Any

from swinsr.cli.views.examples import EXAMPLES, Example

OTHER = "Other"
# In the order of the help; a command's own ones follow.
HEADINGS = ("Result", "Quality", "Model", "Large pictures", "Machine")
_WORDS = {"int": "N", "integer": "N", "integer range": "N", "float": "X", "float range": "X"}


@dataclass(frozen=True)
class CommandPage:
    """A command in words.

    Attributes:
        name: as it is typed, such as `swinsr models download`.
        usage: what follows the name.
        summary: one sentence.
        paragraphs: the rest of its description.
        examples: command lines.
        parts: headings, each with its entries: what is typed, and what it does.
    """

    name: str
    usage: str
    summary: str
    paragraphs: tuple[str, ...]
    examples: tuple[Example, ...]
    parts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def page_of(command: Any, context: Any) -> CommandPage:
    """The page of a command or group."""
    name = name_of(context)
    text = [" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n")]
    parts: dict[str, list[tuple[str, str]]] = {}
    pieces = []
    params = [p for p in command.get_params(context) if not getattr(p, "hidden", False)]
    for param in params:
        if param.param_type_name == "argument":
            shown = param.metavar or param.name.upper()
            pieces.append(shown if param.required or shown.startswith("[") else f"[{shown}]")
            parts.setdefault("Arguments", []).append((shown, param.help or ""))
    options = [p for p in params if p.param_type_name != "argument"]
    used = dict.fromkeys(map(_heading, options))
    own = [heading for heading in used if heading not in (*HEADINGS, OTHER)]
    for heading in (*HEADINGS, *own, OTHER):
        rows = [_option(p, context) for p in options if _heading(p) == heading]
        if rows:
            parts["Options" if set(used) == {OTHER} else heading] = rows
    if hasattr(command, "summaries"):
        parts = {"Commands": command.summaries(context), **parts}
        pieces.append("COMMAND ...")
    return CommandPage(
        name,
        " ".join(["[OPTIONS]", *pieces]),
        text[0],
        tuple(text[1:]),
        EXAMPLES.get(name, ()),
        tuple((heading, tuple(rows)) for heading, rows in parts.items()),
    )


def name_of(context: Any) -> str:
    """The words of the command alone: arguments of a group are no part of it."""
    words: list[str] = []
    at = context
    while at is not None:
        words.insert(0, at.info_name or "swinsr")
        at = at.parent
    return " ".join(words)


def _heading(param: Any) -> str:
    return getattr(param, "rich_help_panel", None) or OTHER


def _option(param: Any, context: Any) -> tuple[str, str]:
    names = ", ".join(sorted(param.opts, key=len))
    if param.secondary_opts:
        names += " / " + ", ".join(param.secondary_opts)
    if not getattr(param, "is_flag", False):
        names += f" {_takes(param)}"
    text = param.help or ""
    default = param.get_default(context, call=False)
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    if plain and param.show_default and default != "":
        text += f" Default: {default:g}." if isinstance(default, float) else f" Default: {default}."
    variable = getattr(param, "envvar", None)
    if variable and param.show_envvar:
        text += f" Or by {variable}."
    return names, text


def _takes(param: Any) -> str:
    """What an option takes, in a word and without the names of Python types."""
    if param.metavar:
        return str(param.metavar)
    described = getattr(param, "type_descriptor", None)
    kind = getattr(described, "annotation", None) if described is not None else None
    if kind is not None:
        inner = getattr(kind, "__args__", (kind,))[0]
        return _WORDS.get(getattr(inner, "__name__", ""), "TEXT")
    return _WORDS.get(getattr(getattr(param, "type", None), "name", ""), "TEXT")
