"""Pictures of footprints, cut from scenes whose pixels are others than those of the patches."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.vrt import WarpedVRT

from rareearth_explorer.data.scene import Scene, footprint_picture, open_scene
from rareearth_explorer.data.table import PatchTable, Reading, TableWriter, open_table, shows
from rareearth_explorer.demo.synthetic import make_demo
from rareearth_explorer.embedding import embed
from rareearth_explorer.widgets.review.review_pictures import CHIP, Pictures

SIDE = 84


@pytest.fixture
def scene(make_geotiff: Callable[..., Path]) -> Iterator[Scene]:
    y, x = np.mgrid[: 4 * SIDE, : 5 * SIDE]
    pixels = np.stack([200 + 3 * x, 300 + 2 * y + x, 400 + 40 * ((x // 6 + y // 6) % 9)])
    path = make_geotiff(pixels.astype(np.uint16), descriptions=["blue", "green", "red"])
    with open_scene(path) as opened:
        yield opened


def corners_of(scene: Scene, row: int, column: int) -> np.ndarray:
    return scene.grid().corners(np.array([row]), np.array([column]))[0]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 3), (3, 4)])
def test_a_patch_of_the_scene_has_exactly_its_window(scene: Scene, row: int, column: int) -> None:
    found = footprint_picture(scene, corners_of(scene, row, column), SIDE)
    window = scene.grid().window(row, column)
    np.testing.assert_array_equal(found, scene.chip(window, SIDE))


def test_beyond_the_scene_a_picture_is_black(scene: Scene) -> None:
    whole = footprint_picture(scene, corners_of(scene, 0, 0), SIDE)
    half = corners_of(scene, 0, 0)
    half[:, 0] -= np.ptp(half[:, 0]) / 2
    half[:, 1] += np.ptp(half[:, 1]) / 4
    found = footprint_picture(scene, half, SIDE)
    assert found is not None
    assert not found[:, :41].any()
    assert not found[:20].any()
    shown = found[22:, 43:]
    moved = np.abs(shown.astype(int) - whole[: len(shown), : shown.shape[1]])
    assert np.median(moved) <= 4  # shifted by less than a pixel
    far = corners_of(scene, 0, 0) + np.array([1, 0])
    assert footprint_picture(scene, far, SIDE) is None


def test_a_scene_in_another_projection_shows_the_same_ground(scene: Scene, tmp_path: Path) -> None:
    other = tmp_path / "web.tif"
    with (
        rasterio.open(scene.path) as source,
        WarpedVRT(source, crs="EPSG:3857", nodata=0) as warped,
        rasterio.open(other, "w", **{**warped.profile, "driver": "GTiff"}) as target,
    ):
        target.write(warped.read())
        target.descriptions = source.descriptions
    with open_scene(other) as web:
        corners = corners_of(scene, 1, 2)
        ours, theirs = (footprint_picture(each, corners, SIDE) for each in (scene, web))
    assert ours is not None
    assert theirs is not None
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9


def test_a_footprint_that_is_no_square_is_not_distorted(scene: Scene) -> None:
    corners = corners_of(scene, 1, 1)
    corners[:, 0] = np.where(
        corners[:, 0] > corners[:, 0].mean(), corners[:, 0].mean(), corners[:, 0]
    )
    found = footprint_picture(scene, corners, SIDE)
    whole = scene.grid().window(1, 1)
    left = type(whole)(whole.col_off - SIDE // 4, whole.row_off, SIDE, SIDE)
    np.testing.assert_array_equal(found, scene.chip(left, SIDE))


def test_a_stripped_table_has_the_pictures_of_the_original(scene: Scene, tmp_path: Path) -> None:
    """A table with nothing but embeddings and geometry shows what the original shows."""
    grid = scene.grid()
    row, column = (each.ravel() for each in np.indices((grid.rows, grid.columns)))
    numbers = np.random.default_rng(1).normal(size=(len(row), 8)).astype(np.float32)
    with TableWriter(tmp_path / "own.parquet", 8, {"grid": grid.to_metadata()}) as writer:
        writer.append(row, column, grid.corners(row, column), numbers)
    own = open_table(tmp_path / "own.parquet")
    bare = PatchTable.from_arrays(
        own.embeddings, shapely.get_coordinates(own.footprints).reshape(-1, 5, 2)[:, :4]
    )
    assert bare.grid is None
    assert shows(scene, bare)
    for patch in range(len(own)):
        ours, theirs = (
            footprint_picture(scene, table.corners[patch], SIDE) for table in (own, bare)
        )
        assert np.abs(ours.astype(int) - theirs).mean() < 2


@pytest.mark.slow
def test_a_stripped_table_of_the_demo_is_reviewed_with_the_same_pictures(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, patches=(6, 7), progress=False)
    report = embed(demo.scenes[0], tmp_path / "table.parquet", projection=False, progress=False)
    ours, stripped = open_table(report.table), tmp_path / "stripped.parquet"
    columns = pq.read_table(report.table).select(["embedding", "geometry"])
    pq.write_table(columns.replace_schema_metadata(None), stripped)
    theirs = open_table(stripped, reading=Reading(crs="EPSG:4326"))
    assert theirs.row is None
    grid = ours.grid
    assert grid is not None
    assert ours.row is not None
    assert ours.column is not None
    with open_scene(demo.scenes[0]) as scene:
        own, foreign = (Pictures(table, scene) for table in (ours, theirs))
        for patch in range(len(ours)):
            shown = [decoded(pictures.of(patch, None)) for pictures in (own, foreign)]
            right = scene.chip(grid.window(int(ours.row[patch]), int(ours.column[patch])), CHIP)
            assert np.abs(shown[0] - shown[1]).mean() < 2
            assert np.abs(right.astype(int) - shown[1]).mean() < 6  # by the compression of WebP
            assert np.ptp(shown[1]) > 20


def decoded(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)
