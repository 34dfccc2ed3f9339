"""`python -m swinsr.training RECIPE.toml [--resume] [--set section.key=value ...]`."""

import argparse
import sys
from pathlib import Path

from swinsr.errors import SwinsrError
from swinsr.training.loop import Run
from swinsr.training.recipes.recipe import read_recipe
from swinsr.training.recipes.shipped import find_recipe


def main(arguments: list[str] | None = None) -> int:
    """Train; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m swinsr.training", description="Train by a recipe."
    )
    parser.add_argument("recipe", type=Path, help="a TOML file, or a shipped name")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--overwrite", action="store_true", help="replace a run of that name")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", dest="overrides"
    )
    given = parser.parse_args(arguments)
    try:
        recipe = read_recipe(find_recipe(given.recipe), given.overrides)
        Run(recipe, resume=given.resume, overwrite=given.overwrite).train()
    except SwinsrError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
