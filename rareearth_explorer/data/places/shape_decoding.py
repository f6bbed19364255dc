"""A column of shapes in any encoding: WKB, text, GeoArrow, native Parquet, bounding boxes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.arrow_kinds import is_bytes, is_list
from rareearth_explorer.data.places.column_names import bbox_columns
from rareearth_explorer.data.places.shape_text import shapes_of_text
from rareearth_explorer.data.places.wkb_checking import wkb_fault
from rareearth_explorer.errors import first_line

if TYPE_CHECKING:
    import pyarrow as pa

Shapes = npt.NDArray[np.object_]

EXTENSION_NAME, EXTENSION_METADATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
"""Keys in the metadata of an Arrow field."""


def decode_shapes(column: pa.ChunkedArray, field: pa.Field, encoding: str | None = None) -> Shapes:
    """Decode a column of shapes, in the CRS of the column.

    Parameters
    ----------
    column
        N values, validated.
    field
        Its field, whose metadata may name an encoding of GeoArrow.
    encoding
        Encoding that GeoParquet records, such as "WKB" or "polygon".

    Returns
    -------
    (N,) shapely geometries, None where there is none.

    Raises
    ------
    ValueError
        A value is no shape; the message names its row, from 1.
    """
    import pyarrow.types as pat

    column, field = _plain(column, field)
    kind = column.type
    if is_bytes(kind):
        return _of_wkb(column.to_pylist())
    if pat.is_string(kind) or pat.is_large_string(kind):
        return shapes_of_text(column.to_pylist())
    if pat.is_struct(kind) and (names := bbox_columns([f.name for f in kind])):
        return boxes(np.stack([_floats(column.combine_chunks().field(n)) for n in names], axis=-1))
    if _is_edges(kind):
        flat = column.combine_chunks().drop_null()
        if (flat.value_lengths().to_numpy(zero_copy_only=False) != 4).any():
            raise ValueError("it holds lists of other than four numbers, not bounding boxes")
        edges = np.full((len(column), 4), np.nan)
        edges[column.is_valid().to_numpy()] = _floats(flat.flatten()).reshape(-1, 4)
        return boxes(edges)
    if pat.is_nested(kind):
        return _of_geoarrow(column, field, encoding)
    raise ValueError(f"it holds {kind}, not shapes")


def _is_edges(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    return is_list(kind) and bool(pat.is_primitive(kind.value_type))


def crs_of_field(field: pa.Field) -> Any:
    """CRS that the field itself names, as GeoArrow and native Parquet do; None without one."""
    metadata = dict(field.metadata or {})
    text = metadata.get(EXTENSION_METADATA)
    serialize = getattr(field.type, "__arrow_ext_serialize__", None)
    if text is None and serialize is not None:
        text = serialize()
    try:
        recorded = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return recorded.get("crs") if isinstance(recorded, dict) else None


def boxes(edges: npt.NDArray[np.float64]) -> Shapes:
    """Make rectangles of (N, 4) west, south, east, north; None where a number is missing.

    A box whose west is east of its east crosses the antimeridian.
    """
    west, south, east, north = edges.T
    east = np.where(west > east, east + 360, east)
    shapes = np.asarray(shapely.box(west, south, east, north))
    shapes[~np.isfinite(edges).all(axis=1)] = None
    return shapes


def _plain(column: pa.ChunkedArray, field: pa.Field) -> tuple[pa.ChunkedArray, pa.Field]:
    """Replace an extension type and a dictionary by what is stored."""
    import pyarrow as pa
    import pyarrow.types as pat

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        metadata = {**(field.metadata or {}), EXTENSION_NAME: kind.extension_name.encode()}
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        field = pa.field(field.name, kind.storage_type, metadata=metadata)
    if pat.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    views = {"string_view": pa.string(), "binary_view": pa.binary()}
    if str(column.type) in views:
        column = column.cast(views[str(column.type)])
    return column, field


def _of_wkb(values: Sequence[bytes | None]) -> Shapes:
    if fault := wkb_fault(values):
        row, what = fault
        raise ValueError(f"the shape in row {row + 1} cannot be read: {what}")
    try:
        return np.asarray(shapely.from_wkb(np.array(values, object)))
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"a shape cannot be read: {first_line(error, most=100)}") from error


def _of_geoarrow(column: pa.ChunkedArray, field: pa.Field, encoding: str | None) -> Shapes:
    import geopandas as gpd
    import pyarrow as pa

    metadata = dict(field.metadata or {})
    name = metadata.get(EXTENSION_NAME, b"").decode(errors="replace")
    if not name:
        if encoding is None:
            encoding = "point" if str(column.type).startswith("struct<") else None
        name = f"geoarrow.{(encoding or 'unknown').lower()}"
    told = pa.field("geometry", column.type, metadata={EXTENSION_NAME: name.encode()})
    table = pa.table([column], schema=pa.schema([told]))
    try:
        shapes = gpd.GeoDataFrame.from_arrow(table).geometry.to_numpy()
    except Exception as error:  # of GeoPandas, Arrow and GEOS, which have no common base
        raise ValueError(f"it holds {column.type} as {name}, which cannot be read") from error
    return np.asarray(shapes, object)


def _floats(values: Any) -> npt.NDArray[np.float64]:
    import pyarrow as pa

    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
