from __future__ import annotations

import json
import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod
from rasterio.windows import Window

from rareearth_explorer.data.grid import (
    PatchGrid,
    ground_sample_distance,
    patch_pixels,
    windows_over,
)

UTM = PatchGrid.for_raster(
    CRS("EPSG:32647"), Affine(3, 0, 418_000, 0, -3, 2_872_000), width=12_301, height=15_235
)
DEGREES = PatchGrid.for_raster(
    CRS("EPSG:4326"), Affine(3e-5, 0, 98.1, 0, -3e-5, 25.9), width=9_000, height=8_000
)
MERCATOR = PatchGrid.for_raster(
    CRS("EPSG:3857"), Affine(4.77, 0, 10_923_000, 0, -4.77, 2_990_000), width=5_000, height=4_096
)
GRIDS = st.sampled_from([UTM, DEGREES, MERCATOR])
SHARE = st.floats(0.001, 0.999)
"""How far into a patch, away from edges that rounding could cross."""


@pytest.mark.parametrize(
    ("patch_size", "gsd", "pixels"), [(250, 3, 84), (480, 30, 16), (250, 10, 24), (1, 30, 4)]
)
def test_patch_side_is_the_nearest_multiple_of_four_pixels(
    patch_size: float, gsd: float, pixels: int
) -> None:
    assert patch_pixels(patch_size, gsd) == pixels


@given(patch_size=st.floats(1, 1e4), gsd=st.floats(0.1, 100))
def test_no_other_multiple_of_four_is_nearer(patch_size: float, gsd: float) -> None:
    side = patch_pixels(patch_size, gsd)
    assert side % 4 == 0
    assert side >= 4
    if side > 4:
        assert abs(side - patch_size / gsd) <= 2 * (1 + 1e-9)


def test_the_grid_holds_whole_patches_only() -> None:
    assert (UTM.patch_px, UTM.columns, UTM.rows) == (84, 12_301 // 84, 15_235 // 84)
    assert len(UTM) == UTM.rows * UTM.columns


def test_a_raster_smaller_than_a_patch_has_no_patches() -> None:
    grid = PatchGrid.for_raster(CRS("EPSG:32647"), Affine(3, 0, 0, 0, -3, 0), 83, 500)
    assert len(grid) == 0


@given(grid=GRIDS, down=SHARE, across=SHARE, data=st.data())
def test_pixel_to_patch_to_lonlat_and_back(
    grid: PatchGrid, down: float, across: float, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, grid.rows - 1))
    column = data.draw(st.integers(0, grid.columns - 1))
    window = grid.window(row, column)
    assert (window.row_off, window.col_off) == (row * grid.patch_px, column * grid.patch_px)
    west, north = grid.corners(row, column)[0]
    east, south = grid.corners(row, column)[2]
    found = grid.locate(west + across * (east - west), north + down * (south - north))
    # Meridians lean against the grid of a projection, by under a hundredth of a patch here.
    if 0.02 < down < 0.98 and 0.02 < across < 0.98:
        assert tuple(map(int, found)) == (row, column)


@given(grid=GRIDS)
def test_every_centroid_lies_in_its_own_patch(grid: PatchGrid) -> None:
    row, column = np.divmod(np.arange(len(grid)), grid.columns)
    lon, lat = grid.centroids(row, column).T
    found_row, found_column = grid.locate(lon, lat)
    np.testing.assert_array_equal(found_row, row)
    np.testing.assert_array_equal(found_column, column)


@given(grid=GRIDS, data=st.data())
def test_neighbours_share_their_corners_exactly(grid: PatchGrid, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, grid.rows - 2))
    column = data.draw(st.integers(0, grid.columns - 2))
    here, right, below = grid.corners([row, row, row + 1], [column, column + 1, column])
    np.testing.assert_array_equal(here[[1, 2]], right[[0, 3]])
    np.testing.assert_array_equal(here[[3, 2]], below[[0, 1]])


@given(
    lon=st.floats(-720, 720) | st.sampled_from([math.nan, math.inf]),
    lat=st.floats(-100, 25) | st.sampled_from([math.nan, math.inf]),
)
def test_a_point_elsewhere_on_earth_is_in_no_patch(lon: float, lat: float) -> None:
    assert tuple(map(int, UTM.locate(lon, lat))) == (-1, -1)


def test_points_just_outside_are_in_no_patch() -> None:
    corners = UTM.corners([0, UTM.rows - 1], [0, UTM.columns - 1])
    (west, north), (east, south) = corners[0, 0], corners[1, 2]
    row, column = UTM.locate([west - 1e-6, east + 1e-6], [north + 1e-6, south - 1e-6])
    assert (row == -1).all()
    assert (column == -1).all()


