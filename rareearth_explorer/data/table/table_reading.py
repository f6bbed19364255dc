"""Open patch tables, our own and those of other tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.place_columns import place_columns
from rareearth_explorer.data.table.identity import table_identity
from rareearth_explorer.data.table.patch_table import PatchTable, unit_rows
from rareearth_explorer.data.table.table_writing import METADATA_KEY
from rareearth_explorer.data.table.unit_cache import cached_array, cached_text, content_key
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

EMBEDDING_NAMES = ("embedding", "embeddings", "vector", "features", "clay_embedding")


def open_table(path: str | Path, *, column: str | None = None) -> PatchTable:
    """Open a GeoParquet patch table.

    Tables of other tools open, too: the embedding column is found by its name or as the only list
    or binary column (float32), and without a recorded grid the footprints alone are used. Rows
    without an embedding are left out and counted in `dropped`.

    Parameters
    ----------
    path
        The file.
    column
        Name of the embedding column; by default it is detected.

    Raises
    ------
    TableError
        The file is missing, not Parquet, empty, or has no footprints or no embeddings of one
        length; the sentence names the file.
    """
    path = Path(path)
    file = _open_parquet(path)
    schema = file.schema_arrow.with_metadata(file.metadata.metadata)
    column = column or _embedding_column(schema, path)
    if column not in schema.names:
        raise TableError(
            f"{path}: there is no column {column!r}; choose one of {', '.join(schema.names)}."
        )
    present = _present_rows(file, column, path)
    others = (
        file.read([name for name in schema.names if name != column])
        .filter(present)
        .replace_schema_metadata(schema.metadata)
    )
    key = content_key(path, column)

    def read() -> npt.NDArray[np.float32]:
        return _read_embeddings(path, column)

    def identity(embeddings: Callable[[], npt.NDArray[np.float32]]) -> str:
        return cached_text(key, lambda: table_identity(embeddings(), _stored_places(others)))

    def decode() -> npt.NDArray[np.float32]:
        stored = read()
        normalised = unit_rows(stored, str(path))
        identity(lambda: stored)  # stored now, because decoding again takes much longer
        return normalised

    units = cached_array(key, decode)
    return PatchTable(
        corners=_corners(others, path),
        unit_embeddings=units,
        row=_integers(others, "row"),
        column=_integers(others, "col"),
        umap=_umap(others),
        activity=_activity(others),
        metadata=json.loads((schema.metadata or {}).get(METADATA_KEY, b"{}")),
        path=path,
        dropped=len(present) - len(units),
        embedding_column=column,
        read_embeddings=read,
        read_identity=lambda: identity(read),
    )


def read_facts(path: str | Path) -> tuple[int, dict[str, Any]]:
    """Read the number of rows of a patch table and what its maker recorded, and nothing else.

    Raises
    ------
    TableError
        The file is missing, not Parquet, or empty.
    """
    facts = _open_parquet(Path(path)).metadata
    return facts.num_rows, json.loads((facts.metadata or {}).get(METADATA_KEY, b"{}"))


def _open_parquet(path: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file; check the path.") from None
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            f"{path}: this is not a complete Parquet file; make the table again with "
            "'rareearth-explorer embed'."
        ) from error
    if file.metadata.num_rows == 0:
        raise TableError(f"{path}: the table has no rows; embed a scene that has valid pixels.")
    return file


def _embedding_column(schema: pa.Schema, path: Path) -> str:
    known = [name for name in EMBEDDING_NAMES if name in schema.names]
    if known:
        return known[0]
    vectors = [field.name for field in schema if _is_list(field.type)]
    binary = [f.name for f in schema if _is_binary(f.type) and f.name != _geometry_name(schema)]
    for found in (vectors, binary):
        if len(found) == 1:
            return str(found[0])
    raise TableError(
        f"{path}: there is no embedding column among {', '.join(schema.names)}; "
        "name it with column=... or --column."
    )


def _present_rows(file: pq.ParquetFile, column: str, path: Path) -> pa.Array:
    """Tell which rows have an embedding, as booleans; decodes the column only if some have not."""
    import pyarrow as pa

    index = file.schema_arrow.names.index(column)
    leaf = next(
        i
        for i in range(file.metadata.num_columns)
        if file.schema.column(i).path.split(".")[0] == file.schema_arrow.names[index]
    )
    groups = [file.metadata.row_group(i).column(leaf) for i in range(file.num_row_groups)]
    whole = all(g.statistics is not None and g.statistics.null_count == 0 for g in groups)
    if whole:
        return pa.array(np.ones(file.metadata.num_rows, bool))
    present = file.read([column]).column(column).is_valid()
    if not any(present.to_pylist()):
        raise TableError(f"{path}: every embedding in {column!r} is missing; embed again.")
    return present.combine_chunks()


def _read_embeddings(path: Path, column: str) -> npt.NDArray[np.float32]:
    """Decode the embedding column, without rows that have none: (N, D) float32."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = pq.read_table(path, columns=[column]).column(column).drop_null()
    kind = values.type
    try:
        if _is_binary(kind):
            rows = [np.frombuffer(value, np.float32) for value in values.to_pylist()]
            lengths, flat = np.array([len(r) for r in rows]), np.concatenate(rows)
        elif _is_list(kind):
            lengths = values.combine_chunks().value_lengths().to_numpy(zero_copy_only=False)
            flat = pa.compute.list_flatten(values).cast(pa.float32()).to_numpy()
        else:
            raise ValueError
    except (ValueError, pa.ArrowException) as error:
        raise TableError(
            f"{path}: column {column!r} holds {kind}, not embeddings, which are lists of numbers "
            "or float32 as binary; name another column."
        ) from error
    if len(set(lengths.tolist())) != 1 or lengths[0] == 0 or len(flat) != lengths.sum():
        odd = int(np.argmax(lengths != np.bincount(lengths).argmax()))
        raise TableError(
            f"{path}: embeddings must all have one length, but row {odd} has {lengths[odd]}; "
            "embed the scene again with one encoder."
        )
    return np.ascontiguousarray(flat, np.float32).reshape(len(lengths), -1)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    return bool(pat.is_list(kind) or pat.is_large_list(kind) or pat.is_fixed_size_list(kind))


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    kinds = (pat.is_binary, pat.is_large_binary, pat.is_fixed_size_binary)
    return any(is_kind(kind) for is_kind in kinds)


