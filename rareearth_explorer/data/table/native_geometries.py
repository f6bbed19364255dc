"""Geometries as Parquet itself has them, with their CRS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rareearth_explorer.data.places.shape_decoding import EXTENSION_METADATA, EXTENSION_NAME

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


def native_geometries(file: pq.ParquetFile) -> dict[str, pa.Field]:
    """Fields of Parquet's own geometries, with the CRS in their metadata as GeoArrow puts it."""
    fields = {}
    for at in range(file.metadata.num_columns):
        column = file.schema.column(at)
        try:
            logical = json.loads(column.logical_type.to_json())
        except ValueError:
            continue
        if logical.get("Type") in ("Geometry", "Geography") and "." not in column.path:
            told = {
                EXTENSION_NAME: b"geoarrow.wkb",
                EXTENSION_METADATA: json.dumps({"crs": _native_crs(file, logical.get("crs"))}),
            }
            field = file.schema_arrow.field(column.path)
            fields[column.path] = field.with_metadata({**(field.metadata or {}), **told})
    return fields


def _native_crs(file: pq.ParquetFile, crs: str | None) -> str:
    """CRS of a native geometry, in a form that pyproj reads; none means OGC:CRS84."""
    kind, _, rest = (crs or "OGC:CRS84").partition(":")
    if kind == "srid":
        return f"EPSG:{rest}"
    if kind == "projjson":
        stored = (file.metadata.metadata or {}).get(rest.encode(), b"")
        return str(stored.decode(errors="replace"))
    return str(crs or "OGC:CRS84")
