"""The patch table: ours round trip, others' as they come, bad ones in a sentence."""

from __future__ import annotations

import importlib

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from rareearth_explorer.data.table import PatchTable, TableWriter, add_projection, open_table
from rareearth_explorer.errors import TableError


@pytest.fixture
def written(small_table, tmp_path):
    """A table file of several row groups, and what was written to it."""
    path = tmp_path / "table.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        for start in range(0, len(small_table), 25):
            part = slice(start, start + 25)
            writer.append(
                small_table.row[part],
                small_table.column[part],
                small_table.corners[part],
                small_table.embeddings[part],
            )
    return path


def write_foreign(path, columns, geo=None):
    metadata = {b"geo": geo} if geo else None
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def squares(count):
    return shapely.to_wkb(shapely.box(np.arange(count), 10, np.arange(count) + 1, 11))


@pytest.mark.parametrize("opening", ["first", "again"])
def test_round_trip(written, small_table, opening):
    table = open_table(written)
    if opening == "again":
        table = open_table(written)
        assert isinstance(table.unit_embeddings.base, np.memmap)
    np.testing.assert_array_equal(table.embeddings, small_table.embeddings)
    np.testing.assert_allclose(np.linalg.norm(table.unit_embeddings, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(table.corners, small_table.corners)
    np.testing.assert_array_equal(table.row, small_table.row)
    np.testing.assert_array_equal(table.column, small_table.column)
    np.testing.assert_allclose(table.centroids, small_table.centroids)
    assert table.grid == small_table.grid
    assert table.umap is None
    assert (len(table), table.dim, table.dropped) == (len(small_table), small_table.dim, 0)


def test_geopandas_opens_it(written, small_table):
    frame = geopandas.read_parquet(written)
    assert len(frame) == len(small_table)
    assert frame.crs.equals("OGC:CRS84")
    np.testing.assert_allclose(np.stack(frame["embedding"]), small_table.embeddings)
    assert shapely.equals_exact(frame.geometry.values, small_table.footprints, 1e-9).all()


def test_projection_is_added_and_nothing_else_changes(written, small_table):
    xy = np.random.default_rng(3).normal(size=(len(small_table), 2)).astype(np.float32)
    add_projection(written, xy, {"method": "UMAP"})
    add_projection(written, xy + 1, {"method": "UMAP", "random_state": 1})  # replaces the first
    table = open_table(written)
    np.testing.assert_array_equal(table.umap, xy + 1)
    np.testing.assert_array_equal(table.embeddings, small_table.embeddings)
    assert table.metadata["projection"] == {"method": "UMAP", "random_state": 1}
    assert table.grid == small_table.grid
    assert geopandas.read_parquet(written).crs.equals("OGC:CRS84")


def test_a_failure_while_writing_leaves_what_was_there(written, small_table):
    def write_and_fail():
        with TableWriter(written, small_table.dim, {}) as writer:
            writer.append(
                small_table.row, small_table.column, small_table.corners, small_table.embeddings
            )
            raise RuntimeError

    before = written.read_bytes()
    with pytest.raises(RuntimeError):
        write_and_fail()
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


def test_opens_without_a_cache_folder(written, small_table, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    np.testing.assert_array_equal(open_table(written).embeddings, small_table.embeddings)


def test_embeddings_are_decoded_once_for_the_units_and_the_identity(
    written, small_table, monkeypatch
):
    reading = importlib.import_module("rareearth_explorer.data.table.stored_embeddings")
    decode, decoded = reading.decode_embeddings, []

    def count(*arguments):
        decoded.append(arguments)
        return decode(*arguments)

    monkeypatch.setattr(reading, "decode_embeddings", count)
    assert open_table(written).identity == small_table.identity
    assert open_table(written).identity == small_table.identity
    assert len(decoded) == 1


def test_cache_notices_that_the_file_changed(written, small_table):
    open_table(written)
    doubled = small_table.embeddings[::-1].copy()
    with TableWriter(written, small_table.dim, {}) as writer:
        writer.append(small_table.row, small_table.column, small_table.corners, doubled)
    np.testing.assert_allclose(
        open_table(written).unit_embeddings, small_table.unit_embeddings[::-1], rtol=1e-6
    )


@pytest.mark.realdata
def test_real_clay_table_of_others(real_data):
    table = open_table(real_data / "embeddings" / "clay_v0_03WVN_417x768.parquet")
    assert (len(table), table.dim, table.dropped) == (417, 768, 0)
    assert table.grid is None
    cosines = table.unit_embeddings @ table.unit_embeddings.T
    assert np.median(cosines[np.triu_indices(417, 1)]) == pytest.approx(0.973, abs=0.002)


@pytest.mark.realdata
def test_real_table_with_nulls_and_a_wrong_crs(real_data):
    table = open_table(real_data / "embeddings" / "planet_sample_5x512_nulls.parquet")
    assert (len(table), table.dim, table.dropped) == (3, 512, 2)
    assert (np.abs(table.centroids) <= [180, 90]).all()


def test_lists_binary_and_points_open(tmp_path):
    rows = np.random.default_rng(0).random((6, 4), np.float32)
    binary = write_foreign(
        tmp_path / "b.parquet",
        {"geometry": squares(6), "clay": pa.array([r.tobytes() for r in rows], pa.binary())},
    )
    lists = write_foreign(
        tmp_path / "l.parquet",
        {"Longitude": np.arange(6) / 100, "Latitude": np.zeros(6), "vector": rows.tolist()},
    )
    np.testing.assert_array_equal(open_table(binary).embeddings, rows)
    table = open_table(lists)
    np.testing.assert_allclose(table.embeddings, rows)
    np.testing.assert_allclose(table.centroids, np.stack([np.arange(6) / 100, np.zeros(6)], -1))
    # Squares around points are as wide as the points are apart.
    np.testing.assert_allclose(np.ptp(table.corners[:, :, 0], axis=1), 0.01)


def test_projected_footprints_become_lonlat(tmp_path):
    boxes = geopandas.GeoDataFrame(
        {"embedding": [[1.0, 2.0]] * 2},
        geometry=shapely.box([500000, 500250], 0, [500250, 500500], 250),
        crs="EPSG:32647",
    )
    boxes.to_parquet(tmp_path / "utm.parquet")
    table = open_table(tmp_path / "utm.parquet")
    np.testing.assert_allclose(table.centroids, [[99.0011, 0.0011], [99.0034, 0.0011]], atol=1e-4)


def nan_rows(path):
    return write_foreign(path, {"geometry": squares(2), "embedding": [[1.0, np.nan], [0.0, 0.0]]})


BAD = {
    "NaN": (nan_rows, "every embedding .* NaN or infinity"),
    "ragged": (
        lambda p: write_foreign(
            p, {"geometry": squares(3), "embedding": [[1.0, 2.0], [1.0, 2.0], [1.0]]}
        ),
        "row 2 has 1",
    ),
    "no embeddings": (
        lambda p: write_foreign(p, {"geometry": squares(2), "name": ["a", "b"]}),
        "there is no embedding column among geometry, name",
    ),
    "no places": (
        lambda p: write_foreign(p, {"embedding": [[1.0], [2.0]]}),
        "no footprints and no longitude",
    ),
    "all null": (
        lambda p: write_foreign(
            p, {"geometry": squares(2), "embedding": pa.array([None, None], pa.list_(pa.float32()))}
        ),
        "every embedding",
    ),
    "no rows": (
        lambda p: write_foreign(
            p, {"geometry": squares(0), "embedding": pa.array([], pa.list_(pa.float32()))}
        ),
        "no rows",
    ),
    "not Parquet": (lambda p: p.write_text("hello") and p, "not a complete Parquet file"),
    "empty": (lambda p: p.touch() or p, "not a complete Parquet file"),
    "missing": (lambda p: p, "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_end_in_one_sentence_naming_the_file(name, tmp_path):
    make, what = BAD[name]
    path = tmp_path / "bad.parquet"
    make(path)
    with pytest.raises(TableError, match=what) as raised:
        open_table(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_truncated_file(written):
    written.write_bytes(written.read_bytes()[:-200])
    with pytest.raises(TableError, match="not a complete Parquet file"):
        open_table(written)


def test_column_may_be_named(tmp_path):
    columns = {"geometry": squares(2), "a": [[1.0], [2.0]], "b": [[3.0], [4.0]]}
    path = write_foreign(tmp_path / "two.parquet", columns)
    with pytest.raises(TableError, match="no embedding column"):
        open_table(path)
    with pytest.raises(TableError, match="choose one of geometry, a, b"):
        open_table(path, column="c")
    assert open_table(path, column="b").embeddings.tolist() == [[3.0], [4.0]]


def test_arrays_must_fit():
    with pytest.raises(TableError, match="do not match"):
        PatchTable.from_arrays(np.ones((3, 2)), np.ones((2, 4, 2)))


def test_zero_embeddings_have_cosine_zero():
    table = PatchTable.from_arrays([[0, 0], [1, 2]], np.zeros((2, 4, 2)))
    assert table.unit_embeddings[0].tolist() == [0, 0]
