"""Training: recipes, data, the loop, and checkpoints that resume exactly."""

from swinsr.training.loop import Run
from swinsr.training.recipes.recipe import read_recipe, recipe_from_table
from swinsr.training.recipes.settings import Recipe
from swinsr.training.recipes.shipped import find_recipe, shipped_recipes

__all__ = [
    "Recipe",
    "Run",
    "find_recipe",
    "read_recipe",
    "recipe_from_table",
    "shipped_recipes",
]
