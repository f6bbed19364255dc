from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.windows import Window
from scipy.io import netcdf_file

from rareearth_explorer.data.scene import Scene, open_scene
from rareearth_explorer.data.scene import preview as preview_module
from rareearth_explorer.data.scene.bands import PLANETSCOPE, band_roles, true_colour
from rareearth_explorer.data.scene.dates import acquisition_time
from rareearth_explorer.errors import SceneError

MakeGeotiff = Callable[..., Path]

HEIGHT, WIDTH = 200, 180


def tile_at(scene: Scene, z: int) -> tuple[int, int, int]:
    """Address of the tile that holds the centre of a scene."""
    (south, west), (north, east) = scene.bounds
    lon, lat = (west + east) / 2, math.radians((south + north) / 2)
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(lat)) / math.pi) / 2 * 2**z
    return z, int(x), int(y)


def pixels_under(scene: Scene, z: int, x: int, y: int, size: int = 256) -> tuple[Any, Any]:
    """Row and column of the scene, fractional, at each pixel centre of a tile."""
    world = 2 * math.pi * 6_378_137
    centres = (np.arange(size) + 0.5) / size
    east, north = np.meshgrid(
        (x + centres) * world / 2**z - world / 2, world / 2 - (y + centres) * world / 2**z
    )
    there = Transformer.from_crs("EPSG:3857", scene.crs, always_xy=True)
    column, row = ~scene.transform @ there.transform(east, north)
    return row, column


def ramps() -> npt.NDArray[np.uint16]:
    """Pixels that tell their place: row in the first band, column in the second."""
    row, column = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([row, column, row + column]).astype(np.uint16) * 10 + 100


class TestRoles:
    @pytest.mark.parametrize(
        ("name", "count"),
        [
            ("20220307_034030_1_2475_3B_AnalyticMS_SR_8b_harmonized_clip.tif", 8),
            ("20220307_034030_1_2475_3B_AnalyticMS_8b.tif", 8),
            ("20170915_020728_103d_3B_AnalyticMS.tif", 4),
            ("633841_1932520_2017-07-19_1004_subarea.tif", 4),
            ("633841_1932520_2017-07-19_1004_BGRN_Analytic.tif", 4),
        ],
    )
    def test_planet_product_names(self, name: str, count: int) -> None:
        colours = ["red", "green", "blue", *["undefined"] * (count - 3)]
        roles = band_roles([None] * count, colours, [name], eight_bit=False)
        assert roles == PLANETSCOPE[count]

    def test_a_name_that_only_looks_like_8b_is_nothing(self) -> None:
        roles = band_roles([None] * 8, ["gray"] * 8, ["l8_8band.tif"], eight_bit=False)
        assert roles == ("b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8")

    def test_descriptions_win_over_the_product(self) -> None:
        described = ["Red", "Green I", "Near Infrared", "Red Edge"]
        roles = band_roles(described, ["gray"] * 4, ["x_AnalyticMS.tif"], eight_bit=False)
        assert roles == ("red", "green_i", "nir", "rededge")

    def test_another_spelling_does_not_take_the_name_of_a_band_that_has_it(self) -> None:
        assert band_roles(["NIR", "nir08"], ["gray"] * 2, [], eight_bit=False) == ("nir", "nir08")
        assert band_roles(["red", "nir08"], ["gray"] * 2, [], eight_bit=False) == ("red", "nir")

    def test_colours_are_believed_in_8_bit_only(self) -> None:
        colours = ["red", "green", "blue"]
        assert band_roles([None] * 3, colours, [], eight_bit=True) == ("red", "green", "blue")
        assert band_roles([None] * 3, colours, [], eight_bit=False) == ("b1", "b2", "b3")

    def test_an_unknown_band_keeps_its_description_where_that_is_clear(self) -> None:
        landsat = ["B1", "B2", "B9"]
        assert band_roles(landsat, ["gray"] * 3, [], eight_bit=False) == ("b1", "b2", "b9")
        doubtful = ["B2", None, "x", "x"]
        roles = band_roles(doubtful, ["gray"] * 4, [], eight_bit=False)
        assert roles == ("b1", "b2", "b3", "b4")

    @given(
        st.lists(st.none() | st.sampled_from(["red", "RED", "nir", "b1", "B3", " "]), min_size=1)
    )
    def test_roles_differ_from_each_other(self, described: list[str | None]) -> None:
        roles = band_roles(described, ["undefined"] * len(described), [], eight_bit=False)
        assert len(set(roles)) == len(described)

    def test_true_colour(self) -> None:
        assert true_colour(PLANETSCOPE[4]) == (2, 1, 0)
        assert true_colour(PLANETSCOPE[8]) == (5, 3, 1)
        assert true_colour(("b1", "b2", "b3", "b4")) == (0, 1, 2)
        assert true_colour(("vv", "vh")) == (0, 0, 0)


