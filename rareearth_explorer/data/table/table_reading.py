"""Open patch tables, our own and those of other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.numbers import Embeddings
from rareearth_explorer.data.places import Places, decode_places
from rareearth_explorer.data.places.column_names import require_single
from rareearth_explorer.data.recipes import Recipe, known_recipes
from rareearth_explorer.data.recipes.chosen_coding import chosen_coding, stored_type
from rareearth_explorer.data.table.carried_columns import carried_columns, decoded
from rareearth_explorer.data.table.chosen_rows import chosen_rows, filtered
from rareearth_explorer.data.table.own_columns import OWN_COLUMNS, is_ours, own_columns
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.patch_table import PatchTable
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.reading_notes import notes_on_numbers, notes_on_recipe
from rareearth_explorer.data.table.recorded_facts import recorded_facts
from rareearth_explorer.data.table.stored_embeddings import KeptEmbeddings, StoredEmbeddings
from rareearth_explorer.data.table.table_columns import (
    embedding_columns,
    other_columns,
    recipe_to_follow,
)
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

Rows = npt.NDArray[np.bool_]

CRS_OPTION = "'rareearth-explorer import --crs'"
"""How errors name the way to give a CRS."""


def open_table(
    path: str | Path, *, column: str | None = None, reading: Reading | None = None
) -> PatchTable:
    """Open a patch table: a GeoParquet file, or a folder of its parts.

    Tables of other tools open, too: embeddings may be lists, tensors, binary, or a column for each
    number; places may be shapes in any encoding, bounding boxes, or longitude and latitude. Rows
    without an embedding or a place are left out and counted in `left_out`.

    Parameters
    ----------
    path
        The file or folder.
    column
        Name of the embedding column; by default it is detected.
    reading
        What else the file does not say; `column` goes before the one in it.

    Raises
    ------
    TableError
        The file is missing, not Parquet, damaged or empty, has no footprints or no embeddings of
        one length, or does not say what its numbers or places are; the sentence names the file.
    """
    how = reading or Reading()
    how = replace(how, column=column) if column is not None else how
    return read_table(ParquetSource.open(Path(path)), how)


def read_table(source: ParquetSource, how: Reading) -> PatchTable:
    """Read an opened patch table, which is not remote; errors are those of `open_table`."""
    path = source.path
    facts, notes = recorded_facts(source.schema.metadata)
    ours = is_ours(facts)
    recipe = recipe_to_follow(source.schema, how, ours=ours)
    stored = _stored(source, how, recipe, ours=ours)
    found = stored.found
    beside = other_columns(source.schema, found)
    require_single(source.schema.names, [*found.names, *beside], path, TableError)
    others = source.read(beside)
    places = _places(others, path, how)
    size = recipe.size if recipe else None
    rows = chosen_rows(others, stored, places, how, size, ours="grid" in facts)
    embeddings = KeptEmbeddings(stored, rows.kept, lambda: _stored_places(places, rows.kept))
    units = embeddings.units()
    if recipe is not None:
        notes += notes_on_recipe(recipe, units.shape[1], path, forced=how.recipe is not None)
    columns, more = own_columns(filtered(others, rows.kept), facts)
    notes += (*rows.notes, *places.notes, *notes_on_numbers(stored), *more)
    return PatchTable(
        corners=rows.corners,
        unit_embeddings=units,
        **columns,
        metadata=facts,
        path=path,
        left_out=rows.left_out,
        notes=notes,
        embedding_column=found.title,
        recipe=_recipe_name(facts, recipe, units.shape[1]),
        read_carried=_carried(source, found, places, rows.kept, ours=ours),
        read_embeddings=embeddings.read,
        read_identity=embeddings.identity,
    )


def read_facts(path: str | Path) -> tuple[int, dict[str, Any]]:
    """Read the number of rows of a patch table and what its maker recorded, and nothing else.

    Raises
    ------
    TableError
        The file is missing, not Parquet, or empty.
    """
    source = ParquetSource.open(Path(path))
    return source.rows, recorded_facts(source.schema.metadata)[0]


def _stored(
    source: ParquetSource, how: Reading, recipe: Recipe | None, *, ours: bool
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
    return StoredEmbeddings(source, found, dtype, coding, ours)


def _places(others: pa.Table, path: Path, how: Reading) -> Places:
    places = decode_places(others, path, TableError, crs=how.crs, option=CRS_OPTION)
    if places is None:
        raise TableError(
            f"{path}: there are no footprints and no longitude and latitude among its columns; "
            "write the table with a geometry column, or columns lon and lat."
        )
    return places


def _recipe_name(facts: dict[str, Any], recipe: Recipe | None, dimensions: int) -> str:
    """Name of the recipe that the numbers follow, or did when they were imported."""
    recorded = facts.get("imported", {}).get("recipe", "")
    if recipe is not None and dimensions in recipe.dimensions:
        return recipe.name
    return recorded if recorded in known_recipes() else ""


def _carried(
    source: ParquetSource, found: Embeddings, places: Places, kept: Rows, *, ours: bool
) -> Callable[[], pa.Table] | None:
    """Return what reads the columns of others; None if there are none."""
    taken = {*found.names, *places.columns, *(OWN_COLUMNS if ours else ())}
    names = carried_columns(source.schema, taken)
    if not names:
        return None

    def read() -> pa.Table:
        return decoded(filtered(source.read([*names]), kept), names)

    return read


def _stored_places(places: Places, kept: Rows) -> Iterable[bytes]:
    """Read the stored place of each row as bytes, as `table_identity` takes it."""
    import pyarrow as pa
    import shapely

    shapes = places.shapes[kept]
    if places.raw is not None:
        stored: list[bytes] = places.raw.filter(pa.array(kept)).to_pylist()
        return stored
    if (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        return [point.tobytes() for point in shapely.get_coordinates(shapes).astype("<f8")]
    return [*shapely.to_wkb(shapes)]
