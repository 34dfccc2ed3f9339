"""The recipes that ship with the program."""

from pathlib import Path

from swinsr.errors import ConfigError

PACKAGE = Path(__file__).parents[2]
# In an installed wheel they lie inside the package, in a checkout beside it.
FOLDERS = (PACKAGE / "recipes", PACKAGE.parent / "recipes")


def shipped_recipes() -> dict[str, Path]:
    """Name to file."""
    for folder in FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return {}


def find_recipe(given: Path) -> Path:
    """A recipe's file from a path or from the name of one that ships.

    Raises:
        ConfigError: it is neither.
    """
    if given.is_file():
        return given
    shipped = shipped_recipes()
    if str(given) in shipped:
        return shipped[str(given)]
    raise ConfigError(
        f"{given}: there is no such recipe; give a TOML file or one of {', '.join(shipped)}"
    )
