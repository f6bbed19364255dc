"""The rows of a file that are read, and all that is known of them but the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rareearth_explorer.data.places import Places, decode_places
from rareearth_explorer.data.places.column_names import require_single
from rareearth_explorer.data.recipes import Recipe, known_recipes
from rareearth_explorer.data.recipes.chosen_coding import chosen_coding, stored_type
from rareearth_explorer.data.table.carried_columns import carried_columns
from rareearth_explorer.data.table.chosen_rows import ChosenRows, chosen_rows, filtered
from rareearth_explorer.data.table.own_columns import OWN_COLUMNS, is_ours, own_columns
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.reading_notes import notes_on_numbers, notes_on_recipe
from rareearth_explorer.data.table.recorded_facts import recorded_facts
from rareearth_explorer.data.table.stored_embeddings import StoredEmbeddings
from rareearth_explorer.data.table.table_columns import (
    embedding_columns,
    other_columns,
    recipe_to_follow,
)
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Callable[..., StoredEmbeddings]
"""Makes the embeddings of a file: all at once, or in pieces."""

CRS_OPTION = "'rareearth-explorer import --crs'"
"""How errors name the way to give a CRS."""


@dataclass(frozen=True, eq=False)
class RowsToRead:
    """The rows of a file that are read.

    Attributes
    ----------
    stored
        The embeddings.
    places, chosen
        Places of all rows, and which rows are read.
    facts
        What the file records.
    columns
        `row`, `column`, `umap` and `activity` of a `PatchTable`.
    carried
        Names of the columns that are carried, in the file and in our tables.
    recipe, forced
        The recipe to follow, or None, and whether the user named it.
    before, after
        Clauses about the file, before and after those about its numbers.
    """

    stored: StoredEmbeddings
    places: Places
    chosen: ChosenRows
    facts: dict[str, Any]
    columns: dict[str, Any]
    carried: dict[str, str]
    recipe: Recipe | None
    forced: bool
    before: tuple[str, ...]
    after: tuple[str, ...]

    def notes(self, dimensions: int) -> tuple[str, ...]:
        """Clauses about the file that its reader should know."""
        said = self.before
        if self.recipe is not None:
            path = self.stored.source.path
            said += notes_on_recipe(self.recipe, dimensions, path, forced=self.forced)
        numbers = notes_on_numbers(self.stored)
        return (*said, *self.chosen.notes, *self.places.notes, *numbers, *self.after)

    def recipe_name(self, dimensions: int) -> str:
        """Name of the recipe that the numbers follow, or did when they were imported."""
        recorded = self.facts.get("imported", {}).get("recipe", "")
        if self.recipe is not None and dimensions in self.recipe.dimensions:
            return self.recipe.name
        return recorded if recorded in known_recipes() else ""


def rows_to_read(source: ParquetSource, how: Reading, kind: Kind) -> RowsToRead:
    """Choose the rows that are read."""
    path = source.path
    facts, notes = recorded_facts(source.schema.metadata)
    ours = is_ours(facts)
    recipe = recipe_to_follow(source.schema, how, ours=ours)
    stored = embeddings_of(source, how, recipe, kind, ours=ours)
    found = stored.found
    beside = other_columns(source.schema, found)
    require_single(source.schema.names, [*found.names, *beside], path, TableError)
    others = source.read(beside)
    places = _places(others, path, how)
    size = recipe.size if recipe else None
    rows = chosen_rows(others, stored, places, how, size, ours="grid" in facts)
    columns, more = own_columns(filtered(others, rows.kept), facts)
    taken = {*found.names, *places.columns, *(OWN_COLUMNS if ours else ())}
    carried = carried_columns(source.schema, taken)
    forced = how.recipe is not None
    return RowsToRead(
        stored, places, rows, facts, columns, carried, recipe, forced, tuple(notes), tuple(more)
    )


def embeddings_of(
    source: ParquetSource, how: Reading, recipe: Recipe | None, kind: Kind, *, ours: bool
) -> StoredEmbeddings:
    """Find the embeddings, and how to decode them."""
    schema, path = source.schema, source.path
    found = embedding_columns(schema, path, how, recipe)
    dtype = how.dtype
    if dtype is None and how.recipe and recipe and recipe.code_type:
        dtype = recipe.code_type if stored_type(schema, found) == "bytes" else None
    coding = chosen_coding(
        schema, found, path,
        dtype=dtype, asked=how.coding, recipe=recipe, forced=how.recipe is not None,
    )  # fmt: skip
    return kind(source, found, dtype, coding, ours)


def _places(others: pa.Table, path: Path, how: Reading) -> Places:
    places = decode_places(others, path, TableError, crs=how.crs, option=CRS_OPTION)
    if places is None:
        raise TableError(
            f"{path}: there are no footprints and no longitude and latitude among its columns; "
            "write the table with a geometry column, or columns lon and lat."
        )
    return places
