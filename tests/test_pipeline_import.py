"""Embeddings made elsewhere: kinds of columns, rows without one, what is recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from rareearth_explorer.data.table import PatchTable, TableWriter, add_projection, open_table
from rareearth_explorer.embedding import import_table
from rareearth_explorer.errors import TableError

VALUES = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)

COLUMNS = {
    "list": pa.array(VALUES.tolist(), pa.list_(pa.float32())),
    "large list of doubles": pa.array(VALUES.tolist(), pa.large_list(pa.float64())),
    "fixed-size list": pa.FixedSizeListArray.from_arrays(pa.array(VALUES.ravel()), 5),
    "binary": pa.array([row.tobytes() for row in VALUES]),
    "large binary": pa.array([row.tobytes() for row in VALUES], pa.large_binary()),
    "fixed-size binary": pa.array([row.tobytes() for row in VALUES], pa.binary(20)),
}


def write(path: Path, **columns: Any) -> Path:
    west = np.arange(6.0)
    columns = {"geometry": shapely.to_wkb(shapely.box(west, 10, west + 1, 11))} | columns
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", ["embeddings", "of_my_own"])
def test_kinds_of_columns(tmp_path: Path, kind: str, name: str) -> None:
    source = write(tmp_path / "source.parquet", **{name: COLUMNS[kind]}, town=["x"] * 6)
    report = import_table(source, tmp_path / "table.parquet")
    assert (report.patches, report.dropped, report.dim) == (6, 0, 5)
    table = open_table(report.table)
    np.testing.assert_array_equal(table.embeddings, VALUES)
    np.testing.assert_array_equal(table.corners[:, :, 0].min(axis=1), np.arange(6))
    assert table.row is None
    imported = table.metadata["imported"]
    assert (imported["name"], imported["column"], imported["dropped"]) == (
        "source.parquet",
        name,
        0,
    )
    assert geopandas.read_parquet(report.table).crs.equals("OGC:CRS84")


@pytest.mark.parametrize("kind", COLUMNS)
def test_rows_without_an_embedding_are_dropped_and_counted(tmp_path: Path, kind: str) -> None:
    rows = COLUMNS[kind].to_pylist()
    column = pa.array([rows[0], None, *rows[2:4], None, rows[5]], COLUMNS[kind].type)
    try:
        source = write(tmp_path / "source.parquet", embedding=column)
    except pa.ArrowNotImplementedError as error:
        pytest.skip(f"this pyarrow cannot write it: {error}")
    report = import_table(source, tmp_path / "table.parquet")
    assert (report.patches, report.dropped) == (4, 2)
    table = open_table(report.table)
    assert table.dropped == 0
    np.testing.assert_array_equal(table.embeddings, VALUES[[0, 2, 3, 5]])
    np.testing.assert_array_equal(table.corners[:, :, 0].min(axis=1), [0, 2, 3, 5])
    assert table.metadata["imported"]["dropped"] == 2


def test_the_column_is_given(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source.parquet", one=COLUMNS["list"], other=COLUMNS["fixed-size list"]
    )
    with pytest.raises(TableError, match=r"there is no embedding column .* --column"):
        import_table(source, tmp_path / "table.parquet")
    report = import_table(source, tmp_path / "table.parquet", column="other")
    assert open_table(report.table).metadata["imported"]["column"] == "other"


def test_a_table_of_ours_keeps_what_it_knows(small_table: PatchTable, tmp_path: Path) -> None:
    path = tmp_path / "ours.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    add_projection(path, small_table.embeddings[:, :2], {"method": "UMAP"})
    before = open_table(path)
    import_table(path, path)
    table = open_table(path)
    np.testing.assert_array_equal(table.embeddings, before.embeddings)
    np.testing.assert_array_equal(table.row, before.row)
    np.testing.assert_array_equal(table.umap, before.umap)
    assert table.grid == before.grid
    assert table.metadata["projection"] == {"method": "UMAP"}


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (pa.array([b"12345"] * 6), "holds binary, not embeddings"),
        (pa.array(["a"] * 6), "holds string, not embeddings"),
        (pa.array([["a"]] * 6), "holds list<.*>, not embeddings"),
        (pa.array([[1.0, float("nan")]] * 6), "holds NaN or infinity"),
        (pa.array([[1.0], [2.0, 3.0]] * 3), "must all have one length"),
        (pa.array([None] * 6, pa.list_(pa.float32())), "every embedding .* is missing"),
    ],
)
def test_what_is_no_embedding(tmp_path: Path, column: pa.Array, sentence: str) -> None:
    source = write(tmp_path / "source.parquet", embedding=column)
    with pytest.raises(TableError, match=sentence) as caught:
        import_table(source, tmp_path / "table.parquet")
    assert str(caught.value).startswith(f"{source}: ")
    assert [p.name for p in tmp_path.iterdir()] == ["source.parquet"]


@pytest.mark.realdata
def test_real_tables(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "embeddings"
    clay = import_table(folder / "clay_v0_03WVN_417x768.parquet", tmp_path / "clay.parquet")
    assert (clay.patches, clay.dropped, clay.dim) == (417, 0, 768)
    planet = import_table(folder / "planet_sample_5x512_nulls.parquet", tmp_path / "p.parquet")
    assert (planet.patches, planet.dropped, planet.dim) == (3, 2, 512)
    assert open_table(clay.table).metadata["imported"]["column"] == "embeddings"


# Large tables -------------------------------------------------------------------------------------

MEASURED = """
import resource, sys
import subprocess
import sys
from pathlib import Path
from rareearth_explorer.data.table import Reading
from rareearth_explorer.embedding import import_table
import_table(Path(sys.argv[1]), Path(sys.argv[2]), reading=Reading(spacing=20.0))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
"""Import a table, and print the highest use of memory in megabytes."""


def large_table(path: Path, rows: int, dimensions: int) -> Path:
    """Write points with embeddings and ids, one row group at a time."""
    group, side = 20_000, int(np.ceil(np.sqrt(rows)))
    kind = pa.list_(pa.float32(), dimensions)
    schema = pa.schema([("id", pa.string()), ("lon", pa.float64()), ("lat", pa.float64()),
                        ("embedding", kind)])  # fmt: skip
    generator = np.random.default_rng(0)
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, group):
            at = np.arange(start, min(rows, start + group))
            numbers = generator.normal(size=(len(at), dimensions)).astype(np.float32)
            columns = [
                pa.array([f"p{each}" for each in at]),
                pa.array(97 + at % side * 0.0002),
                pa.array(25 + at // side * 0.0002),
                pa.FixedSizeListArray.from_arrays(pa.array(numbers.reshape(-1)), dimensions),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return path


@pytest.mark.slow
def test_memory_does_not_grow_with_the_embeddings(tmp_path: Path) -> None:
    def used(rows: int, dimensions: int) -> int:
        source = large_table(tmp_path / "t.parquet", rows, dimensions)
        command = [sys.executable, "-c", MEASURED, str(source), str(tmp_path / "out.parquet")]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    rows, dimensions = 200_000, 512
    embeddings = rows * dimensions * 4 // 1_000_000  # 410 MB, which are not held
    few, many = used(40_000, dimensions), used(rows, dimensions)
    assert many - few < 0.7 * embeddings
    assert many - few < (rows - 40_000) * 1000 // 1_000_000 + 60
