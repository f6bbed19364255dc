"""Open patch tables, our own and those of other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places import Places
from rareearth_explorer.data.table.carried_columns import CarriedColumns
from rareearth_explorer.data.table.chosen_rows import filtered
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.patch_table import PatchTable
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.recorded_facts import recorded_facts
from rareearth_explorer.data.table.rows_to_read import rows_to_read
from rareearth_explorer.data.table.stored_embeddings import KeptEmbeddings, StoredEmbeddings

Rows = npt.NDArray[np.bool_]


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
    rows = rows_to_read(source, how, StoredEmbeddings)
    stored, kept = rows.stored, rows.chosen.kept
    embeddings = KeptEmbeddings(stored, kept, lambda: _stored_places(rows.places, kept))
    units = embeddings.units()
    return PatchTable(
        corners=rows.chosen.corners,
        unit_embeddings=units,
        **rows.columns,
        metadata=rows.facts,
        path=source.path,
        left_out=rows.chosen.left_out,
        notes=rows.notes(units.shape[1]),
        embedding_column=stored.found.title,
        recipe=rows.recipe_name(units.shape[1]),
        others=_carried(source, rows.carried, kept),
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


def _carried(source: ParquetSource, names: Mapping[str, str], kept: Rows) -> CarriedColumns | None:
    """Return the columns of others; None if there are none."""
    if not names:
        return None
    return CarriedColumns(names, lambda stored: filtered(source.read(stored), kept))


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