class TestTime:
    @pytest.mark.parametrize(
        ("name", "tag", "expected"),
        [
            ("20170915_020728_103d_3B_AnalyticMS.tif", None, (2017, 9, 15, 2, 7, 28)),
            ("20220307_034030_1_2475_3B.tif", "2024:01:01 00:00:00", (2022, 3, 7, 3, 40, 30)),
            ("S2A_MSIL2A_20220307T034031_N0400.tif", None, (2022, 3, 7, 3, 40, 31)),
            ("633841_1932520_2017-07-19_1004_x.tif", None, (2017, 7, 19, 12)),
            ("633841_2017-07-19_1004.tif", "2017:07:19 14:00:11", (2017, 7, 19, 14, 0, 11)),
            ("m_4709963_se_14_1_20180716.tif", "2021:05:05 10:00:00", (2018, 7, 16, 12)),
            ("mosaic.tif", "2017:09:15 02:07:28", (2017, 9, 15, 2, 7, 28)),
            ("20171315_mosaic_20220307.tif", None, (2022, 3, 7, 12)),
        ],
    )
    def test_name_and_tag(self, name: str, tag: str | None, expected: tuple[int, ...]) -> None:
        assert acquisition_time(name, tag) == datetime(*expected, tzinfo=UTC)  # type: ignore[misc]

    @pytest.mark.parametrize("tag", [None, "", "0000:00:00 00:00:00", "yesterday"])
    def test_nothing_tells(self, tag: str | None) -> None:
        assert acquisition_time("l8_8band_1932520.tif", tag) is None


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene of ramps, for tests that only look."""
    path = tmp_path_factory.mktemp("scene") / "ramps.tif"
    profile = {"driver": "GTiff", "width": WIDTH, "height": HEIGHT, "count": 3, "dtype": "uint16"}
    transform = Affine(3, 0, 430_000, 0, -3, 2_845_000)
    with rasterio.open(path, "w", **profile, crs="EPSG:32647", transform=transform) as dataset:
        dataset.write(ramps())
    with open_scene(path, bands=["red", "green", "blue"]) as scene:
        yield scene


class TestReading:
    @given(data=st.data())
    def test_a_window_holds_its_pixels(self, scene: Scene, data: st.DataObject) -> None:
        top, left = data.draw(st.integers(0, HEIGHT - 1)), data.draw(st.integers(0, WIDTH - 1))
        down = data.draw(st.integers(1, HEIGHT - top))
        across = data.draw(st.integers(1, WIDTH - left))
        pixels, valid = scene.read(Window(left, top, across, down))
        assert pixels.dtype == np.float32
        np.testing.assert_array_equal(pixels, ramps()[:, top : top + down, left : left + across])
        assert valid.shape == (down, across)
        assert valid.all()

    def test_bands_come_in_the_order_asked(self, scene: Scene) -> None:
        pixels, _ = scene.read(Window(7, 5, 1, 1), bands=["green", "red"])
        np.testing.assert_array_equal(pixels[:, 0, 0], [170, 150])

    def test_out_shape_decimates(self, scene: Scene) -> None:
        pixels, valid = scene.read(Window(0, 0, 100, 100), out_shape=(10, 20))
        assert pixels.shape == (3, 10, 20)
        assert valid.shape == (10, 20)
        assert (np.diff(pixels[0, :, 0]) == 100).all()

    def test_a_band_that_is_not_there(self, scene: Scene) -> None:
        with pytest.raises(SceneError, match="no band nir among red, green, blue"):
            scene.read(Window(0, 0, 1, 1), bands=["nir"])

    @pytest.mark.parametrize(
        "window", [Window(-1, 0, 5, 5), Window(WIDTH - 4, 0, 5, 5), Window(0, 0, 0, 5)]
    )
    def test_a_window_beyond_the_scene_is_refused(self, scene: Scene, window: Window) -> None:
        with pytest.raises(ValueError, match="beyond"):
            scene.read(window)

    def test_statistics_are_those_of_the_pixels(self, scene: Scene) -> None:
        flat = ramps().reshape(3, -1)
        np.testing.assert_allclose(scene.statistics.mean, flat.mean(axis=1))
        np.testing.assert_allclose(scene.statistics.std, flat.std(axis=1))
        np.testing.assert_allclose(scene.statistics.low, np.percentile(flat, 2, axis=1))
        np.testing.assert_allclose(scene.statistics.high, np.percentile(flat, 98, axis=1))

    def test_the_facts_are_json(self, scene: Scene) -> None:
        facts = json.loads(json.dumps(scene.describe()))
        assert facts["bands"] == ["red", "green", "blue"]
        assert facts["crs"] == "EPSG:32647"
        assert facts["gsd"] == 3
        assert facts["valid"] == 1

    def test_the_grid_covers_the_scene(self, scene: Scene) -> None:
        grid = scene.grid()
        assert (grid.patch_px, grid.rows, grid.columns) == (84, HEIGHT // 84, WIDTH // 84)
        (south, west), (north, east) = scene.bounds
        lon, lat = grid.corners(0, 0)[0]
        assert lon == pytest.approx(west, abs=1e-4)
        assert lat == pytest.approx(north, abs=1e-4)
        assert south < north
        assert west < east

    @pytest.mark.parametrize("size", [1e4, 0, -3, math.nan, math.inf])
    def test_a_patch_that_does_not_fit(self, scene: Scene, size: float) -> None:
        with pytest.raises(SceneError, match="patch"):
            scene.grid(size)


class TestValid:
    """Which pixels are empty; each raster has one odd pixel at row 3, column 4."""

    def valid_of(self, path: Path, **options: Any) -> npt.NDArray[np.bool_]:
        with open_scene(path) as scene:
            return scene.read(Window(0, 0, 20, 10), **options)[1]

    def pixels(self, dtype: str = "uint16", count: int = 4) -> npt.NDArray[Any]:
        return np.full((count, 10, 20), 7, dtype)

    def only_odd(self) -> npt.NDArray[np.bool_]:
        expected = np.ones((10, 20), bool)
        expected[3, 4] = False
        return expected

    def test_nodata_zero_means_zero_in_all_bands(self, make_geotiff: MakeGeotiff) -> None:
        pixels = self.pixels()
        pixels[:, 3, 4] = 0
        pixels[1, 5, 6] = 0  # a dark band, measured
        valid = self.valid_of(make_geotiff(pixels, nodata=0))
        np.testing.assert_array_equal(valid, self.only_odd())

    def test_any_other_nodata_spoils_a_pixel_in_any_band(self, make_geotiff: MakeGeotiff) -> None:
        pixels = self.pixels("float32")
        pixels[2, 3, 4] = -9999
        valid = self.valid_of(make_geotiff(pixels, nodata=-9999))
        np.testing.assert_array_equal(valid, self.only_odd())

    @pytest.mark.parametrize("nodata", [None, math.nan])
    def test_nan_spoils_a_pixel(self, make_geotiff: MakeGeotiff, nodata: float | None) -> None:
        pixels = self.pixels("float32")
        pixels[2, 3, 4] = np.nan
        path = make_geotiff(pixels, nodata=nodata)
        np.testing.assert_array_equal(self.valid_of(path), self.only_odd())
        with open_scene(path) as scene:
            assert scene.chip(Window(0, 0, 20, 10), 8).shape == (8, 8, 3)

    def test_alpha_is_a_mask_and_no_band(self, make_geotiff: MakeGeotiff) -> None:
        pixels = self.pixels("uint8")
        pixels[:, 0, 0] = 0
        pixels[3] = 255
        pixels[3, 3, 4] = 0
        colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
        path = make_geotiff(pixels, colorinterp=colours)
        with open_scene(path) as scene:
            assert scene.bands == ("red", "green", "blue")
        np.testing.assert_array_equal(self.valid_of(path), self.only_odd())

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
    def test_a_collar_of_zeros_is_empty_without_being_declared(
        self, make_geotiff: MakeGeotiff, dtype: str
    ) -> None:
        pixels = self.pixels(dtype)
        pixels[:, :, :5] = 0
        valid = self.valid_of(make_geotiff(pixels))
        assert not valid[:, :5].any()
        assert valid[:, 5:].all()

    def test_a_black_pixel_without_a_collar_is_a_measurement(
        self, make_geotiff: MakeGeotiff
    ) -> None:
        pixels = self.pixels()
        pixels[:, 3, 4] = 0
        assert self.valid_of(make_geotiff(pixels)).all()

    def test_empty_pixels_stay_out_of_the_statistics(self, make_geotiff: MakeGeotiff) -> None:
        pixels = self.pixels()
        pixels[:, :, :5] = 0
        with open_scene(make_geotiff(pixels)) as scene:
            np.testing.assert_array_equal(scene.statistics.mean, 7)
            np.testing.assert_array_equal(scene.statistics.std, 0)
            assert scene.statistics.valid == 0.75


class TestRefusals:
    def refusal(self, path: Path, **options: Any) -> str:
        with pytest.raises(SceneError) as caught:
            open_scene(path, **options)
        sentence = str(caught.value)
        assert sentence.startswith(str(path))
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return sentence

    def test_no_file(self, tmp_path: Path) -> None:
        assert "no such file" in self.refusal(tmp_path / "none.tif")

    @pytest.mark.parametrize("content", [b"", b"not a raster", b"II*\0"])
    def test_not_a_raster(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "text.tif"
        path.write_bytes(content)
        assert "not a complete raster" in self.refusal(path)

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "this folder contains no GeoTIFF" in self.refusal(tmp_path)

    @pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
    @pytest.mark.parametrize("creation", [{}, {"tiled": True, "blockxsize": 64, "blockysize": 64}])
    @pytest.mark.parametrize("compress", ["none", "deflate"])
    def test_a_truncated_file(
        self, make_geotiff: MakeGeotiff, share: float, creation: dict[str, Any], compress: str
    ) -> None:
        path = make_geotiff(compress=compress, **creation)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        assert "not a complete raster" in self.refusal(path)

    def test_damage_found_while_reading(self, make_geotiff: MakeGeotiff) -> None:
        path = make_geotiff(compress="deflate", tiled=True, blockxsize=64, blockysize=64)
        content = bytearray(path.read_bytes())
        with rasterio.open(path) as dataset:
            offset = int(dataset.get_tag_item("BLOCK_OFFSET_1_0", "TIFF", bidx=1))
        content[offset : offset + 1000] = bytes(1000)
        path.write_bytes(content)
        with open_scene(path) as scene, pytest.raises(SceneError, match="not a complete raster"):
            scene.read(Window(0, 0, WIDTH, HEIGHT))

    def test_no_crs(self, make_geotiff: MakeGeotiff) -> None:
        assert "coordinate reference system" in self.refusal(make_geotiff(crs=None))

    def test_no_place_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / "plain.tif"
        with (
            pytest.warns(rasterio.errors.NotGeoreferencedWarning),
            rasterio.open(
                path, "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8"
            ) as d,
        ):
            d.write(np.ones((1, 4, 4), np.uint8))
        assert "coordinate reference system" in self.refusal(path)

    def test_rotated(self, make_geotiff: MakeGeotiff) -> None:
        turned = Affine(3, 1, 430_000, 1, -3, 2_845_000)
        assert "rio warp" in self.refusal(make_geotiff(transform=turned))
        assert "rio warp" in self.refusal(make_geotiff(transform=Affine(0, 3, 43e4, 3, 0, 28e5)))
        rounded = Affine(3, 1e-13, 430_000, -1e-13, -3, 2_845_000)
        with open_scene(make_geotiff(transform=rounded)) as scene:
            assert scene.transform == Affine(3, 0, 430_000, 0, -3, 2_845_000)

    def test_ground_control_points(self, make_geotiff: MakeGeotiff) -> None:
        corners = [(0, 0), (0, 100), (100, 0), (100, 100)]
        points = [GroundControlPoint(row, col, 98 + col, 25 - row, 0) for row, col in corners]
        path = make_geotiff(transform=None, crs="EPSG:4326", gcps=points)
        assert "ground control points" in self.refusal(path)

    @pytest.mark.parametrize("crs", ["EPSG:4326", 'LOCAL_CS["site",UNIT["metre",1]]'])
    def test_a_place_off_the_earth(self, make_geotiff: MakeGeotiff, crs: str) -> None:
        assert "outside the Earth" in self.refusal(make_geotiff(crs=crs))

    def test_all_nodata(self, make_geotiff: MakeGeotiff) -> None:
        empty = np.zeros((4, 20, 20), np.uint16)
        assert "nodata" in self.refusal(make_geotiff(empty, nodata=0))
        assert "nodata" in self.refusal(make_geotiff(empty))
        assert "nodata" in self.refusal(make_geotiff(np.full((1, 5, 5), np.nan, np.float32)))

    def test_subdatasets_only(self, tmp_path: Path) -> None:
        path = tmp_path / "two.nc"
        with netcdf_file(path, "w") as file:
            for name, side in (("first", 4), ("second", 5)):
                file.createDimension(f"y_{name}", side)
                file.createDimension(f"x_{name}", side)
                variable = file.createVariable(name, "f4", (f"y_{name}", f"x_{name}"))
                variable[:] = np.ones((side, side))
        assert "no bands" in self.refusal(path)

    def test_alpha_only(self, make_geotiff: MakeGeotiff) -> None:
        pixels = np.full((1, 5, 5), 255, np.uint8)
        assert "no bands" in self.refusal(make_geotiff(pixels, colorinterp=[ColorInterp.alpha]))

    def test_complex_numbers(self, make_geotiff: MakeGeotiff) -> None:
        assert "complex" in self.refusal(make_geotiff(np.ones((1, 5, 5), np.complex64)))

    @pytest.mark.parametrize("bands", [[], ["red"], ["red", "green", "blue", "red"]])
    def test_names_that_do_not_fit_the_bands(
        self, make_geotiff: MakeGeotiff, bands: list[str]
    ) -> None:
        assert "the file has 4 bands" in self.refusal(make_geotiff(), bands=bands)


class TestPictures:
    def expected(self, scene: Scene, z: int, x: int, y: int) -> tuple[Any, Any]:
        """Stretched pixels and mask that a tile ought to show, pixel by pixel."""
        row, column = (np.floor(place).astype(int) for place in pixels_under(scene, z, x, y))
        inside = (row >= 0) & (row < scene.height) & (column >= 0) & (column < scene.width)
        everything = Window(0, 0, scene.width, scene.height)
        pixels, valid = scene.read(everything)
        stretched = scene.statistics.stretch(pixels[:3], valid, range(3))
        row, column = row.clip(0, scene.height - 1), column.clip(0, scene.width - 1)
        return stretched[:, row, column].transpose(1, 2, 0), inside & valid[row, column]

    @pytest.mark.parametrize(("z", "tolerance"), [(14, 3), (15, 2), (17, 0), (19, 0), (21, 0)])
    def test_each_tile_pixel_shows_what_lies_under_it(
        self, scene: Scene, z: int, tolerance: int
    ) -> None:
        address = tile_at(scene, z)
        tile = scene.tile(*address)
        picture, inside = self.expected(scene, *address)
        assert tile.dtype == np.uint8
        assert tile.shape == (256, 256, 4)
        np.testing.assert_array_equal(tile[..., 3] > 0, inside)
        apart = np.abs(tile[..., :3].astype(int) - picture)[inside]
        # A pixel of a ramp is 1.3 brighter than its neighbour.
        assert apart.size > 500
        assert apart.max() <= tolerance

    def test_geographic_scenes_are_placed_as_well(self, make_geotiff: MakeGeotiff) -> None:
        transform = Affine(3e-5, 0, 98.3, 0, -3e-5, 25.7)
        with open_scene(make_geotiff(ramps(), crs="EPSG:4326", transform=transform)) as scene:
            z, x, y = tile_at(scene, 18)
            tile = scene.tile(z, x, y)
            picture, inside = self.expected(scene, z, x, y)
        np.testing.assert_array_equal(tile[..., 3] > 0, inside)
        np.testing.assert_array_equal(tile[inside, :3], picture[inside])

    def test_a_tile_elsewhere_is_transparent(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff()) as scene:
            z, x, y = tile_at(scene, 15)
            for away in [(z, x + 9, y), (z, x, y - 9), (z, 0, 0), (1, 0, 1)]:
                assert not scene.tile(*away).any()

    def test_from_far_out_the_scene_is_a_speck(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff()) as scene:
            z, x, y = tile_at(scene, 11)
            tile = scene.tile(z, x, y, size=512)
            _, inside = self.expected(scene, z, x, y)
        assert tile.shape == (512, 512, 4)
        assert 0 < (tile[..., 3] > 0).mean() < 0.01
        assert inside.any()

    def test_the_collar_is_transparent(self, make_geotiff: MakeGeotiff) -> None:
        pixels = ramps()
        pixels[:, :, : WIDTH // 2] = 0
        with open_scene(make_geotiff(pixels)) as scene:
            z, x, y = tile_at(scene, 18)
            tile = scene.tile(z, x, y)
            _, inside = self.expected(scene, z, x, y)
        np.testing.assert_array_equal(tile[..., 3] > 0, inside)
        assert not tile[tile[..., 3] == 0].any()

    def test_one_band_is_grey_and_three_are_colours(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff(ramps(), descriptions=["red", "green", "nir"])) as scene:
            address = tile_at(scene, 19)
            grey = scene.tile(*address, bands=["nir"])
            infrared = scene.tile(*address, bands=["nir", "red", "green"])
        np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
        np.testing.assert_array_equal(infrared[..., 0], grey[..., 0])
        assert (infrared[..., 1] != infrared[..., 0]).any()

    @pytest.mark.parametrize("overviews", [(), (2, 4)])
    def test_far_out_only_a_scene_with_overviews_is_read_again(
        self, make_geotiff: MakeGeotiff, monkeypatch: pytest.MonkeyPatch, overviews: tuple[int, ...]
    ) -> None:
        monkeypatch.setattr(preview_module, "SIDE", 64)
        monkeypatch.setattr(preview_module, "STRIP", 50)
        with open_scene(make_geotiff(ramps(), overviews=overviews)) as scene:
            address = tile_at(scene, 13)
            tile = scene.tile(*address)
            _, inside = self.expected(scene, *address)
            reads = []
            read = scene._raster.read
            monkeypatch.setattr(
                scene._raster, "read", lambda *args: reads.append(args) or read(*args)
            )
            np.testing.assert_array_equal(scene.tile(*address), tile)
        assert len(reads) == (1 if overviews else 0)
        shown = tile[..., 3] > 0
        assert (shown == inside).mean() > 0.995
        # The ramps of this scene grow to the south in the first band, to the east in the second.
        south, east = (np.nonzero(shown)[axis] for axis in (0, 1))
        assert np.corrcoef(south, tile[shown, 0])[0, 1] > 0.99
        assert np.corrcoef(east, tile[shown, 1])[0, 1] > 0.99

    def test_a_chip_shows_its_window_in_the_same_colours(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff(ramps())) as scene:
            window = scene.grid().window(1, 1)
            chip = scene.chip(window, 84)
            pixels, valid = scene.read(window)
            expected = scene.statistics.stretch(pixels, valid, scene.rgb)
        np.testing.assert_array_equal(chip, expected.transpose(1, 2, 0))

    @pytest.mark.parametrize("size", [20, 256])
    def test_a_chip_has_the_size_asked(self, make_geotiff: MakeGeotiff, size: int) -> None:
        with open_scene(make_geotiff()) as scene:
            chip = scene.chip(Window(0, 0, 84, 84), size)
        assert chip.shape == (size, size, 3)
        assert chip.dtype == np.uint8
        assert chip.std() > 0

    def test_a_constant_band_has_a_picture(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff(np.full((3, 30, 30), 9, np.uint8))) as scene:
            assert scene.chip(Window(0, 0, 30, 30), 30).max() == 0


class TestHandles:
    @pytest.mark.slow
    def test_threads_draw_the_same_tiles(self, make_geotiff: MakeGeotiff) -> None:
        with open_scene(make_geotiff(ramps(), tiled=True)) as scene:
            z, x, y = tile_at(scene, 19)
            addresses = [(z, x + i % 3, y + i // 3) for i in range(9)] * 4
            with ThreadPoolExecutor(4) as pool:
                tiles = list(pool.map(lambda address: scene.tile(*address), addresses))
            for address, tile in zip(addresses, tiles, strict=True):
                np.testing.assert_array_equal(tile, scene.tile(*address))

    def test_closing_closes_the_file_of_every_thread(self, make_geotiff: MakeGeotiff) -> None:
        scene = open_scene(make_geotiff())
        with ThreadPoolExecutor(2) as pool:
            theirs = pool.submit(lambda: scene._raster.dataset).result()
            assert theirs is not scene._raster.dataset
            ours = scene._raster.dataset
            scene.close()
            assert ours.closed
            assert theirs.closed
        scene.close()


@pytest.mark.realdata
class TestRealScenes:
    def test_planetscope_radiance(self, real_data: Path) -> None:
        path = real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS.tif"
        with open_scene(path) as scene:
            assert scene.bands == PLANETSCOPE[4]
            assert scene.time == datetime(2017, 9, 15, 2, 7, 28, tzinfo=UTC)
            assert scene.gsd == 3
            assert scene.grid().patch_px == 84
            _, valid = scene.read(Window(0, 0, 512, 512))
            assert valid.mean() == pytest.approx(1 - 0.729, abs=0.001)
            assert scene.statistics.valid == pytest.approx(valid.mean())
            tile = scene.tile(*tile_at(scene, 15))
            assert 0.2 < (tile[..., 3] > 0).mean() < 0.4

    def test_planetscope_in_degrees(self, real_data: Path) -> None:
        path = real_data / "planetscope" / "633841_1932520_2017-07-19_1004_subarea.tif"
        with open_scene(path) as scene:
            assert scene.bands == PLANETSCOPE[4]
            assert scene.time == datetime(2017, 7, 19, 14, 0, 11, tzinfo=UTC)
            assert scene.gsd == pytest.approx(3.1, abs=0.05)
            # Four pixels are 0 in all bands, none in a corner: no collar.
            _, valid = scene.read(Window(0, 0, scene.width, scene.height))
            assert valid.all()
            (south, west), (north, east) = scene.bounds
            assert (south, west) == pytest.approx((-14.2608, -67.6842))
            assert (north, east) == pytest.approx((-14.2543, -67.6766))

    def test_landsat(self, real_data: Path) -> None:
        with open_scene(real_data / "landsat8" / "l8_8band.tif") as scene:
            assert scene.bands == ("b1", "b2", "b3", "b4", "b5", "b6", "b7", "b9")
            assert scene.grid(480).patch_px == 16
            assert scene.time is None
        roles = [*PLANETSCOPE[8][:2], "green", "red", "nir", "swir16", "swir22", "cirrus"]
        with open_scene(real_data / "landsat8" / "l8_8band.tif", bands=roles) as scene:
            assert scene.rgb == (3, 2, 1)

    @pytest.mark.slow
    def test_naip(self, real_data: Path) -> None:
        for path in sorted((real_data / "naip").glob("*.tif")):
            with open_scene(path) as scene:
                assert scene.time is not None
                assert scene.time.strftime("%Y%m%d") in path.name
                assert scene.gsd == 5
                z, x, y = tile_at(scene, 14)
                tile = scene.tile(z, x, y)
                row, column = pixels_under(scene, z, x, y)
                inside = (row >= 0) & (row < scene.height) & (column >= 0) & (column < scene.width)
                assert ((tile[..., 3] > 0) == inside).mean() > 0.995
                assert tile[..., :3][inside].std() > 20

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("planetscope/all_nodata_analyticms_sr.tif", "every pixel is nodata"),
            ("rasters_tricky/cog_gcps.tif", "ground control points"),
            ("rasters_tricky/rotated.tif", "rio warp"),
            (
                "planetscope/20170915_020728_103d_3B_AnalyticMS_metadata.xml",
                "not a complete raster",
            ),
            ("pang_war/pools_refined.csv", "not a complete raster"),
        ],
    )
    def test_refusals(self, real_data: Path, name: str, sentence: str) -> None:
        with pytest.raises(SceneError, match=sentence):
            open_scene(real_data / name)

    def test_a_truncated_download(self, real_data: Path, tmp_path: Path) -> None:
        content = (real_data / "landsat8" / "l8_8band.tif").read_bytes()
        path = tmp_path / "l8.tif"
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(SceneError, match="not a complete raster"):
            open_scene(path)
