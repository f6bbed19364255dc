"""Which columns of a table hold what, and the recipe that they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rareearth_explorer.data.numbers import Embeddings, find_embeddings
from rareearth_explorer.data.places import bbox_columns, place_columns
from rareearth_explorer.data.places.column_names import (
    require_single,
    rival_pairs,
    whole_place_columns,
)
from rareearth_explorer.data.places.declared_crs import shape_column
from rareearth_explorer.data.recipes import Recipe, recipe_called, recipe_of_table
from rareearth_explorer.data.recipes.recognition import numbered
from rareearth_explorer.data.table.own_columns import OWN_COLUMNS
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.several_dates import date_columns
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


def recipe_to_follow(schema: pa.Schema, how: Reading, *, ours: bool) -> Recipe | None:
    """Find the recipe that is asked for, or that the file follows; ours are decoded already."""
    if how.recipe is not None:
        return recipe_called(how.recipe)
    return None if ours else recipe_of_table(schema)


def embedding_columns(
    schema: pa.Schema, name: object, how: Reading, recipe: Recipe | None
) -> Embeddings:
    """Find the columns of the embeddings: those asked for, of the recipe, or detected.

    Raises
    ------
    TableError
        There are none, or two columns share a name; the sentence calls the file `name`.
    """
    wide = numbered(schema.names, recipe.wide) if recipe and recipe.wide else []
    found = (
        Embeddings(tuple(wide), wide=True)
        if wide and how.column is None
        else find_embeddings(schema, name, how.column)
    )
    require_single(schema.names, found.names, name, TableError)
    return found


def other_columns(schema: pa.Schema, found: Embeddings) -> list[str]:
    """Names of the columns to read beside the embeddings: of places, of dates, and our own."""
    names = [name for name in schema.names if name not in found.names]
    wanted = {*places_columns(schema, found), *date_columns(names), *OWN_COLUMNS}
    return [name for name in names if name in wanted]


def places_columns(schema: pa.Schema, found: Embeddings) -> list[str]:
    """Names of the columns that may say where a row lies."""
    names = [name for name in schema.names if name not in found.names]
    pairs = [place_columns(names) or (), *rival_pairs(names)]
    wanted = {shape_column(schema), *(bbox_columns(names) or ())}
    wanted.update(*pairs, whole_place_columns(names))
    return [name for name in names if name in wanted]
