"""The column of shapes of a table, and its CRS, as the file declares them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places.place_source import PlaceSource, or_option, short
from rareearth_explorer.data.places.shape_decoding import crs_of_field
from rareearth_explorer.errors import first_line

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import CRS

Shapes = npt.NDArray[np.object_]

SHAPE_NAMES = (
    *("geometry", "geom", "the_geom", "wkb_geometry", "wkt_geometry", "geometry_wkt"),
    *("geom_wkt", "geom_wkb", "geometry_wkb", "wkt", "wkb", "ewkt", "ewkb", "geojson", ".geo"),
    *("shape", "footprint", "geography", "geog", "bbox"),
)
"""Names of columns of shapes, in lower case, the usual ones first."""

WGS84 = "OGC:CRS84"
"""Longitude before latitude, which GeoParquet means where it names no CRS."""


def shape_column(schema: pa.Schema) -> str | None:
    """Name of the column of shapes, by GeoParquet's metadata, GeoArrow's, or its usual names."""
    try:
        recorded = geo_metadata(schema)
    except ValueError:
        recorded = {}
    primary = recorded.get("primary_column")
    if isinstance(primary, str) and primary in schema.names:
        return primary
    for each in schema:
        if crs_of_field(each) is not None or _extension(each).startswith("geoarrow."):
            return str(each.name)
    lowered = {each.name.lower(): each.name for each in schema if not _is_number(each.type)}
    return next((lowered[name] for name in SHAPE_NAMES if name in lowered), None)


def geo_metadata(schema: pa.Schema) -> dict[str, Any]:
    """Read GeoParquet's metadata of a file; empty if it has none.

    Raises
    ------
    ValueError
        It is not JSON, or not of GeoParquet's form.
    """
    text = (schema.metadata or {}).get(b"geo")
    if text is None:
        return {}
    try:
        recorded = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    columns = recorded.get("columns") if isinstance(recorded, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(c, dict) for c in columns.values()):
        raise ValueError("no object of columns")
    return {**recorded}


def _extension(each: pa.Field) -> str:
    named = (each.metadata or {}).get(b"ARROW:extension:name", b"").decode(errors="replace")
    return named or str(getattr(each.type, "extension_name", ""))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    return bool(pat.is_primitive(kind))


def declared_crs(
    source: PlaceSource, recorded: dict[str, Any] | None, each: pa.Field, shapes: Shapes
) -> CRS | None:
    """CRS of a column of shapes, from the strongest of what names it; None if nothing does."""
    if source.crs is not None:
        return known_crs(source, source.crs)
    if recorded is not None and recorded.get("crs", WGS84) is not None:
        return known_crs(source, recorded.get("crs", WGS84))
    if (own := crs_of_field(each)) is not None:
        return known_crs(source, own)
    srids = {srid for srid in np.unique(shapely.get_srid(shapes)).tolist() if srid > 0}
    if len(srids) > 1:
        source.refuse(f"its shapes are in several CRSs, EPSG {sorted(srids)}; convert them to one.")
    return known_crs(source, f"EPSG:{srids.pop()}") if srids else None


def known_crs(source: PlaceSource, given: Any) -> CRS:
    """Return the CRS of a description in any form, or refuse it."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(given)
    except (CRSError, RecursionError, TypeError, ValueError) as fault:
        said = short(given if isinstance(given, str) else json.dumps(given, default=str))
        source.refuse(
            f"the coordinate reference system {said} is not known ({first_line(fault)}); "
            f"write the file again with a known one{or_option(source)}."
        )
