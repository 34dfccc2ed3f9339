"""Recipes from TOML files: read, override, check, and write down again as plain values."""

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swinsr.errors import ConfigError
from swinsr.models import HierarchicalConfig, RestorationConfig, config_from_published
from swinsr.models.swin import CLASSIFIERS
from swinsr.training.recipes.settings import Recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = dict[str, Any]


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: a TOML file.
        overrides: "section.key=value" each, the value written as in TOML; a bare word counts as
            a string.

    Raises:
        ConfigError: a file that cannot be read, is not TOML, or says what no recipe can say.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error})") from error
    for override in overrides:
        _override(table, override)
    try:
        return recipe_from_table(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def recipe_from_table(table: Mapping[str, Any]) -> Recipe:
    """Check a recipe's values.

    Args:
        table: section name to keys and values, as a TOML file gives them.

    Raises:
        ConfigError: an unknown section or key, or a value of the wrong type or range.
    """
    hints = typing.get_type_hints(Recipe)
    _refuse_unknown("sections", table, hints)
    sections: dict[str, Any] = {}
    for name, cls in hints.items():
        if name not in table and name != "data":
            continue
        section = table.get(name, {})
        if not isinstance(section, Mapping):
            raise ConfigError(f"{name} is a section; write [{name}] and its keys below")
        if name == "network":
            keywords = dict(section)
            family = keywords.pop("family", "swinir")
            sections[name] = _network(family, keywords)
        else:
            sections[name] = _section(name, cls, section)
    if "network" not in sections:
        raise ConfigError("the section [network] is missing")
    return Recipe(**sections)


def recipe_to_table(recipe: Recipe) -> Table:
    """Plain values, as `recipe_from_table` takes them, with every default written out."""
    table: Table = {}
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        if field.name == "network":
            table[field.name] = {"family": value.family, **value.to_dict()}
            continue
        table[field.name] = _plain(dataclasses.asdict(value))
    return table


def _plain(values: Table) -> Table:
    plain: Table = {}
    for key, item in values.items():
        if isinstance(item, dict):
            plain[key] = _plain(item)
        else:
            plain[key] = list(item) if isinstance(item, tuple) else item
    return plain


def _network(family: str, keywords: Table) -> RestorationConfig | HierarchicalConfig:
    if family in CLASSIFIERS:
        # Pre-training knows no classes.
        return CLASSIFIERS[family].config_type.from_published({"num_classes": 0, **keywords})
    return config_from_published(family, keywords)


def _override(table: Table, override: str) -> None:
    key, equals, text = override.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (equals and dot and section and name):
        raise ConfigError(f"--set {override!r}: write it as section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    target = table.setdefault(section, {})
    if not isinstance(target, dict):
        raise ConfigError(f"--set {override!r}: {section} is not a section")
    target[name] = value


def _refuse_unknown(what: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(f"unknown {what}: {', '.join(unknown)}; known are {', '.join(known)}")


def _section(name: str, cls: type, values: Mapping[str, Any]) -> Any:
    hints = {k: h for k, h in typing.get_type_hints(cls).items() if not _is_constant(h)}
    _refuse_unknown(f"keys in [{name}]", values, hints)
    return cls(**{k: _checked(f"{name}.{k}", hints[k], v) for k, v in values.items()})


def _is_constant(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.ClassVar


def _checked(where: str, hint: Any, value: Any) -> Any:
    """The value as the annotation wants it: whole numbers pass as floats, lists become tuples."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        for option in args:
            try:
                return _checked(where, option, value)
            except ConfigError:
                continue
        raise ConfigError(f"{where} is {value!r}, which is none of what it may be")
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is a section; write [{where}] and its keys below")
        assert isinstance(hint, type)
        return _section(where, hint, value)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} is a list, not {value!r}")
        items = list(args)
        if args[-1] is Ellipsis:
            items = [args[0]] * len(value)
        elif len(items) != len(value):
            raise ConfigError(f"{where} has {len(items)} entries, not {len(value)}")
        return tuple(_checked(where, h, v) for h, v in zip(items, value, strict=True))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        kinds = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
        raise ConfigError(f"{where} is {kinds[hint]}, not {value!r}")
    return value
