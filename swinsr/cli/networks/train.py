"""`swinsr train`: train a network by a recipe."""

from pathlib import Path

import typer


def train(
    recipe: Path = typer.Argument(
        ..., metavar="RECIPE", help="A TOML file, or the name of a recipe that ships: tiny, ..."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on from the last checkpoint."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace a run of that name."),
    settings: list[str] = typer.Option(
        [],
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change one setting; may be repeated. The value is written as in TOML.",
    ),
) -> None:
    """Train a network by a recipe.

    Ctrl-C saves a checkpoint and stops; `--resume` goes on exactly there. For several GPUs or
    machines: `torchrun --nproc-per-node N -m swinsr.training RECIPE`.
    """
    from swinsr.training import Run, find_recipe, read_recipe

    read = read_recipe(find_recipe(recipe), settings)
    Run(read, resume=resume, overwrite=overwrite).train()
