"""Embedding tables as others write them: the right values, or one sentence."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.data.numbers import number_type
from rareearth_explorer.data.places import squares_around
from rareearth_explorer.data.places.wkb_checking import fault_of
from rareearth_explorer.data.table import Reading, add_projection, open_table
from rareearth_explorer.data.table.recorded_facts import METADATA_KEY
from rareearth_explorer.embedding import import_table
from rareearth_explorer.errors import TableError

CASES = Path(__file__).parent / "data" / "cases"
BASE = CASES / "00_base" / "t.parquet"
POOLS = [(99.0012566, 25.7669370), (99.0037696, 25.7646613), (99.0062825, 25.7623857)]
IN_PATCHES = [1, 0, 0, 0, 1, 0, 0, 0, 1]

AS_BASE = [
    "T03_wkt/t.parquet",
    "T03d_geojson_str/t.parquet",
    "T04b_majortom_nogeom/t.parquet",
    "T09_partitioned/parts",
    "T10_gpq/03WVN_20210101_v1.gpq",
    "T11_tensor/t.parquet",
    "T12_geoarrow/pt.parquet",
    "T12_geoarrow/t.parquet",
    "T13_to_arrow/t.parquet",
    "T13_to_arrow/utm.parquet",
    "T16_geom_name/t.parquet",
    "T20c_umap_string/t.parquet",
]
"""The base table in other encodings."""


def refusal(path: Path, reading: Reading | None = None) -> str:
    with pytest.raises(TableError) as caught:
        open_table(path, reading=reading)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", AS_BASE)
def test_the_base_table_in_any_encoding(name: str) -> None:
    base, table = open_table(BASE), open_table(CASES / name)
    np.testing.assert_allclose(table.embeddings, base.embeddings, rtol=1e-6)
    # Points have lost the size of their squares, which their distance gives back to 0.1 %.
    np.testing.assert_allclose(table.centroids, base.centroids, atol=1e-6)
    np.testing.assert_allclose(table.corners, base.corners, atol=1e-5)
    counted = Labels.from_points(POOLS).count(table.footprints)
    assert counted.per_patch.tolist() == IN_PATCHES
    assert counted.whole


@pytest.mark.parametrize("name", AS_BASE)
def test_import_keeps_numbers_and_places(name: str, tmp_path: Path) -> None:
    report = import_table(CASES / name, tmp_path / "table.parquet")
    assert (report.patches, report.dropped, report.dim) == (9, 0, 768)
    made, source = open_table(report.table), open_table(CASES / name)
    np.testing.assert_array_equal(made.embeddings, source.embeddings)
    np.testing.assert_allclose(made.corners, source.corners, atol=1e-12)


def test_one_number_in_each_column() -> None:
    table = open_table(CASES / "T05_wide/t.parquet")
    assert table.dim == 64
    assert table.embedding_column == "A00...A63"
    np.testing.assert_allclose(table.embeddings, open_table(BASE).embeddings[:, :64])
    assert refusal(CASES / "T05_wide/t.parquet", Reading(column="B*"))
    assert open_table(CASES / "T05_wide/t.parquet", column="A*").dim == 64


@pytest.mark.parametrize(("case", "dtype"), [("T02c_f16", "float16"), ("T02b_int8", "int8")])
def test_bytes_of_no_stated_type_are_asked_for(case: str, dtype: str, tmp_path: Path) -> None:
    path = CASES / f"{case}_binary/t.parquet"
    assert re.search(rf"768 {dtype}.* --dtype", refusal(path))
    how = Reading(dtype=dtype, scale=1 if dtype == "int8" else None)
    if how.scale:  # the type of codes does not say what they stand for
        assert "--scale 1: as they are" in refusal(path, Reading(dtype=dtype))
    report = import_table(path, tmp_path / "t.parquet", reading=how)
    assert (report.patches, report.dim) == (9, 768)
    ours, base = open_table(report.table).unit_embeddings, open_table(BASE).unit_embeddings
    assert ((ours * base).sum(axis=1) > 0.999).all()
    assert dtype in report.notes[0]


@pytest.mark.parametrize("values", ["normal", "relu", "narrow", "rounded", "from halves"])
@pytest.mark.parametrize("stored", ["<f4", "<f2", "<f8", ">f4", "i1", "u1"])
def test_only_float32_is_taken_for_float32(values: str, stored: str) -> None:
    drawn = np.random.default_rng(1).normal(size=(9, 64))
    numbers = {
        "normal": drawn,
        "relu": drawn.clip(0),
        "narrow": 0.3 + 0.02 * drawn,
        "rounded": drawn.round(2),
        "from halves": drawn.astype(np.float16).astype(np.float64),
    }[values]
    if stored in ("i1", "u1"):
        low, wide = numbers.min(), np.ptp(numbers)
        numbers = ((numbers - low) / wide * 255 - (128 if stored == "i1" else 0)).round()
    rows = numbers.astype(stored)
    found = number_type(np.frombuffer(rows.tobytes(), np.uint8).reshape(len(rows), -1))
    assert found == ("float32" if stored == "<f4" else None)


class TestPlaces:
    def test_metres_without_a_crs_are_refused_or_named(self, tmp_path: Path) -> None:
        path = CASES / "T15_crs_null_utm/t.parquet"
        assert re.search(r"row 1, 500126 .*no coordinate reference system.* --crs", refusal(path))
        table = open_table(path, reading=Reading(crs="EPSG:32647"))
        np.testing.assert_allclose(table.centroids, open_table(BASE).centroids, atol=1e-9)
        assert "'EPSG:1'" in refusal(path, Reading(crs="EPSG:1"))

    def test_swapped_columns_are_refused(self) -> None:
        assert "swapped in the columns lon and lat" in refusal(CASES / "T15d_swapped/t.parquet")

    def test_rows_without_a_place_are_dropped_and_counted(self, tmp_path: Path, capsys) -> None:
        path = CASES / "T15f_lonlat_null/t.parquet"
        table = open_table(path)
        assert (len(table), table.left_out) == (8, {"without a place": 1})
        np.testing.assert_allclose(table.embeddings, open_table(BASE).embeddings[:8], rtol=1e-6)
        assert open_table(path).identity == table.identity
        assert main(["import", str(path), "-o", str(tmp_path / "t.parquet")]) == 0
        assert "8 patches of 768 numbers; 1 rows without a place were dropped" in (
            capsys.readouterr().out
        )

    def test_longitudes_to_360_are_one_place_with_those_to_180(self, capsys) -> None:
        path = CASES / "G07_lon360/t.parquet"
        table = open_table(path)
        np.testing.assert_allclose(table.centroids[:, 0], [-99.2, -99.1975, -99.195])
        for lon in (260.8, -99.2):
            labels = Labels.from_points([(lon, 47.0)])
            assert labels.per_patch(table.footprints).tolist() == [1, 0, 0]
        main(["info", str(path)])
        assert "99.20" in (said := capsys.readouterr().out)
        assert "° W" in said

    def test_squares_around_points_are_square_on_the_ground(self) -> None:
        table = open_table(CASES / "G07_lon360/t.parquet")
        width, height = np.ptp(table.corners[0], axis=0)
        assert width * np.cos(np.radians(47)) == pytest.approx(height, rel=1e-3)
        assert width == pytest.approx(0.0025, rel=1e-3)

    def test_the_spacing_may_be_given(self) -> None:
        table = open_table(CASES / "G07_lon360/t.parquet", reading=Reading(spacing=1000))
        assert np.ptp(table.corners[0, :, 1]) == pytest.approx(0.008993, rel=1e-3)
        assert "--spacing" in refusal(BASE, Reading(spacing=100))

    def test_squares_at_the_pole_stay_on_the_earth(self) -> None:
        assert (np.abs(squares_around([[10.0, 89.9999]], 250)[..., 1]) <= 90).all()


class TestDates:
    PATH = CASES / "G04_several_dates/t.parquet"

    def test_patches_on_top_of_each_other_are_said(self, tmp_path: Path, capsys) -> None:
        (note,) = open_table(self.PATH).notes
        assert "6 patches lie at 3 places" in note
        assert "2022-01-01, 2022-02-01" in note
        for command in (["info"], ["import", "-o", str(tmp_path / "t.parquet")]):
            assert main([*command, str(self.PATH)]) == 0
            assert note in capsys.readouterr().out

    @pytest.mark.parametrize("date", ["2022-02-01", "2022-02"])
    def test_a_date_is_chosen(self, date: str) -> None:
        table = open_table(self.PATH, reading=Reading(date=date))
        assert (len(table), table.notes) == (3, ())
        assert table.left_out == {"of other dates": 3}
        np.testing.assert_array_equal(table.embeddings, open_table(self.PATH).embeddings[3:])

    def test_the_newest_of_each_place_is_chosen(self, tmp_path: Path) -> None:
        table = open_table(self.PATH, reading=Reading(date="newest"))
        assert table.left_out == {"older than the newest of their place": 3}
        np.testing.assert_array_equal(table.embeddings, open_table(self.PATH).embeddings[3:])
        assert "no column of dates" in refusal(BASE, Reading(date="newest"))

    def test_months_are_no_text(self, tmp_path: Path) -> None:
        months = pq.read_table(self.PATH).slice(0, 3).select(["embedding", "geometry"])
        years = [2021, 2022, 2022, 2022]
        parts = [
            months.append_column("year", [[year] * 3]).append_column("month", [[month] * 3])
            for year, month in zip(years, [12, 2, 10, 10], strict=True)
        ]
        pq.write_table(pa.concat_tables(parts), tmp_path / "t.parquet")
        table = open_table(tmp_path / "t.parquet", reading=Reading(date="newest"))
        assert table.left_out == {
            "older than the newest of their place": 6, "that repeat a place": 3,
        }  # fmt: skip
        assert set(table.carried.column("month").to_pylist()) == {10}

    def test_another_date_is_refused(self) -> None:
        assert "2022-01-01, 2022-02-01" in refusal(self.PATH, Reading(date="2023"))
        assert "no column of dates" in refusal(BASE, Reading(date="2023"))

    def test_a_folder_of_years(self) -> None:
        parts = CASES / "T09_partitioned" / "parts"
        table = open_table(parts, reading=Reading(date="2021"))
        np.testing.assert_allclose(table.embeddings, open_table(BASE).embeddings[3:6], rtol=1e-6)


def test_rows_that_repeat_a_place_are_left_out(tmp_path: Path) -> None:
    table = pq.read_table(BASE)
    pq.write_table(pa.concat_tables([table, table.slice(0, 4)]), tmp_path / "t.parquet")
    found = open_table(tmp_path / "t.parquet")
    assert found.left_out == {"that repeat a place": 4}
    np.testing.assert_array_equal(found.embeddings, open_table(BASE).embeddings)


def test_only_rows_in_a_box_are_read() -> None:
    whole = open_table(BASE)
    (west, south), (east, north) = whole.corners[4].min(axis=0), whole.corners[4].max(axis=0)
    found = open_table(BASE, reading=Reading(bbox=(west, south, east, north)))
    assert found.left_out == {"outside the box": 8}
    np.testing.assert_array_equal(found.embeddings[0], whole.embeddings[4])
    assert "no row lies in the box" in refusal(BASE, Reading(bbox=(0, 0, 1, 1)))


class TestFolders:
    def test_info_takes_a_folder_of_parts(self, capsys) -> None:
        assert main(["info", str(CASES / "T09_partitioned" / "parts")]) == 0
        assert re.search(r"patches +9\n", capsys.readouterr().out)

    def test_parts_of_two_tables_are_refused(self, tmp_path: Path) -> None:
        shutil.copy(BASE, tmp_path / "a.parquet")
        shutil.copy(CASES / "T16_geom_name/t.parquet", tmp_path / "b.parquet")
        assert "b.parquet has other columns than a.parquet" in refusal(tmp_path)

    def test_hidden_files_are_no_parts(self, tmp_path: Path) -> None:
        shutil.copy(BASE, tmp_path / "a.parquet")
        (tmp_path / "._a.parquet").write_bytes(b"junk")
        (tmp_path / "_SUCCESS.parquet").write_bytes(b"junk")
        assert len(open_table(tmp_path)) == 9


def damaged(path: Path, geometry: list[bytes] | None = None, **metadata: bytes) -> Path:
    """Write the base table with other shapes or other metadata."""
    table = pq.read_table(BASE)
    if geometry is not None:
        table = table.set_column(0, "geometry", pa.array(geometry, pa.binary()))
    kept = {
        **pq.ParquetFile(BASE).metadata.metadata,
        **{k.encode(): v for k, v in metadata.items() if v},
    }
    pq.write_table(table.replace_schema_metadata(kept), path)
    return path


def nested(depth: int) -> bytes:
    """Make WKB of a collection in a collection in a collection, `depth` times."""
    return b"\x01\x07\x00\x00\x00\x01\x00\x00\x00" * depth + shapely.Point(1, 2).wkb


POINT = shapely.Point(99, 25).wkb

BROKEN = {
    "nested": (nested(50_000), "nested too deeply"),
    "junk": (b"junk", "not well-known binary"),
    "cut": (shapely.box(0, 0, 1, 1).wkb[:-1], "cut short"),
    "longer": (POINT + b"\x00", "bytes follow its end"),
    "many rings": (b"\x01\x03\x00\x00\x00\xff\xff\xff\xff", "cut short"),
    "many points": (b"\x01\x02\x00\x00\x00\xff\xff\xff\x0f", "cut short"),
    "short ring": (shapely.box(0, 0, 1, 1).wkb[:9] + b"\x01\0\0\0" + bytes(16), "has 1 points"),
    "open ring": (
        shapely.box(0, 0, 1, 1).wkb[:-16] + np.array([5.0, 5.0]).tobytes(),
        "cannot be read",
    ),
    "curve": (b"\x01\x08\x00\x00\x00\x00\x00\x00\x00", "not a point, line, polygon"),
    "infinite": (shapely.Point(np.inf, 1).wkb, "not finite"),
    "off the Earth": (shapely.Point(500, 1).wkb, "row 3, 500 and 1"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_crafted_shapes_end_in_a_sentence(kind: str, tmp_path: Path) -> None:
    shape, what = BROKEN[kind]
    path = damaged(tmp_path / "t.parquet", [POINT, POINT, shape, *[POINT] * 6])
    assert what in (sentence := refusal(path))
    assert "row 3" in sentence or kind == "open ring"


@pytest.mark.parametrize("kind", ["wkt", "geojson", "hex"])
def test_deep_text_is_refused_before_it_is_parsed(kind: str, tmp_path: Path) -> None:
    deep = {
        "wkt": "GEOMETRYCOLLECTION(" * 50_000 + "POINT(1 2)" + ")" * 50_000,
        "geojson": '{"type":"GeometryCollection","geometries":[' * 50_000,
        "hex": nested(50_000).hex(),
    }[kind]
    columns = {"geometry": [deep], "embedding": [[1.0, 2.0]]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert "nested too deeply" in refusal(tmp_path / "t.parquet")


@pytest.mark.parametrize("geo", [b"{", b'{"columns":null}', b"[]", b"[" * 100_000])
def test_broken_geo_metadata_is_refused_unless_the_crs_is_given(geo: bytes, tmp_path: Path) -> None:
    path = damaged(tmp_path / "t.parquet", geo=geo)
    assert "--crs" in refusal(path)
    assert len(open_table(path, reading=Reading(crs="EPSG:4326"))) == 9


def test_an_unknown_crs_is_refused(tmp_path: Path) -> None:
    geo = {"version": "1.0.0", "primary_column": "geometry"}
    geo["columns"] = {"geometry": {"encoding": "WKB", "crs": {"no": "crs"}}}
    path = damaged(tmp_path / "t.parquet", geo=json.dumps(geo).encode())
    assert "is not known" in refusal(path)


@pytest.mark.parametrize(
    "record",
    [
        b"null",
        b"[1]",
        b"{",
        b'{"grid": 5, "encoder": [], "scenes": [1], "imported": "x"}',
        b'{"grid": {"crs": "EPSG:32647", "transform": [1, 0, 0, 0, 1, 1e999], "patch_px": 84,'
        b' "rows": 3, "columns": 3}}',
        b'{"grid": {"crs": "EPSG:32647", "transform": [3, 0, 0, 0, -3, 0], "patch_px": 84,'
        b' "rows": 1, "columns": 1}}',
    ],
)
def test_a_damaged_record_is_left_out_and_said(record: bytes, tmp_path: Path, capsys) -> None:
    path = damaged(tmp_path / "t.parquet", rareearth_explorer=record)
    table = open_table(path)
    assert table.grid is None
    assert "not used" in table.notes[0]
    assert main(["info", str(path)]) == 0
    assert "not used" in capsys.readouterr().out


def test_text_for_coordinates_of_the_projection_is_left_out_and_said(tmp_path: Path) -> None:
    path = CASES / "T20c_umap_string/t.parquet"
    assert open_table(path).umap is None
    ours = pq.read_table(path).replace_schema_metadata({METADATA_KEY: b'{"projection": {}}'})
    pq.write_table(ours, tmp_path / "t.parquet")
    table = open_table(tmp_path / "t.parquet")
    assert table.umap is None
    assert "umap_x" in table.notes[-1]


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pq.read_table(BASE)
    for name, index in (("embedding", 3), ("geometry", 0)):
        doubled = table.append_column(name, table.column(index))
        pq.write_table(doubled, tmp_path / "t.parquet")
        assert f"several columns are called '{name}'" in refusal(tmp_path / "t.parquet")


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    raw = bytearray(BASE.read_bytes())
    raw[1000:3000] = bytes(2000)
    (tmp_path / "t.parquet").write_bytes(raw)
    assert refusal(tmp_path / "t.parquet")


@pytest.mark.parametrize("crs", [None, "EPSG:32647", "srid:32647"])
def test_native_geometries_of_parquet(crs: str | None, tmp_path: Path) -> None:
    class Wkb(pa.ExtensionType):
        """Makes the writer of pyarrow store a native geometry."""

        def __init__(self) -> None:
            super().__init__(pa.binary(), "geoarrow.wkb")

        def __arrow_ext_serialize__(self) -> bytes:
            return json.dumps({} if crs is None else {"crs": crs}).encode()

        @classmethod
        def __arrow_ext_deserialize__(cls, *_: object) -> Wkb:
            return cls()

    west = (99, 99.0025) if crs is None else (500_000, 500_250)
    size, south = (0.0025, 25) if crs is None else (250, 2_849_000)
    shapes = shapely.to_wkb(shapely.box(west, south, np.add(west, size), south + size))
    column = pa.ExtensionArray.from_storage(Wkb(), pa.array(shapes))
    table = pa.table({"somewhere": column, "embedding": [[1.0, 2.0], [2.0, 1.0]]})
    pq.write_table(table, path := tmp_path / "t.parquet", store_schema=False)
    if "Geometry" not in str(pq.ParquetFile(path).schema.column(0).logical_type):
        pytest.skip("this pyarrow does not write native geometries")
    opened = open_table(path)
    np.testing.assert_allclose(opened.centroids[:, 0], [99.00125, 99.00375], atol=1e-4)
    assert opened.notes == ()
    assert len(open_labels(path)) == 2


def test_a_small_file_may_not_unpack_to_gigabytes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("rareearth_explorer.data.table.parquet_source.LARGEST_UNPACKED", 1 << 20)
    same = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(768 * 2000, np.float32)), 768)
    table = pa.table({"lon": np.arange(2000) / 100, "lat": np.zeros(2000), "embedding": same})
    pq.write_table(table, tmp_path / "t.parquet", compression="zstd")
    assert "would unpack" in refusal(tmp_path / "t.parquet")


@pytest.mark.realdata
def test_fuzzed_tables_end_in_a_sentence_or_a_result(real_data: Path, capsys) -> None:
    files = sorted((real_data.parent / "cases" / "fuzz").glob("t_*.parquet"))
    assert files
    for path in files:
        code = main(["info", str(path)])
        said = capsys.readouterr()
        assert (code, said.err.count("\n")) in ((0, 0), (2, 1))
        assert path.name in said.out + said.err


@pytest.mark.parametrize("name", ["parts", "T15f_lonlat_null/t.parquet"])
def test_columns_are_added_only_to_a_file_with_all_rows(name: str, capsys) -> None:
    path = CASES / ("T09_partitioned/parts" if name == "parts" else name)
    assert main(["project", str(path)]) == 2
    assert "rareearth-explorer import" in capsys.readouterr().err
    assert main(["info", str(path)]) == 0
    assert re.search(r"next +rareearth-explorer import", capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["two columns of one name", "damaged record", "GeoArrow", "wide"])
def test_a_projection_is_stored_in_any_table(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    match kind:
        case "damaged record":
            damaged(path, rareearth_explorer=b"null")
        case "two columns of one name":
            table = pq.read_table(BASE)
            for text in "ab":
                table = table.append_column("name", pa.array([text] * 9))
            pq.write_table(table, path)
        case _:
            case = "T12_geoarrow" if kind == "GeoArrow" else "T05_wide"
            shutil.copy(CASES / case / "t.parquet", path)
            path.chmod(0o644)
    before, places = open_table(path), np.arange(18, dtype=np.float32).reshape(9, 2)
    add_projection(path, places, {"method": "UMAP"})
    after = open_table(path)
    np.testing.assert_array_equal(after.umap, places)
    np.testing.assert_array_equal(after.embeddings, before.embeddings)
    np.testing.assert_array_equal(after.corners, before.corners)
    assert after.identity == before.identity
    assert after.metadata["projection"] == {"method": "UMAP"}


@given(at=st.integers(0, 92), byte=st.integers(0, 255), cut=st.integers(0, 93), more=st.binary())
def test_what_passes_the_check_is_parsed_without_harm(
    at: int, byte: int, cut: int, more: bytes
) -> None:
    value = bytearray(shapely.box(98, 25, 99, 26).wkb)
    value[at] = byte
    crafted = bytes(value[:cut]) + more
    if fault_of(crafted) is None:
        with suppress(shapely.errors.ShapelyError):
            assert shapely.from_wkb(crafted) is not None
