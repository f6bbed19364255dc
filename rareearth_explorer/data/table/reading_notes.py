"""What a reader of a table should know of how its numbers were taken."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.numbers import Coding
from rareearth_explorer.data.recipes import Recipe
from rareearth_explorer.data.recipes.chosen_coding import stored_type
from rareearth_explorer.data.table.stored_embeddings import StoredEmbeddings
from rareearth_explorer.errors import TableError


def notes_on_numbers(stored: StoredEmbeddings) -> tuple[str, ...]:
    """Say how numbers were taken that do not explain themselves."""
    title, coding = stored.found.title, stored.coding
    kind = stored_type(stored.source.schema, stored.found, stored.dtype)
    if coding != Coding():
        return (
            f"column {title!r} holds {kind} codes, decoded as {coding.formula} as "
            f"{coding.origin} says",
        )
    if kind == "bytes" or stored.dtype is not None:
        how = stored.dtype or "float32, as its numbers show"
        return (f"column {title!r} is binary, read as {how}",)
    return ()


def notes_on_recipe(
    recipe: Recipe, dimensions: int, path: Path, *, forced: bool
) -> tuple[str, ...]:
    """Say which recipe a table follows.

    Raises
    ------
    TableError
        The recipe was asked for, and has embeddings of another length.
    """
    if dimensions in recipe.dimensions:
        return (f"it follows the recipe {recipe.name!r}: {recipe.title} ({recipe.licence})",)
    lengths = " or ".join(map(str, recipe.dimensions))
    told = f"embeddings of {recipe.name} have {lengths} numbers, and these have {dimensions}"
    if forced:
        raise TableError(f"{path}: {told}; choose another recipe.")
    return (f"it looks like {recipe.name!r}, but {told}",)
