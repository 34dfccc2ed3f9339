"""The reference pages, made from the program itself: `python docs/site/reference.py`.

Writes docs/reference/command.md, library.md and recipes.md; a test holds them to what it makes.
"""

import dataclasses
import importlib
import inspect
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
_MADE = "<!-- Made by docs/site/reference.py; change the program and run it again. -->\n"


def escaped(text: str) -> str:
    """For a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# --- the command ---


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, as they are listed."""
    import typer

    from swinsr.cli.commands import app

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        listed = getattr(command, "list_commands", None)
        if listed is None:
            yield name, command
            return
        context = command.make_context(name, [], resilient_parsing=True)
        for child in listed(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from walk(f"{name} {child}", found)

    yield from walk("swinsr", typer.main.get_command(app))


def command_page() -> str:
    """Commands and their options."""
    parts = [_MADE, "# The command\n", "`swinsr COMMAND --help` says the same in the terminal.\n"]
    for name, command in commands():
        parts.append(f"## {name}\n")
        parts.append("\n\n".join(_paragraphs(command.help or "")) + "\n")
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        words = [name, *(_argument(p) for p in arguments), "[OPTIONS]"]
        parts.append(f"    {' '.join(words)}\n")
        rows = [_row(p) for p in command.params if not p.hidden]
        if rows:
            parts.append("| | default | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(p.split()) for p in re.split(r"\n\s*\n", inspect.cleandoc(text)) if p.strip()]


def _code(text: str) -> str:
    """For a table's cell, where a bar within backticks would end the cell."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _argument(parameter: Any) -> str:
    word: str = parameter.metavar or parameter.name.upper()
    return word if parameter.required or word.startswith("[") else f"[{word}]"


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = _code(_argument(parameter))
    else:
        pairs = ", ".join(f"`{opt}`" for opt in parameter.opts)
        against = ", ".join(f"`{opt}`" for opt in parameter.secondary_opts)
        name = f"{pairs} / {against}" if against else pairs
        flag = getattr(parameter, "is_flag", False)
        if not flag and parameter.metavar:
            name += f" {_code(parameter.metavar)}"
    default = parameter.default
    plain = isinstance(default, (str, int, float, Path)) and not isinstance(default, bool)
    shown = f"`{default}`" if plain and default != "" and parameter.show_default else ""
    return f"| {name} | {shown} | {escaped(parameter.help or '')} |"


# --- the library ---


def library_page() -> str:
    """What `import swinsr` offers."""
    import swinsr

    parts = [_MADE, "# The library, name by name\n"]
    parts.append("What `import swinsr` offers; [the library](../library.md) has examples.\n")
    for name in swinsr.__all__:
        if name.startswith("_"):
            continue
        found = getattr(swinsr, name)
        if inspect.isclass(found):
            parts += _class(name, found)
        elif callable(found):
            parts += [f"## swinsr.{name}\n", _signature(name, found), _docstring(found)]
    parts += ["## Errors\n", "Children of `swinsr.errors.SwinsrError`, one sentence each:\n"]
    errors = importlib.import_module("swinsr.errors")
    for name, found in vars(errors).items():
        if inspect.isclass(found) and issubclass(found, errors.SwinsrError):
            line = (inspect.getdoc(found) or "").splitlines()[0]
            parts.append(f"- `{name}`: {line}")
    return "\n".join(parts) + "\n"


def _class(name: str, found: type) -> list[str]:
    parts = [f"## swinsr.{name}\n"]
    if not dataclasses.is_dataclass(found):
        parts.append(_signature(name, found))
    parts.append(_docstring(found))
    for member, value in vars(found).items():
        if member.startswith("_") and member != "__call__":
            continue
        if isinstance(value, property):
            parts += [f"### {name}.{member}\n", _docstring(value)]
        elif callable(value) or isinstance(value, (classmethod, staticmethod)):
            called = getattr(found, member)
            shown = name[0].lower() + name[1:] if member == "__call__" else f"{name}.{member}"
            heading = f"{shown}(...)" if member == "__call__" else shown
            parts += [f"### {heading}\n", _signature(shown, called), _docstring(called)]
    return parts


def _signature(name: str, found: Any) -> str:
    signature = inspect.signature(found)
    values = [p for p in signature.parameters.values() if p.name != "self"]
    text = str(signature.replace(parameters=values, return_annotation=inspect.Signature.empty))
    text = re.sub(r"(?:[a-z_]\w*\.)+([A-Z]\w*)", r"\1", text)
    text = re.sub(r"<function (\w+)[^>]*>", r"\1", text)
    return f"    {name}{text}\n"


def _docstring(found: Any) -> str:
    """Google's sections as lists."""
    lines = (inspect.getdoc(found) or "").splitlines()
    made: list[str] = []
    section = False
    for line in lines:
        heading = re.fullmatch(r"(Args|Attributes|Returns|Raises|Yields):", line.strip())
        if heading and not line.startswith(" "):
            made += ["", f"**{heading[1]}**", ""]
            section = True
        elif section and re.match(r"    \S", line):
            item = re.match(r"    ([\w, *]+): (.*)", line)
            made.append(f"- `{item[1]}`: {item[2]}" if item else f"- {line.strip()}")
        elif section and line.strip():
            made[-1] += f" {line.strip()}"
        else:
            made.append(line)
    return "\n".join(made) + "\n"


# --- recipes ---


def recipes_page() -> str:
    """The recipes that ship, and every setting of one."""
    from swinsr.training.recipes.settings import Recipe
    from swinsr.training.recipes.shipped import shipped_recipes

    parts = [_MADE, "# Recipes\n"]
    parts.append("`swinsr train NAME` takes one of these; [training](../training.md) tells how.\n")
    parts.append("| name | what it trains |\n|---|---|")
    for name, file in shipped_recipes().items():
        parts.append(f"| `{name}` | {escaped(_about(file))} |")
    parts.append("\n## Settings\n")
    parts.append("A recipe is a TOML file; what it leaves out is as here. `--set run.steps=100` "
                 "overrules one.\n")  # fmt: skip
    hints = typing.get_type_hints(Recipe)
    for field in dataclasses.fields(Recipe):
        kind = next(
            (t for t in (hints[field.name], *typing.get_args(hints[field.name]))
             if inspect.isclass(t) and dataclasses.is_dataclass(t)),
            None,
        )  # fmt: skip
        if kind is not None:
            parts += _settings(field.name, kind)
    return "\n".join(parts) + "\n"


def _about(file: Path) -> str:
    """The first sentences of its comment."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# ") or line.startswith("#     "):
            break
        lines.append(line[2:])
    return " ".join(lines)


def _settings(section: str, kind: type) -> list[str]:
    texts = dict(
        re.findall(r"^    ([\w, ]+): (.+(?:\n {8,}.+)*)", inspect.getdoc(kind) or "", re.MULTILINE)
    )
    about = {name: text for names, text in texts.items() for name in names.split(", ")}
    rows = ["", f"### {section}\n", "| setting | default | |\n|---|---|---|"]
    for field in dataclasses.fields(kind):
        default = field.default
        if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        shown = "" if default is dataclasses.MISSING or default is None else f"`{default!r}`"
        if dataclasses.is_dataclass(default):
            shown = ""
        text = escaped(about.get(field.name, ""))
        rows.append(f"| `{section}.{field.name}` | {escaped(shown)} | {text} |")
    return rows


PAGES = {"command": command_page, "library": library_page, "recipes": recipes_page}


def main() -> None:
    """Write the pages."""
    folder = DOCS / "reference"
    folder.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (folder / f"{name}.md").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