def _geometry_name(schema: pa.Schema) -> str:
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    return str(geo.get("primary_column", "geometry"))


def _corners(table: pa.Table, path: Path) -> npt.NDArray[np.float64]:
    """Footprint corners in lon/lat, (N, 4, 2), from polygons or from longitude and latitude."""
    import shapely

    name = _geometry_name(table.schema)
    if name in table.column_names:
        shapes = shapely.from_wkb(table.column(name).to_numpy(zero_copy_only=False))
        if shapely.is_missing(shapes).any() or shapely.is_empty(shapes).any():
            raise TableError(f"{path}: a footprint in {name!r} is missing; remove these rows.")
        return _to_lonlat(_quadrilaterals(shapes), table.schema, name, path)
    points = _points(table)
    if points is None:
        raise TableError(
            f"{path}: there are no footprints and no longitude and latitude among "
            f"{', '.join(table.column_names)}; write the table with a geometry column."
        )
    return _squares(points)


def _points(table: pa.Table) -> npt.NDArray[np.float64] | None:
    """Longitude and latitude of every row, (N, 2), where there are columns of such names."""
    places = place_columns(table.column_names)
    if places is None:
        return None
    points = np.stack([table.column(name).to_numpy() for name in places], axis=-1)
    return np.asarray(points, dtype=np.float64)


def _stored_places(table: pa.Table) -> Iterable[bytes]:
    """Read the stored place of each row as bytes, as `table_identity` takes it."""
    name = _geometry_name(table.schema)
    if name in table.column_names:
        stored: list[bytes] = table.column(name).to_pylist()
        return stored
    points = _points(table)
    return () if points is None else (point.astype("<f8").tobytes() for point in points)


def _quadrilaterals(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Corners of footprints: their own four, or those of the bounding box for other shapes."""
    import shapely

    if (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        return _squares(shapely.get_coordinates(shapes))
    west, south, east, north = shapely.bounds(shapes).T
    corners = np.stack(
        [np.stack(xy, -1) for xy in ((west, north), (east, north), (east, south), (west, south))],
        axis=1,
    )
    four = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & (
        shapely.get_num_coordinates(shapes) == 5
    )
    corners[four] = shapely.get_coordinates(shapes[four]).reshape(-1, 5, 2)[:, :4]
    return corners


def _squares(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Squares around points without an extent, as wide as the typical distance of neighbours."""
    from scipy.spatial import KDTree

    # 250 m at the equator, for a point that is alone
    distances = np.asarray(KDTree(points).query(points, k=2)[0]) if len(points) > 1 else None
    usual = 0.0025 if distances is None else float(np.median(distances[:, 1]))
    half = usual / 2 or 0.00125
    return np.asarray(points[:, None] + half * np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]))


def _to_lonlat(
    corners: npt.NDArray[np.float64], schema: pa.Schema, name: str, path: Path
) -> npt.NDArray[np.float64]:
    from pyproj import CRS, Transformer

    recorded = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    # GeoParquet: a missing crs means OGC:CRS84, which is lon/lat.
    crs = CRS.from_user_input(recorded.get("columns", {}).get(name, {}).get("crs") or "OGC:CRS84")
    within = (np.abs(corners[..., 0]) <= 180).all() and (np.abs(corners[..., 1]) <= 90).all()
    if crs.is_geographic or within:
        # Some tables declare Web Mercator and hold degrees. The alternative would be metres within
        # 180 m of the projection's origin, where there is no land.
        places = corners
    else:
        x, y = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
            corners[..., 0], corners[..., 1]
        )
        places = np.stack([x, y], axis=-1)
    if not np.isfinite(places).all():
        raise TableError(f"{path}: a footprint lies outside its CRS ({crs.name}); correct the CRS.")
    return np.ascontiguousarray(places)


def _integers(table: pa.Table, name: str) -> npt.NDArray[np.int32] | None:
    import pyarrow.types as pat

    if name not in table.column_names or not pat.is_integer(table.schema.field(name).type):
        return None
    return np.asarray(table.column(name).to_numpy(), np.int32)


def _umap(table: pa.Table) -> npt.NDArray[np.float32] | None:
    if not {"umap_x", "umap_y"} <= set(table.column_names):
        return None
    columns: list[Any] = [table.column(name).to_numpy() for name in ("umap_x", "umap_y")]
    return np.stack(columns, axis=-1).astype(np.float32)


def _activity(table: pa.Table) -> npt.NDArray[np.float32] | None:
    import pyarrow.types as pat

    name = "activity"
    if name not in table.column_names or not pat.is_floating(table.schema.field(name).type):
        return None
    return np.asarray(table.column(name).to_numpy(), np.float32)
