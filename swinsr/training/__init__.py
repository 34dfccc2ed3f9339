"""Training: recipes, data, the loop, and checkpoints that resume exactly."""

from swinsr.training.loop import Run
from swinsr.training.recipe import read_recipe, recipe_from_table
from swinsr.training.settings import Recipe
from swinsr.training.shipped import find_recipe, shipped_recipes

__all__ = [
    "Recipe",
    "Run",
    "find_recipe",
    "read_recipe",
    "recipe_from_table",
    "shipped_recipes",
]