def test_a_patch_measures_its_size_on_the_ground() -> None:
    for grid in (UTM, DEGREES, MERCATOR):
        corners = grid.corners(grid.rows // 2, grid.columns // 2)
        area, _ = Geod(ellps="WGS84").polygon_area_perimeter(*corners.T)
        side = math.sqrt(abs(area))
        assert side == pytest.approx(250, abs=2 * 4.77)


def test_gsd_is_nominal_in_utm_and_in_feet() -> None:
    utm = ground_sample_distance(CRS("EPSG:32647"), Affine(3, 0, 430_000, 0, -3, 2.8e6), 100, 100)
    assert utm == 3
    feet = Affine(10, 0, 987_000, 0, -10, 200_000)
    state_plane = ground_sample_distance(CRS("EPSG:2263"), feet, 100, 100)
    assert state_plane == pytest.approx(3.048, rel=1e-5)


@given(lat=st.floats(-75, 75))
def test_gsd_is_measured_on_the_ground_in_degrees_and_web_mercator(lat: float) -> None:
    degrees = Affine(1e-4, 0, 98, 0, -1e-4, lat + 0.005)
    gsd = ground_sample_distance(CRS("EPSG:4326"), degrees, 100, 100)
    assert gsd == pytest.approx(11.13 * math.sqrt(math.cos(math.radians(lat))), rel=0.01)
    y = 6_378_137 * math.asinh(math.tan(math.radians(lat)))
    metres = Affine(5, 0, 1e7, 0, -5, y + 250)
    gsd = ground_sample_distance(CRS("EPSG:3857"), metres, 100, 100)
    assert gsd == pytest.approx(5 * math.cos(math.radians(lat)), rel=0.011)


@given(grid=GRIDS)
def test_metadata_survives_json(grid: PatchGrid) -> None:
    assert PatchGrid.from_metadata(json.loads(json.dumps(grid.to_metadata()))) == grid


def test_windows_over_footprints_end_where_the_raster_ends() -> None:
    side = UTM.patch_px
    corners = UTM.corners([0, UTM.rows - 1, 0], [0, UTM.columns - 1, UTM.columns])
    corners = np.concatenate([corners, [[[0, 91], [1, 91], [1, 92], [0, 92]]]])
    width, height = UTM.columns * side, UTM.rows * side - 10
    windows, sizes = windows_over(corners, UTM.crs, UTM.transform, width, height)
    assert windows == [
        UTM.window(0, 0),
        Window((UTM.columns - 1) * side, (UTM.rows - 1) * side, side, side - 10),
        None,  # right of it
        None,  # where the projection ends
    ]
    np.testing.assert_array_equal(sizes, [side**2, side**2, side**2, np.nan])


@pytest.mark.parametrize("left", [179.9, 260.0, -100.0, -180.1, 0.0, 359.9])
def test_longitudes_counted_from_anywhere_are_one_place(left: float) -> None:
    """Rasters may count longitudes from 0 to 360, or beyond 180 where they cross it."""
    transform = Affine(0.001, 0, left, 0, -0.001, 20)
    grid = PatchGrid.for_raster(CRS("EPSG:4326"), transform, width=200, height=120, patch_size=2000)
    row, column = (each.ravel() for each in np.mgrid[: grid.rows, : grid.columns])
    corners, centres = grid.corners(row, column), grid.centroids(row, column)
    assert np.ptp(corners[..., 0], axis=1).max() < 0.1
    assert corners[..., 0].min() >= -180
    assert np.ptp(corners[..., 0]) < 0.3
    assert np.abs(centres[:, 0]).max() <= 180
    for turn in (-360, 0, 360):
        found = grid.locate(centres[:, 0] + turn, centres[:, 1])
        np.testing.assert_array_equal(found, [row, column])
    windows, _ = windows_over(corners, grid.crs, transform, 200, 120)
    assert [(w.row_off, w.col_off) for w in windows if w is not None] == [
        (r * grid.patch_px, c * grid.patch_px) for r, c in zip(row, column, strict=True)
    ]


@given(
    GRIDS,
    st.tuples(st.floats(-0.3, 1.1), st.floats(-0.3, 1.1), st.floats(0.01, 1), st.floats(0.01, 1)),
)
def test_a_box_takes_the_rows_and_columns_of_all_patches_in_it(
    grid: PatchGrid, box: tuple[float, float, float, float]
) -> None:
    row, column = np.indices((grid.rows, grid.columns))
    lon, lat = np.moveaxis(grid.centroids(row, column), -1, 0)
    west, south = (
        low + at * np.ptp(axis)
        for axis, low, at in ((lon, lon.min(), box[0]), (lat, lat.min(), box[1]))
    )
    east, north = west + box[2] * np.ptp(lon), south + box[3] * np.ptp(lat)
    inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)).tolist() for axis in (1, 0))
    found = grid.within((west, south, east, north))
    assert [*map(len, found)] == [each[-1] - each[0] + 1 if each else 0 for each in (rows, columns)]
    assert not rows or (found[0][0], found[1][0]) == (rows[0], columns[0])


def test_a_box_in_a_zone_needs_little_memory() -> None:
    zone = PatchGrid(
        CRS("EPSG:32647").to_wkt(), Affine(10, 0, 166_000, 0, -10, 9_329_000), 4, 233_000, 17_000
    )
    rows, columns = zone.within((97.9, 25.8, 98.0, 25.9))
    assert 200 < len(rows) < 300  # 0.1 degrees of 40 m; all patches would need 60 GB
    assert 200 < len(columns) < 300
