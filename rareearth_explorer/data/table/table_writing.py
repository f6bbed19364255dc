"""Write patch tables, one row group at a time, so that no scene is too large."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places import in_one_frame
from rareearth_explorer.data.storage.replacing import explained, replacing
from rareearth_explorer.data.table.recorded_facts import METADATA_KEY, recorded_facts
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

COMPRESSION: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
}
"""Compression: embeddings hardly compress, but light zstd shrinks the polygons."""


def _geo_metadata(bounds: list[float]) -> dict[str, Any]:
    """Metadata of GeoParquet 1.1; no `crs` member means OGC:CRS84, longitude before latitude."""
    column = {"encoding": "WKB", "geometry_types": ["Polygon"], "bbox": bounds}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


class TableWriter:
    """Writes a patch table to a temporary file and moves it to `path` when it is complete.

    After an exception in the `with` block, the temporary file is removed and `path` is
    unchanged.

    Parameters
    ----------
    path
        Path of the table to write.
    dim
        Length of an embedding.
    metadata
        Facts to record: `grid`, `encoder`, `scenes`; JSON types.
    placed
        Whether patches have a row and a column in a grid.
    carried
        Columns of others to write beside ours, or None.
    within
        As for `replacing`.

    Raises
    ------
    TableError
        The table cannot be written there; also raised within the `with` block.
    """

    def __init__(
        self,
        path: Path,
        dim: int,
        metadata: dict[str, Any],
        *,
        placed: bool = True,
        carried: pa.Schema | None = None,
        within: Path | None = None,
    ) -> None:
        import pyarrow as pa

        self.path = Path(path)
        self._within = within
        self._bounds = [180.0, 90.0, -180.0, -90.0]
        self._metadata = metadata
        places = [pa.field("row", pa.int32()), pa.field("col", pa.int32())] if placed else []
        self.schema = pa.schema(
            [
                pa.field("geometry", pa.binary()),
                *places,
                *(carried or ()),
                pa.field("embedding", pa.list_(pa.float32(), dim)),
            ]
        )

    def append(
        self,
        row: npt.NDArray[np.integer[Any]] | None,
        column: npt.NDArray[np.integer[Any]] | None,
        corners: npt.NDArray[np.float64],
        embeddings: npt.NDArray[np.float32],
        carried: pa.Table | None = None,
    ) -> None:
        """Write a row group: places (n,) or None, corners (n, 4, 2) lon/lat, embeddings (n, D)."""
        import pyarrow as pa
        import shapely

        if not len(embeddings):
            return
        corners = in_one_frame(corners)  # no footprint is 360 degrees wide
        places = (row, column) if "row" in self.schema.names else ()
        flat = pa.array(np.ascontiguousarray(embeddings, np.float32).reshape(-1))
        arrays = [
            pa.array(shapely.to_wkb(shapely.polygons(corners))),
            *(pa.array(np.asarray(each, np.int32)) for each in places),
            *(() if carried is None else (each.combine_chunks() for each in carried.columns)),
            pa.FixedSizeListArray.from_arrays(flat, embeddings.shape[1]),
        ]
        with _writable(self.path):
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
        west, south, east, north = self._bounds
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        self._bounds = [
            min(west, float(low[0])), min(south, float(low[1])),
            max(east, float(high[0])), max(north, float(high[1])),
        ]  # fmt: skip

    def __enter__(self) -> Self:
        """Start writing."""
        import pyarrow.parquet as pq

        with _writable(self.path), ExitStack() as opening:
            beside = opening.enter_context(replacing(self.path, synced=True, within=self._within))
            self._writer = opening.enter_context(
                pq.ParquetWriter(beside, self.schema, **COMPRESSION)
            )
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Move the complete table to `path`, or remove the temporary file."""
        if kind is None:
            self._writer.add_key_value_metadata(
                {
                    b"geo": json.dumps(_geo_metadata(self._bounds)).encode(),
                    METADATA_KEY: json.dumps(self._metadata).encode(),
                }
            )
        with _writable(self.path):
            self._opened.__exit__(kind, error, trace)


def _writable(path: Path) -> AbstractContextManager[None]:
    """Explain in a sentence that a table could not be written."""
    return explained(path, "the table cannot be written there", TableError)


def add_projection(
    path: Path, coordinates: npt.NDArray[np.float32], parameters: dict[str, Any]
) -> None:
    """Store 2-D coordinates (N, 2) of all rows as `umap_x`, `umap_y`, with their parameters.

    Raises
    ------
    TableError
        The table cannot be written.
    """
    _add_columns(path, dict(zip(("umap_x", "umap_y"), coordinates.T, strict=True)),
                 {"projection": parameters})  # fmt: skip


def add_activity(path: Path, activity: npt.NDArray[np.float32], parameters: dict[str, Any]) -> None:
    """Store the variation of each patch over time, (N,), as `activity`, with how it was measured.

    Raises
    ------
    TableError
        The table cannot be written.
    """
    _add_columns(path, {"activity": activity}, {"activity": parameters})


def _add_columns(
    path: Path, columns: dict[str, npt.NDArray[np.float32]], record: dict[str, Any]
) -> None:
    """Store columns of float32, or replace columns of the same names, and record their origin.

    Row groups are copied one by one, so memory does not grow with the table.
    """
    import pyarrow.parquet as pq

    with (
        _writable(path),
        replacing(path, synced=True) as beside,
        pq.ParquetFile(path) as source,
    ):
        schema = _schema_with(
            source.schema_arrow, source.metadata.metadata or {}, list(columns), record
        )
        with pq.ParquetWriter(beside, schema, **COMPRESSION) as writer:
            start = 0
            for number in range(source.num_row_groups):
                group = source.read_row_group(number)
                here = {k: each[start : start + len(group)] for k, each in columns.items()}
                start += len(group)
                writer.write_table(_with_columns(group, here, schema))


def _schema_with(
    schema: pa.Schema, metadata: dict[bytes, bytes], names: list[str], record: dict[str, Any]
) -> pa.Schema:
    import pyarrow as pa

    ours = {**recorded_facts(metadata)[0], **record}
    kept = [field for field in schema if field.name not in names]
    added = [pa.field(name, pa.float32()) for name in names]
    geo = {b"geo": metadata[b"geo"]} if b"geo" in metadata else {}
    return pa.schema([*kept, *added], metadata={**geo, METADATA_KEY: json.dumps(ours).encode()})


def _with_columns(
    group: pa.Table, columns: dict[str, npt.NDArray[np.float32]], schema: pa.Schema
) -> pa.Table:
    import pyarrow as pa

    # By number, because a table may have several columns of one name.
    kept = [group.column(at) for at, name in enumerate(group.column_names) if name not in columns]
    added = [pa.array(np.ascontiguousarray(each, np.float32)) for each in columns.values()]
    return pa.Table.from_arrays([*kept, *added], schema=schema)
