"""Import of a box or a date from a large table: the same as from the whole, and no more is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from rareearth_explorer.data.places.lonlat_box import holds, meets
from rareearth_explorer.data.table import PatchTable, Reading, open_table
from rareearth_explorer.data.table.parquet_source import ParquetSource, RowGroup
from rareearth_explorer.embedding import import_table
from rareearth_explorer.errors import TableError

ACROSS, DOWN, DIM = 40, 30, 16
BOX = (97.05, 24.04, 97.145, 24.155)
FEW = 100
"""Rows of a row group."""

Columns = dict[str, Any]
Layout = Callable[["Made"], Columns]


class Made:
    """A grid of patches of 0.01 degrees, from the north-west, with what columns are made of."""

    def __init__(self, turn: float = 0.0) -> None:
        row, col = np.divmod(np.arange(ACROSS * DOWN), ACROSS)
        self.lon, self.lat = 97.005 + col / 100 + turn, 24.295 - row / 100
        self.numbers = np.random.default_rng(7).normal(size=(len(row), DIM)).astype(np.float32)
        self.dates = [f"2024-{1 + number % 12:02}-15" for number in range(len(row))]
        self.ids = [f"p{number}" for number in range(len(row))]

    @property
    def points(self) -> list[bytes]:
        return [*shapely.to_wkb(shapely.points(self.lon, self.lat))]

    @property
    def polygons(self) -> list[bytes]:
        half = 0.005
        return [
            *shapely.to_wkb(
                shapely.box(self.lon - half, self.lat - half, self.lon + half, self.lat + half)
            )
        ]

    @property
    def bbox(self) -> list[dict[str, float]]:
        return [
            {"xmin": x - 0.005, "ymin": y - 0.005, "xmax": x + 0.005, "ymax": y + 0.005}
            for x, y in zip(self.lon, self.lat, strict=True)
        ]


def listed(made: Made) -> Columns:
    return {"id": made.ids, "embedding": [*made.numbers], "geometry": made.polygons}


def fixed(made: Made) -> Columns:
    values = pa.FixedSizeListArray.from_arrays(pa.array(made.numbers.reshape(-1)), DIM)
    return {"embedding": values, "geometry": made.points, "id": made.ids}


def wide(made: Made) -> Columns:
    numbers = {f"V{number:02}": made.numbers[:, number] for number in range(DIM)}
    return {**numbers, "lon": made.lon, "lat": made.lat, "id": made.ids}


def covered(made: Made) -> Columns:
    return {"embedding": [*made.numbers], "geometry": made.polygons, "bbox": made.bbox}


def dated(made: Made) -> Columns:
    return {**listed(made), "datetime": pa.array(made.dates).cast(pa.timestamp("us"))}


def in_metres(made: Made) -> Columns:
    return {"x": made.lon * 1e5 - 9.2e6, "y": made.lat * 1e5, "embedding": [*made.numbers]}


GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {
        "geometry": {
            "encoding": "WKB",
            "geometry_types": [],
            "covering": {
                "bbox": {edge: ["bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}
            },
        }
    },
}


def write(path: Path, columns: Columns, *, parts: int = 1) -> Path:
    """Write a table to a file, or to a folder of parts."""
    table = pa.table(columns)
    if "geometry" in columns:
        table = table.replace_schema_metadata({"geo": json.dumps(GEO)})
    if parts == 1:
        pq.write_table(table, path, row_group_size=FEW)
        return path
    path.mkdir()
    each = len(table) // parts
    for number in range(parts):
        part = table.slice(number * each, each)
        pq.write_table(part, path / f"part{number}.parquet", row_group_size=FEW)
    return path


def same(found: PatchTable, plain: PatchTable) -> None:
    np.testing.assert_array_equal(found.embeddings, plain.embeddings)
    off = np.abs(found.corners - plain.corners)
    assert np.minimum(off, np.abs(off - 360)).max() < 1e-12  # a whole turn is the same place
    assert (found.carried is None) == (plain.carried is None)
    if plain.carried is not None:
        assert found.carried.to_pydict() == plain.carried.to_pydict()  # type: ignore[union-attr]


@pytest.fixture
def read_groups(monkeypatch: pytest.MonkeyPatch) -> list[RowGroup]:
    """Row groups of the table, not of the copy, of which columns are read in pieces."""
    read: list[RowGroup] = []
    plain = ParquetSource.batches

    def batches(source: ParquetSource, group: RowGroup, names: Any = None) -> Iterator[pa.Table]:
        if not source.path.parent.name.startswith("rows-") and source.path.name != "copy":
            read.append(group)
        return plain(source, group, names)

    monkeypatch.setattr(ParquetSource, "batches", batches)
    return read


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(
    ("layout", "reading"),
    [
        *((layout, Reading(bbox=BOX)) for layout in (listed, fixed, wide, covered)),
        (dated, Reading(date="2024-06")),
        (dated, Reading(bbox=BOX, date="2024-06")),
        (dated, Reading(bbox=BOX, date="newest")),
    ],
)
def test_a_part_is_the_same_as_of_the_whole(
    layout: Layout, reading: Reading, parts: int, tmp_path: Path
) -> None:
    source = write(tmp_path / "t.parquet", layout(Made()), parts=parts)
    report = import_table(source, tmp_path / "out.parquet", reading=reading)
    plain = open_table(source, reading=reading)
    same(open_table(report.table), plain)
    assert 0 < report.patches < 1200
    assert report.left_out == plain.left_out
    assert report.notes == plain.notes
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.parquet", "t.parquet"]


def test_metres_are_read_by_their_crs(tmp_path: Path) -> None:
    source = write(tmp_path / "t.parquet", in_metres(Made()))
    whole = open_table(source, reading=Reading(crs="EPSG:32647"))
    (south, west), (north, east) = whole.bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    reading = Reading(crs="EPSG:32647", bbox=box)
    report = import_table(source, tmp_path / "out.parquet", reading=reading)
    same(open_table(report.table), open_table(source, reading=reading))


@pytest.mark.parametrize(("layout", "groups"), [(covered, 4), (wide, 12), (listed, 12)])
def test_row_groups_outside_the_box_are_not_read(
    layout: Layout, groups: int, tmp_path: Path, read_groups: list[RowGroup]
) -> None:
    made = Made()
    order = np.lexsort((made.lon, made.lat // 0.1, made.lon // 0.1))  # tiles of 10 x 10 patches
    columns = {name: pa.array(each).take(pa.array(order)) for name, each in layout(made).items()}
    source = write(tmp_path / "t.parquet", columns)
    import_table(source, tmp_path / "out.parquet", reading=Reading(bbox=BOX))
    # Points without a known size need the distance of all; shapes without bounds are read.
    assert len(set(read_groups)) == groups
    read_groups.clear()
    known = Reading(bbox=BOX, spacing=1000) if layout is wide else Reading(bbox=BOX)
    import_table(source, tmp_path / "out.parquet", reading=known)
    assert len(set(read_groups)) == (12 if layout is listed else 4)


def test_dates_of_folders(tmp_path: Path, read_groups: list[RowGroup]) -> None:
    made = Made()
    for year in (2023, 2024):
        folder = tmp_path / "set" / f"year={year}" / "month=6"
        folder.mkdir(parents=True)
        columns = {**listed(made), "id": [f"{year}{each}" for each in made.ids]}
        write(folder / "part.parquet", columns)
    source = tmp_path / "set"
    report = import_table(source, tmp_path / "t.parquet", reading=Reading(date="2024"))
    found = open_table(report.table)
    same(found, open_table(source, reading=Reading(date="2024")))
    assert {group.part for group in read_groups} == {1}
    assert set(found.carried.column("year").to_pylist()) == {"2024"}  # type: ignore[union-attr]
    with pytest.raises(TableError, match=r"set: no row is of '1999'; its dates are 2023, 2024"):
        import_table(source, tmp_path / "t.parquet", reading=Reading(date="1999"))


def test_a_column_counts_more_than_the_folder_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "month=06"
    folder.mkdir(parents=True)
    write(folder / "part.parquet", {**listed(Made()), "month": np.full(ACROSS * DOWN, 6)})
    reading = Reading(date="6")
    report = import_table(tmp_path / "set", tmp_path / "t.parquet", reading=reading)
    assert report.patches == len(open_table(tmp_path / "set", reading=reading)) == 1200


def test_the_order_of_coordinates_in_text_is_told_by_all_rows(tmp_path: Path) -> None:
    made = Made(turn=-70)  # from 27 to 27.4, so that both orders are places
    texts = [f"{y:.4f}, {x:.4f}" for x, y in zip(made.lon, made.lat, strict=True)]
    texts[-1] = "24.0000, 127.0000"  # only this row tells which is the longitude
    columns = {"coordinates": texts, "embedding": [*made.numbers]}
    source = write(tmp_path / "t.parquet", columns)
    reading = Reading(bbox=(27.05, 24.04, 27.145, 24.155))
    plain = open_table(source, reading=reading)
    report = import_table(source, tmp_path / "out.parquet", reading=reading)
    same(open_table(report.table), plain)


def test_dates_by_their_statistics(tmp_path: Path, read_groups: list[RowGroup]) -> None:
    made = Made()
    made.dates = sorted(made.dates)
    source = write(tmp_path / "t.parquet", dated(made))
    import_table(source, tmp_path / "out.parquet", reading=Reading(date="2024-06"))
    assert len(set(read_groups)) == 1


def test_a_box_across_the_antimeridian(tmp_path: Path) -> None:
    source = write(tmp_path / "t.parquet", covered(Made(turn=82.795)))  # from 179.8 to 180.2
    for box in ((179.9, 24.04, -179.9, 24.155), (-179.95, 24.04, -179.9, 24.155)):
        report = import_table(source, tmp_path / "out.parquet", reading=Reading(bbox=box))
        same(open_table(report.table), open_table(source, reading=Reading(bbox=box)))


def test_the_box_of_the_whole_earth(tmp_path: Path) -> None:
    source = write(tmp_path / "t.parquet", listed(Made()))
    reading = Reading(bbox=(-180, -90, 180, 90))
    assert import_table(source, tmp_path / "o.parquet", reading=reading).patches == 1200


def test_an_empty_box_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "t.parquet", listed(Made()))
    with pytest.raises(TableError, match=r"t.parquet: no row lies in the box; check --bbox"):
        import_table(source, tmp_path / "out.parquet", reading=Reading(bbox=(0, 0, 1, 1)))
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]


def test_codes_of_a_part_are_told_by_the_item_beside_the_whole(tmp_path: Path) -> None:
    made = Made()
    columns = {**listed(made), "embedding": [*(made.numbers * 30).astype(np.int8)]}
    source = write(tmp_path / "t.parquet", columns)
    with pytest.raises(TableError, match=rf"^{source}: column 'embedding' holds int8"):
        import_table(source, tmp_path / "out.parquet", reading=Reading(bbox=BOX))
    item = {
        "type": "Feature", "stac_version": "1.1.0",
        "properties": {"emb:quantization": {"method": "linear", "scale": 0.5, "offset": 1}},
    }  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(item))
    report = import_table(source, tmp_path / "out.parquet", reading=Reading(bbox=BOX))
    same(open_table(report.table), open_table(source, reading=Reading(bbox=BOX)))


def test_boxes_meet_in_any_turn() -> None:
    def meeting(*bounds: float, box: tuple[float, float, float, float]) -> bool:
        return bool(meets(box, np.array([bounds]))[0])

    assert meeting(190, 0, 191, 1, box=(-175, 0, -169.5, 1))
    assert not meeting(190, 0, 191, 1, box=(-175, 0, -170.5, 1))
    assert meeting(-10, 0, 10, 1, box=(5, 0, 20, 1))
    assert meeting(0, 0, 30, 1, box=(10, 0, 20, 1))
    assert not meeting(0, 0, 30, 1, box=(10, 2, 20, 3))
    assert not meeting(np.nan, np.nan, np.nan, np.nan, box=(-180, -90, 180, 90))
    assert holds((170, 0, -170, 1), np.array([[-175, 0.5], [0, 0.5]])).tolist() == [True, False]
