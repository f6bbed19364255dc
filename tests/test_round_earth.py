"""Across the antimeridian, footprints, centres, labels, map, figures and exports agree."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.data.grid import written
from rareearth_explorer.data.labels import Labels, open_labels
from rareearth_explorer.data.places import in_one_frame, near_frame, split_at_antimeridian, wrapped
from rareearth_explorer.data.places.longitudes import around_pole, continuous
from rareearth_explorer.data.scene.tiles import near_scene
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.errors import TableError
from rareearth_explorer.exporting.patch_list import LIST_SUFFIXES, list_patches, write_listing
from rareearth_explorer.hunt import Session
from rareearth_explorer.serving.dashboard_files import _meet
from rareearth_explorer.widgets.map.bridge import mercator_offsets

STEP = 0.0025
WEST = 180 - 1.5 * STEP
"""West edge of three patches in a row; the antimeridian cuts the second in its middle."""

CONVENTIONS = {
    "continuous": lambda lon: lon,
    "from -180 to 180": wrapped,
    "negative": lambda lon: lon - 360,
    "split": None,
}


def squares() -> np.ndarray:
    """Make corners of two rows of three patches, with continuous longitudes."""
    column, row = np.meshgrid(np.arange(3), np.arange(2))
    west, north = WEST + STEP * column.ravel(), -16 - STEP * row.ravel()
    ring = ((west, north), (west + STEP, north), (west + STEP, north - STEP), (west, north - STEP))
    return np.stack([np.stack(corner, axis=-1) for corner in ring], axis=1)


@pytest.fixture(params=CONVENTIONS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> PatchTable:
    corners, convention = squares(), CONVENTIONS[request.param]
    if convention is None:
        shapes = split_at_antimeridian(shapely.polygons(corners))
        assert shapely.get_num_geometries(shapes).tolist() == [1, 2, 1] * 2
    else:
        corners[..., 0] = convention(corners[..., 0])
        shapes = shapely.polygons(corners)
    rows = np.random.default_rng(0).random((6, 4), np.float32)
    columns = {"geometry": shapely.to_wkb(shapes), "embedding": rows.tolist()}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    if request.param == "negative":  # no usual convention, so it is refused and read with care
        with pytest.raises(TableError, match="not on the Earth"):
            open_table(tmp_path / "t.parquet")
        return PatchTable.from_arrays(rows, corners)
    return open_table(tmp_path / "t.parquet")


def test_footprints_and_centres(table: PatchTable) -> None:
    assert (np.ptp(table.corners[..., 0], axis=1) < 2 * STEP).all()
    np.testing.assert_allclose(
        wrapped(table.centroids[:3, 0]), wrapped([WEST + STEP / 2, 180, WEST + 2.5 * STEP])
    )
    (south, west), (north, east) = table.bounds
    assert east - west == pytest.approx(3 * STEP)
    assert (south, north) == pytest.approx((-16 - 2 * STEP, -16))


def test_labels(table: PatchTable) -> None:
    inside = [(WEST + 0.5 * STEP, 0), (180, 1), (-180, 1), (-180 + STEP, 2), (180 + STEP, 2)]
    labels = Labels.from_points([*((lon, -16 - STEP / 2) for lon, _ in inside), (120, -16.001)])
    counted = labels.count(table.footprints)
    assert counted.per_patch.tolist() == [1, 2, 2, 0, 0, 0]
    assert counted.outside == 1


def test_polygons_as_labels(table: PatchTable) -> None:
    torn = shapely.Polygon(
        [(179.997, -16), (-179.997, -16), (-179.997, -16.001), (179.997, -16.001)]
    )
    labels = Labels(None, continuous(np.array([torn])))
    assert labels.per_patch(table.footprints).tolist() == [1, 1, 1, 0, 0, 0]
    assert wrapped(labels.centres[0, 0]) == pytest.approx(180)


@pytest.mark.parametrize("suffix", LIST_SUFFIXES)
def test_exports(table: PatchTable, suffix: str, tmp_path: Path) -> None:
    session = Session(table)
    session.mark(0, "positive")
    write_listing(list_patches(session), path := tmp_path / f"list{suffix}")
    match suffix:
        case ".csv":
            frame = gpd.pd.read_csv(path)
            shapes = shapely.from_wkt(frame.WKT.to_numpy())
        case ".parquet":
            frame = gpd.read_parquet(path)
            shapes = frame.geometry.to_numpy()
        case _:
            frame = gpd.read_file(path)
            shapes = frame.geometry.to_numpy()
    west, _, east, _ = shapely.total_bounds(shapes)
    assert (west, east) == (-180, 180)
    assert frame.lon.abs().max() <= 180
    parts = shapely.get_parts(shapes)
    assert np.ptp(shapely.bounds(parts)[:, [0, 2]], axis=1).max() < 2 * STEP
    assert shapely.area(parts).sum() == pytest.approx(6 * STEP**2, rel=1e-4)


def test_an_exported_list_labels_its_own_patches(table: PatchTable, tmp_path: Path) -> None:
    session = Session(table)
    session.mark(0, "positive")
    write_listing(list_patches(session), path := tmp_path / "list.gpkg")
    assert (open_labels(path).per_patch(table.footprints) >= 1).all()


def test_a_table_holds_no_footprint_around_the_earth(tmp_path: Path) -> None:
    corners = squares()
    corners[..., 0] = wrapped(corners[..., 0])
    with TableWriter(tmp_path / "t.parquet", 2, {}, placed=False) as writer:
        writer.append(None, None, corners, np.ones((6, 2), np.float32))
    west, _, east, _ = gpd.read_parquet(tmp_path / "t.parquet").bounds.to_numpy().T
    assert (east - west < 2 * STEP).all()


def test_the_map(table: PatchTable) -> None:
    origin, offsets = mercator_offsets(table.corners)
    across = np.frombuffer(offsets, np.float32).reshape(-1, 4, 2)[..., 0]
    assert np.ptp(across) * 360 == pytest.approx(3 * STEP, rel=1e-3)
    assert 360 * abs(origin[0] - 0.5) == pytest.approx(180, abs=STEP)


def test_what_the_user_draws_or_enters_meets_the_patches(table: PatchTable) -> None:
    for lon in (180, -180, 540):
        box = shapely.box(lon - STEP / 4, -16.001, lon + STEP / 4, -16.0005)
        assert table.intersecting(box).tolist() == [1]


def test_a_pool_that_a_file_holds_in_two_parts_is_one(tmp_path: Path) -> None:
    pool = split_at_antimeridian(np.array([shapely.box(179.999, -16, 180.001, -15.999)]))
    assert shapely.get_num_geometries(pool).tolist() == [2]
    gpd.GeoDataFrame(geometry=pool, crs=4326).to_file(tmp_path / "p.geojson")
    labels = open_labels(tmp_path / "p.geojson")
    assert len(labels) == 1
    assert shapely.bounds(labels.geometries)[0] == pytest.approx([179.999, -16, 180.001, -15.999])


def test_imagery_is_asked_for_where_the_scene_is() -> None:
    bounds = ((-17.0, 179.9), (-16.0, 180.1))
    asked = [near_scene(x, 3, bounds) for x in (7, 8, 0, -1)]
    assert asked == [7, 8, 8, 7]
    assert _meet(((-1, -180.1), (1, -179.9)), ((-1, 179.95), (1, 180.2)))
    assert not _meet(((-1, -180.1), (1, -179.9)), ((-1, 0), (1, 1)))


def test_written_longitudes_stay_within_180() -> None:
    assert written(-16, 180.25) == "16.00000° S, 179.75000° W"


def test_a_footprint_around_a_pole_is_refused(tmp_path: Path) -> None:
    ring = np.array([[[0, 89.0], [90, 89.0], [180, 89.0], [-90, 89.0]]])
    assert around_pole(ring).all()
    columns = {"geometry": shapely.to_wkb(shapely.polygons(ring)), "embedding": [[1.0, 2.0]]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.raises(TableError, match="row 1 holds a pole"):
        open_table(tmp_path / "t.parquet")


@given(
    west=st.floats(-180, 180),
    places=st.lists(st.tuples(st.integers(0, 40), st.integers(-2, 2)), min_size=1, max_size=30),
)
def test_one_frame_for_any_turns(west: float, places: list[tuple[int, int]]) -> None:
    at, turns = np.array(places).T
    lon = west + 0.01 * at[:, None] + np.array([0, 0.01, 0.01, 0]) + 360 * turns[:, None]
    corners = np.stack([lon, np.broadcast_to([1.0, 1, 0, 0], lon.shape)], axis=-1)
    made = in_one_frame(corners)[..., 0]
    turned = (made - corners[..., 0]) / 360
    np.testing.assert_allclose(turned, turned.round(), atol=1e-9)
    assert np.ptp(made) <= 0.42 + 1e-9
    assert -180.01 <= made.min() <= 180.01


def test_longitudes_within_180_keep_every_bit() -> None:
    corners = np.random.default_rng(0).uniform(-90, 90, (50, 4, 2)) / 100 + [98, 25]
    np.testing.assert_array_equal(in_one_frame(corners), corners)
    np.testing.assert_array_equal(wrapped(corners[..., 0]), corners[..., 0])
    assert near_frame(98.5, 98, 99) == 98.5
