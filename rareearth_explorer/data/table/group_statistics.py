"""What the statistics of a Parquet file tell about a row group without reading its rows.

They only ever rule row groups out: where a file has none, or may mean something else, the rows are
read and decide themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from rareearth_explorer.data.grid import Bbox
from rareearth_explorer.data.places import bbox_columns, place_columns
from rareearth_explorer.data.places.column_names import names_degrees
from rareearth_explorer.data.places.declared_crs import geo_metadata, shape_column
from rareearth_explorer.data.places.degrees_on_earth import is_lonlat
from rareearth_explorer.data.places.lonlat_box import meets
from rareearth_explorer.data.table.parquet_source import ParquetSource, RowGroup

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

EDGES = ("xmin", "ymin", "xmax", "ymax")
"""Members of GeoParquet's columns of bounding boxes."""

ROUNDING = 1e-4
"""Degrees by which a bounding box of float32 may miss its shape."""


def edge_columns(schema: pa.Schema, names: Sequence[str], *, crs: str | None) -> tuple[str, ...]:
    """Find the stored columns that bound each row in degrees: west, south, east and north.

    Parameters
    ----------
    schema
        Columns of the table, with the metadata of its file.
    names
        Those of the columns that may say where a row lies.
    crs
        CRS of the places as asked, or None.

    Returns
    -------
    Paths such as "bbox.xmin"; none where nothing bounds the rows in degrees.
    """
    if crs is not None:
        return ()
    if (column := shape_column(schema)) is not None:
        return _covering(schema, column)
    if (edges := bbox_columns(names)) is not None:
        return edges if names_degrees(edges) else ()
    pair = place_columns(names)
    return (*pair, *pair) if pair is not None and names_degrees(pair) else ()


def may_meet(source: ParquetSource, group: RowGroup, edges: Sequence[str], box: Bbox) -> bool:
    """Tell whether a row of a group may share a point with a box."""
    found = [_range(source, group, edge) for edge in edges]
    if not found or not all(_are_numbers(each) for each in found):
        return True
    lows, highs = zip(*found, strict=True)
    bounds = np.array([[lows[0], lows[1], highs[2], highs[3]]], float)
    in_degrees = (np.abs(bounds) <= [360, 90, 360, 90]).all()
    # A row across the antimeridian may have its west end east of its east end.
    torn = lows[0] > lows[2] or highs[0] > highs[2]
    if torn or not in_degrees:
        return True
    return bool(meets(box, bounds, ROUNDING)[0])


def may_begin_with(source: ParquetSource, group: RowGroup, column: str, text: str) -> bool:
    """Tell whether a value of a column, as text, may begin with `text` in a row of a group."""
    stored = column in source.files[group.part].schema_arrow.names
    if not stored and column in source.keys[group.part]:
        return source.keys[group.part][column].startswith(text)
    found = _range(source, group, column)
    if found is None:
        return True
    low, high = map(_sorted_text, found)
    return low is None or high is None or low[: len(text)] <= text <= high


def _covering(schema: pa.Schema, column: str) -> tuple[str, ...]:
    """Paths of the bounding boxes that GeoParquet declares, or has by its usual name."""
    import pyarrow.types as pat

    try:
        recorded = geo_metadata(schema).get("columns", {}).get(column, {})
    except ValueError:
        return ()
    if not _in_degrees(recorded.get("crs", "OGC:CRS84")) or not recorded:
        return ()
    try:
        declared = recorded["covering"]["bbox"]
        return tuple(".".join(declared[edge]) for edge in EDGES)
    except (KeyError, TypeError):
        pass
    if "bbox" not in schema.names or not pat.is_struct(schema.field("bbox").type):
        return ()
    members = {each.name for each in schema.field("bbox").type}
    return tuple(f"bbox.{edge}" for edge in EDGES) if members >= set(EDGES) else ()


def _in_degrees(crs: Any) -> bool:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return crs is not None and is_lonlat(CRS.from_user_input(crs))
    except (CRSError, RecursionError, TypeError, ValueError):
        return False


def _range(source: ParquetSource, group: RowGroup, path: str) -> tuple[Any, Any] | None:
    """Least and greatest value of a stored column in a group; None if not known for all rows."""
    file = source.files[group.part]
    chunk = _chunk(file, group.number, path)
    statistics = None if chunk is None else chunk.statistics
    if statistics is None or not statistics.has_min_max or statistics.null_count != 0:
        return None
    return statistics.min, statistics.max


def _chunk(file: pq.ParquetFile, group: int, path: str) -> pq.ColumnChunkMetaData | None:
    row_group = file.metadata.row_group(group)
    leaves = range(file.metadata.num_columns)
    at = [leaf for leaf in leaves if file.schema.column(leaf).path == path]
    return row_group.column(at[0]) if len(at) == 1 else None


def _are_numbers(found: tuple[Any, Any] | None) -> bool:
    return found is not None and all(
        isinstance(each, float | int) and np.isfinite(each) for each in found
    )


def _sorted_text(value: Any) -> str | None:
    """Text of a value that sorts as the value does; None if there is none."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return None
    return value.isoformat() if isinstance(value, date) else value if type(value) is str else None
