"""Imagery across the antimeridian and near the poles: in one frame with its patches, or refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from affine import Affine
from fake_encoders import Means
from pyproj import Geod, Transformer
from rasterio.windows import Window

from rareearth_explorer.change import open_stack
from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import full_turn, pixels_under
from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.scene import Scene, footprint_picture, open_mosaic, open_scene
from rareearth_explorer.data.scene.tiles import EARTH_RADIUS, near_scene
from rareearth_explorer.data.table import PatchTable, open_table
from rareearth_explorer.embedding import embed_scene
from rareearth_explorer.errors import TableError
from rareearth_explorer.exporting.patch_list import list_patches, write_listing
from rareearth_explorer.exporting.report_map import ReportMap, mercator, stitched
from rareearth_explorer.hunt import Session

MakeGeotiff = Callable[..., Path]

LAT = -16.5

PATCH = 16
SIDE = 12
"""Pixels along a patch, and patches along the scene; the antimeridian lies in its middle."""

AROUND = 2 * np.pi * EARTH_RADIUS

CRSS: dict[str, tuple[str, float, float]] = {
    "UTM zone 60": ("EPSG:32760", 15, 0),
    "UTM zone 1": ("EPSG:32701", 15, 0),
    "degrees above 180": ("EPSG:4326", 15 / 111_320, 0),
    "degrees below -180": ("EPSG:4326", 15 / 111_320, -360),
    "Mercator of the Pacific": ("EPSG:3832", 15, 0),
    "Web Mercator beyond its edge": ("EPSG:3857", 15, 0),
    "Web Mercator before its edge": ("EPSG:3857", 15, -AROUND),
}
"""CRS, side of a pixel, and what is added to the first coordinate."""


def one_colour_a_patch() -> npt.NDArray[np.uint16]:
    """Red grows from west to east, green from north to south."""
    row, column = np.indices((SIDE * PATCH, SIDE * PATCH)) // PATCH
    return np.stack([500 + 300 * column, 500 + 300 * row, 500 + 100 * (column + row) % 7]).astype(
        np.uint16
    )


@pytest.fixture(params=CRSS)
def scene(request: pytest.FixtureRequest, make_geotiff: MakeGeotiff) -> Any:
    crs, step, shift = CRSS[request.param]
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(180, LAT)
    half = step * SIDE * PATCH / 2
    corner = Affine(step, 0, x + shift - half, 0, -step, y + half)
    path = make_geotiff(
        one_colour_a_patch(),
        crs=crs,
        transform=corner,
        descriptions=("red", "green", "blue"),
    )
    with open_scene(path) as opened:
        yield opened


@pytest.fixture
def table(scene: Scene, tmp_path: Path) -> PatchTable:
    made = embed_scene(scene, Means(3), tmp_path / "t.parquet", patch_size=PATCH * scene.gsd)
    return open_table(made.table)


def tile_pixel(scene: Scene, lon: float, lat: float, z: int) -> npt.NDArray[np.uint8]:
    """RGBA of the imagery at a place, from the tile that the map asks for there."""
    x = (lon / 360 + 0.5) * 2**z
    y = (0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * 2**z
    tile = scene.tile(z, near_scene(int(x), z, scene.bounds), int(y))
    return tile[int(y % 1 * 256), int(x % 1 * 256)]


@pytest.mark.slow
def test_the_map_of_a_report_shows_each_patch_where_it_lies(
    scene: Scene, table: PatchTable
) -> None:
    session = Session(table)
    session.mark(0, "positive")
    west, east, south, north = ReportMap(session, scene, ()).extent
    picture, (left, right, bottom, top) = stitched(scene, (west, east, south, north))
    assert left <= west < east <= right
    assert bottom <= south < north <= top
    x, y = mercator(table.centroids).T
    columns = (x - left) / (right - left) * picture.shape[1]
    rows = (top - y) / (top - bottom) * picture.shape[0]
    seen = picture[rows.astype(int), columns.astype(int)]
    assert (seen[:, 3] == 255).all()
    for patch in (0, SIDE - 1, SIDE**2 - 1):
        chip = footprint_picture(scene, table.corners[patch], 1)
        assert chip is not None
        np.testing.assert_allclose(seen[patch, :3], chip[0, 0], atol=3)


@pytest.mark.parametrize("z", [12, 14])
def test_the_map_shows_each_patch_where_it_lies(scene: Scene, table: PatchTable, z: int) -> None:
    assert len(table) == SIDE**2
    assert np.ptp(table.corners[..., 0]) < 0.1
    assert len(np.unique(table.centroids[:, 0] > 180)) == 2
    for patch in range(0, len(table), 13):
        shown = tile_pixel(scene, *table.centroids[patch], z)
        picture = footprint_picture(scene, table.corners[patch], PATCH)
        assert picture is not None
        thumbnail = picture[PATCH // 2, PATCH // 2]
        assert shown[3] == 255
        np.testing.assert_allclose(shown[:3].astype(int), thumbnail.astype(int), atol=2)


def test_places_find_their_patch_and_pixels(scene: Scene, table: PatchTable) -> None:
    grid = table.grid
    assert grid is not None
    row, column = grid.locate(*table.centroids.T)
    np.testing.assert_array_equal(row * SIDE + column, np.arange(len(table)))
    placed = pixels_under(*table.centroids.T, "EPSG:4326", grid.crs, grid.transform, SIDE * PATCH)
    np.testing.assert_allclose(placed[0], PATCH * (column + 0.5), atol=0.01)
    labels = Labels.from_points([(lon - 360, lat) for lon, lat in table.centroids])
    assert labels.per_patch(table.footprints).tolist() == [1] * len(table)


def test_exports_and_imagery_agree(scene: Scene, table: PatchTable, tmp_path: Path) -> None:
    session = Session(table)
    session.mark(SIDE - 1, "positive")
    write_listing(list_patches(session), path := tmp_path / "list.geojson")
    frame = gpd.read_file(path)
    assert frame.lon.abs().max() <= 180
    parts = shapely.get_parts(frame.geometry.to_numpy())
    assert np.ptp(shapely.bounds(parts)[:, [0, 2]], axis=1).max() < 0.01
    for lon, lat, patch in frame[["lon", "lat", "patch"]][::29].to_numpy():
        shown = tile_pixel(scene, lon, lat, 14)
        assert shown[3] == 255
        here = tile_pixel(scene, *table.centroids[int(patch)], 14)
        np.testing.assert_allclose(shown.astype(int), here.astype(int), atol=2)


class TestCountedOtherwise:
    """Files of one place, whose first coordinates are a whole turn apart."""

    STEP = 1e-4

    def part(self, make: MakeGeotiff, name: str, west: float, value: int) -> Path:
        pixels = np.full((3, 40, 50), value, np.uint16)
        corner = Affine(self.STEP, 0, west, 0, -self.STEP, LAT)
        return make(pixels, name, crs="EPSG:4326", transform=corner, nodata=0)

    def test_files_on_both_sides_are_one_mosaic(self, make_geotiff: MakeGeotiff) -> None:
        west = self.part(make_geotiff, "west.tif", 180 - 50 * self.STEP, 700)
        east = self.part(make_geotiff, "east.tif", -180, 900)
        for paths in ([west, east], [east, west]):
            with open_mosaic(paths) as scene:
                assert (scene.width, scene.height) == (100, 40)
                pixels, valid = scene.read(Window(0, 0, 100, 40))
                assert valid.all()
                assert pixels[0, 0].tolist() == [700] * 50 + [900] * 50
                (_, left), (_, right) = scene.bounds
                assert (left, right) == pytest.approx((179.995, 180.005))

    def test_dates_are_one_stack(self, make_geotiff: MakeGeotiff) -> None:
        first = self.part(make_geotiff, "20220307.tif", 180 - 20 * self.STEP, 700)
        second = self.part(make_geotiff, "20220314.tif", -180 - 20 * self.STEP, 900)
        with open_stack([first, second]) as stack:
            pixels, valid = stack.read(1, Window(0, 0, 50, 40))
        assert valid.all()
        assert (pixels == 900).all()


@pytest.mark.parametrize(
    ("crs", "turn"),
    [
        ("EPSG:4326", 360),
        ("EPSG:3857", AROUND),
        ("EPSG:3832", AROUND),
        ("+proj=merc +lon_0=-99.5", AROUND),
        ("+proj=merc +lon_0=-159.5", AROUND),
        ("EPSG:32760", None),
        ("EPSG:3413", None),
        ("ESRI:54008", None),
    ],
)
def test_what_a_crs_counts_around_the_earth(crs: str, turn: float | None) -> None:
    from pyproj import CRS

    assert full_turn(CRS.from_user_input(crs).to_wkt()) == (turn and pytest.approx(turn))


POLAR = {"north": "EPSG:3413", "south": "EPSG:3031"}

Polar = Callable[..., Path]


@pytest.fixture(params=POLAR)
def polar(request: pytest.FixtureRequest, make_geotiff: MakeGeotiff) -> Polar:
    """Write a scene whose upper left corner lies at (x, y) km from a pole."""

    def make(x: float, y: float, side: int = 160, step: float = 15) -> Path:
        corner = Affine(step, 0, 1000 * x, 0, -step, 1000 * y)
        pixels = np.random.default_rng(0).integers(500, 4000, (3, side, side), np.uint16)
        return make_geotiff(
            pixels,
            crs=POLAR[request.param],
            transform=corner,
            descriptions=("red", "green", "blue"),
        )

    return make


BEYOND = {"around the pole": (-1.2, 1.2), "the pole on an edge": (0, 1.2), "near": (3, 1.2)}


@pytest.mark.parametrize("where", BEYOND)
def test_a_scene_at_a_pole_is_refused(
    where: str, polar: Polar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = polar(*BEYOND[where])
    for words in (["info", scene], ["embed", scene, "-o", tmp_path / "t.parquet"]):
        assert main([*map(str, words)]) == 2
        said = capsys.readouterr().err
        assert "the map ends at 85.05° " in said
        assert "farther from the pole" in said
    assert not (tmp_path / "t.parquet").exists()


@pytest.mark.slow
def test_the_part_before_the_end_of_the_map_is_cut_out_as_the_sentence_says(
    polar: Polar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, part = polar(-60, 580, 120, 1000), tmp_path / "part.tif"
    assert main(["info", str(whole)]) == 2
    assert "rio clip IN OUT --bounds" in capsys.readouterr().err
    box = "-60000 465000 60000 540000"
    subprocess.run(["rio", "clip", whole, part, "--bounds", box], check=True)
    assert main(["info", str(part)]) == 2
    box = "-60000 540000 60000 580000"
    subprocess.run(["rio", "clip", whole, part, "--overwrite", "--bounds", box], check=True)
    assert main(["info", str(part)]) == 0


@pytest.mark.parametrize("at", [(-500, 500), (400, 450), (-1.2, 620), (-650, 1.2), (-1.2, -620)])
def test_patches_of_a_polar_grid_are_right_where_the_map_reaches(
    at: tuple[float, float], polar: Polar, tmp_path: Path
) -> None:
    with open_scene(polar(*at)) as scene:
        made = embed_scene(scene, Means(3), tmp_path / "t.parquet", patch_size=240)
        table = open_table(made.table)
        earth = Geod(ellps="WGS84")
        areas = [abs(earth.geometry_area_perimeter(each)[0]) for each in table.footprints]
        side = table.grid.patch_px * scene.gsd  # type: ignore[union-attr]
        np.testing.assert_allclose(areas, side**2, rtol=0.01)
        assert shapely.area(shapely.union_all(table.footprints)) == pytest.approx(
            shapely.area(table.footprints).sum(), rel=1e-6
        )
        row, column = table.grid.locate(*table.centroids.T)  # type: ignore[union-attr]
        assert (row == table.row).all()
        assert (column == table.column).all()
        for patch in range(0, len(table), 7):
            assert tile_pixel(scene, *table.centroids[patch], 13)[3] == 255
    labels = Labels.from_points(table.centroids)
    assert labels.per_patch(table.footprints).tolist() == [1] * len(table)
    session = Session(table)
    session.mark(0, "positive")
    write_listing(list_patches(session), path := tmp_path / "list.gpkg")
    parts = shapely.get_parts(gpd.read_file(path).geometry.to_numpy())
    assert np.ptp(shapely.bounds(parts)[:, [0, 2]], axis=1).max() < 0.1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("kind", ["polygons", "points", "metres"])
def test_a_table_at_a_pole_is_refused(
    kind: str, sign: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rareearth_explorer.serving import DashboardFiles

    lat = sign * np.array([84.0, 84.01, 87.0])
    places: Any = gpd.points_from_xy([10, 10.1, 10.2], lat, crs=4326)
    if kind == "polygons":
        places = shapely.box(places.x - 0.01, np.minimum(lat, lat - 0.001), places.x, lat)
    frame = gpd.GeoDataFrame({"embedding": [[1.0, 2]] * 3}, geometry=places, crs=4326)
    if kind == "metres":
        frame = frame.to_crs(3413 if sign > 0 else 3031)
        frame["geometry"] = frame.buffer(100, cap_style="square")
    frame.to_parquet(path := tmp_path / "t.parquet")
    for words in (["info", path], ["import", path, "-o", tmp_path / "o.parquet"]):
        assert main([*map(str, words)]) == 2
        said = capsys.readouterr().err
        assert "row 3 is too near to a pole" in said
        assert f"° {'N' if sign > 0 else 'S'}, and the map ends" in said
        assert "(1 of 3)" in said
    with pytest.raises(TableError, match="the map ends"):
        DashboardFiles(path).check()
    with pytest.raises(TableError, match="the map ends"):
        PatchTable.from_arrays(np.ones((1, 2)), [[[0, 89.0 * sign]] * 4])
    frame.iloc[:2].to_parquet(path)
    assert main(["info", str(path)]) == 0
