"""Recipes: how published embeddings are recognised, decoded and placed; `recipes.toml` has them."""

from rareearth_explorer.data.recipes.recipe import Recipe, known_recipes, recipe_called
from rareearth_explorer.data.recipes.recognition import recipe_of_bands, recipe_of_table

__all__ = [
    "Recipe",
    "known_recipes",
    "recipe_called",
    "recipe_of_bands",
    "recipe_of_table",
]
