"""Training: recipes, data, the loop, and checkpoints that resume exactly."""

from swinsr.training.loop import Run
from swinsr.training.recipe import read_recipe, recipe_from_table
from swinsr.training.settings import Recipe

__all__ = ["Recipe", "Run", "read_recipe", "recipe_from_table"]
