"""The decoder of places: from the columns of a table to shapes in longitude and latitude."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.arrow_kinds import is_bytes
from rareearth_explorer.data.places.angles import parse_degrees
from rareearth_explorer.data.places.column_names import (
    bbox_columns,
    names_degrees,
    place_columns,
    require_single,
    rival_pairs,
    whole_place_columns,
)
from rareearth_explorer.data.places.declared_crs import (
    declared_crs,
    geo_metadata,
    known_crs,
    shape_column,
)
from rareearth_explorer.data.places.degrees_on_earth import in_degrees
from rareearth_explorer.data.places.pair_text import Order
from rareearth_explorer.data.places.place_source import PlaceSource, or_option, short
from rareearth_explorer.data.places.shape_decoding import boxes, decode_shapes
from rareearth_explorer.data.places.shape_text import begins_as_shape
from rareearth_explorer.data.places.whole_places import lonlat_of_texts
from rareearth_explorer.errors import ExplorerError, first_line

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import CRS

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Places:
    """The place of each row of a table.

    Attributes
    ----------
    shapes
        (N,) shapely geometries in WGS 84 lon/lat; None in rows without a place. Longitudes are as
        in the file, from -180 to 180 or from 0 to 360.
    columns
        Names of the columns that were read.
    raw
        The column of N values as stored, if it is binary, or None.
    notes
        Sentences about what the reader should know.
    """

    shapes: Shapes
    columns: tuple[str, ...]
    raw: pa.ChunkedArray | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """(N,) True for the rows with a place."""
        return ~(shapely.is_missing(self.shapes) | shapely.is_empty(self.shapes))


def decode_places(
    table: pa.Table,
    name: object,
    error: type[ExplorerError],
    *,
    crs: str | None = None,
    column: str | None = None,
    points_first: bool = False,
    strict: bool = False,
    option: str = "--crs",
) -> Places | None:
    """Find and decode the places of a table's rows.

    Shapes may be WKB, WKT, GeoJSON text, GeoArrow or native Parquet geometries, or bounding boxes;
    otherwise longitude and latitude are found by name, in two columns or in one. The CRS is that of
    `crs`, of GeoParquet's metadata, of the field, or of PostGIS' number in the shapes; without any
    of these, only what can be degrees is taken.

    Parameters
    ----------
    table
        N rows; the schema holds the metadata of its file.
    name
        What to call the file in errors.
    error
        Class of the errors.
    crs
        CRS of the coordinates in any form that pyproj reads, instead of what the file says.
    column
        Name of the column of shapes, if it is known.
    points_first
        Whether longitude and latitude are preferred to text that may be shapes.
    strict
        Whether to refuse shapes without a CRS, and degrees where the file declares metres; else
        both are taken as degrees where they can be, and said in the notes.
    option
        What to call the way to give `crs` in errors; empty where there is none.

    Returns
    -------
    The places, or None if no column holds any.

    Raises
    ------
    ExplorerError
        Of class `error`: a shape is broken or crafted, the CRS is unknown, two columns share a
        name, or a place is not on the Earth, swapped, or in metres without a CRS.
    """
    source = PlaceSource(table, name, error, crs, column, strict, option)
    finders = [_of_shapes, _of_box_columns, _of_point_columns, _of_whole_column]
    if points_first and place_columns(table.column_names):
        finders.insert(0, finders.pop(2))
    empty = None
    for find in finders:
        places = find(source)
        if places is not None and places.present.any():
            return places
        empty = empty or places
    if empty is not None:
        return empty
    if rivals := rival_pairs(table.column_names):
        pairs = ", ".join(" and ".join(pair) for pair in rivals[:5])
        source.refuse(
            f"it has several places a row, {pairs}; call the columns that count lon and lat."
        )
    return None


def _of_shapes(source: PlaceSource) -> Places | None:
    schema = source.table.schema
    column = source.column or shape_column(schema)
    if column is None:
        return None
    require_single(source.table.column_names, [column], source.name, source.error)
    try:
        recorded = geo_metadata(schema).get("columns", {}).get(column)
    except ValueError as fault:
        if source.crs is None:
            source.refuse(
                f"its metadata 'geo' is not that of GeoParquet ({first_line(fault)}); write the "
                f"file again with GeoPandas{or_option(source)}."
            )
        recorded = None
    values = source.table.column(column)
    encoding = (recorded or {}).get("encoding")
    try:
        values.validate(full=True)
        shapes = decode_shapes(values, schema.field(column), encoding)
    except (ValueError, TypeError, NotImplementedError) as fault:
        where = "" if source.column else f"in column {column!r}, "
        source.refuse(f"{where}{first_line(fault)}; mend or remove it.")
    declared = declared_crs(source, recorded, schema.field(column), shapes)
    placed, notes = in_degrees(source, shapes, declared, f"column {column!r}")
    raw = values if is_bytes(values.type) else None
    return Places(placed, (column,), raw, notes)


def _of_box_columns(source: PlaceSource) -> Places | None:
    names = bbox_columns(source.table.column_names)
    if names is None:
        return None
    require_single(source.table.column_names, names, source.name, source.error)
    edges = np.stack(
        [_numbers(source, each, axis) for each, axis in zip(names, "XYXY", strict=True)]
    )
    where, named = f"the columns {', '.join(names)}", names_degrees(names)
    shapes, notes = in_degrees(source, boxes(edges.T), _named_crs(source), where, named=named)
    return Places(shapes, names, notes=notes)


def _of_point_columns(source: PlaceSource) -> Places | None:
    names = place_columns(source.table.column_names)
    if names is None:
        return None
    require_single(source.table.column_names, names, source.name, source.error)
    lonlat = np.stack(
        [_numbers(source, each, axis) for each, axis in zip(names, "XY", strict=True)], axis=1
    )
    where, named = f"the columns {' and '.join(names)}", names_degrees(names)
    placed, notes = in_degrees(source, _points(lonlat), _named_crs(source), where, named=named)
    return Places(placed, names, notes=notes)


def _of_whole_column(source: PlaceSource) -> Places | None:
    """Read the one column that holds a whole place in each cell, if there is one."""
    found: dict[str, Places] = {}
    named = whole_place_columns(source.table.column_names)
    for column, order in named.items():
        texts = _texts(source, column)
        if texts is None:
            continue
        if any(text and begins_as_shape(text) for text in texts):
            places = _of_shapes(replace(source, column=column))
        else:
            places = _of_texts(source, column, order, texts)
        if places is not None:
            found[column] = places
    if len(found) > 1:
        source.refuse(
            f"it has several places a row, in the columns {', '.join(found)}; remove all but one."
        )
    return next(iter(found.values()), None)


def _of_texts(
    source: PlaceSource, column: str, order: Order, texts: list[str | None]
) -> Places | None:
    read = lonlat_of_texts(source, column, order, texts)
    if read is None:
        return None
    lonlat, said = read
    where = f"column {column!r}"
    placed, notes = in_degrees(source, _points(lonlat), _named_crs(source), where, named=True)
    return Places(placed, (column,), notes=(*said, *notes))


def _texts(source: PlaceSource, name: str) -> list[str | None] | None:
    """Cells of a column of text; None if it holds something else."""
    import pyarrow.types as pat

    require_single(source.table.column_names, [name], source.name, source.error)
    column = source.table.column(name)
    if pat.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if "string" not in str(column.type) or pat.is_nested(column.type):
        return None
    try:
        column.validate(full=True)
        texts: list[str | None] = column.to_pylist()
    except ValueError as fault:
        source.refuse(f"column {name!r} cannot be read: {first_line(fault)}; mend or remove it.")
    return texts


def _numbers(source: PlaceSource, name: str, axis: str) -> npt.NDArray[np.float64]:
    """Read a column of coordinates, of numbers or text; NaN where there is none."""
    import pyarrow as pa
    import pyarrow.types as pat

    column = source.table.column(name)
    if pat.is_floating(column.type) or pat.is_integer(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    try:
        column.validate(full=True)
        values = column.to_pylist()
    except ValueError as fault:
        source.refuse(f"column {name!r} cannot be read: {first_line(fault)}; mend or remove it.")
    numbers = [parse_degrees(value, {"X": "EW", "Y": "NS"}[axis]) for value in values]
    if None in numbers:
        row = numbers.index(None)
        source.refuse(
            f"row {row + 1} has {short(values[row])} in column {name}, which is not a number; "
            "mend or remove it."
        )
    return np.array([math.nan if number is None else number for number in numbers])


def _points(lonlat: npt.NDArray[np.float64]) -> Shapes:
    """Make points of (N, 2) lon/lat; None where a number is missing."""
    shapes = np.full(len(lonlat), None, object)
    there = ~np.isnan(lonlat).any(axis=1)
    shapes[there] = shapely.points(lonlat[there])
    return shapes


def _named_crs(source: PlaceSource) -> CRS | None:
    return None if source.crs is None else known_crs(source, source.crs)
