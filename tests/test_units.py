"""Units: scale and offset of a file, products of Planet's, several dates, and Clay's inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from rareearth_explorer.change import open_activity, open_stack
from rareearth_explorer.change.activity_index import BLUE_WHITE
from rareearth_explorer.cli import main
from rareearth_explorer.data.scene import INDICES, open_mosaic, open_scene
from rareearth_explorer.errors import EncoderError, SceneError

MakeGeotiff = Callable[..., Path]
Capture = pytest.CaptureFixture[str]

BGRN = ("blue", "green", "red", "nir")
WHOLE = Window(0, 0, 96, 96)
LANDSAT = 2.75e-5, -0.2
SR = "3B_AnalyticMS_SR.tif"


def reflectance(seed: int = 0) -> Any:
    """Draw (4, 96, 96) reflectance."""
    return np.random.default_rng(seed).uniform(0.02, 0.4, (4, 96, 96))


def scaled(make: MakeGeotiff, name: str, values: Any, scale: float, offset: float) -> Path:
    """Write reflectance as whole numbers with their scale and offset in the tags."""
    path = make(np.rint((values - offset) / scale).astype(np.uint16), name, descriptions=BGRN)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = [scale] * 4, [offset] * 4
    return path


@pytest.mark.realdata
class TestOddFiles:
    def used(self, folder: Path, kind: str, out: Path) -> tuple[float, bool]:
        paths = sorted(folder.glob(f"*_{kind}.tif"))
        raster = out / f"{kind}.tif"
        words = ["activity", *map(str, paths), "-o", str(raster), "--pools"]
        assert main([*words, str(folder / "pool.csv")]) == 0
        (pool,) = json.loads((out / f"{kind}_pools.geojson").read_text())["features"]
        return pool["properties"]["index_std"], pool["properties"]["in_use"]

    def test_landsats_numbers_are_read_as_reflectance(self, cases: Path, tmp_path: Path) -> None:
        folder = cases / "A01b_landsat"
        assert self.used(folder, "l9", tmp_path) == (0.0531, True)
        assert self.used(folder, "refl", tmp_path) == (0.0531, True)

    def test_an_index_of_dark_pixels_stays_in_its_range(self, cases: Path, tmp_path: Path) -> None:
        paths = sorted((cases / "A03b_hls_dark").glob("*.tif"))
        raster = tmp_path / "activity.tif"
        assert main(["activity", *map(str, paths), "-o", str(raster)]) == 0
        with rasterio.open(raster) as dataset:
            std = dataset.read(5)
        assert np.nanmax(std) <= 1
        stored = np.stack([rasterio.open(path).read() for path in paths]).astype(float)
        blue, red = stored[:, 0], stored[:, 2]
        good = (blue >= 0) & (red >= 0) & (blue + red > 0)
        index = np.where(good, (blue - red) / np.where(good, blue + red, 1), np.nan)
        always = good.all(axis=0)
        np.testing.assert_allclose(std[always], index.std(axis=0)[always], atol=1e-6)
        assert np.isnan(std[~good.any(axis=0)]).all()


class TestScale:
    def test_scale_and_offset_are_applied(self, make_geotiff: MakeGeotiff) -> None:
        values = reflectance()
        with open_scene(scaled(make_geotiff, "l9.tif", values, *LANDSAT)) as scene:
            pixels, valid = scene.read(WHOLE)
            assert (scene.one, scene.dtype) == (1, "float32")
        assert valid.all()
        np.testing.assert_allclose(pixels, values, atol=2e-5)

    def test_bands_of_different_scales_and_bands_left_out(self, make_geotiff: MakeGeotiff) -> None:
        path = make_geotiff(np.full((4, 96, 96), 100, np.uint16), descriptions=BGRN)
        with rasterio.open(path, "r+") as dataset:
            dataset.scales, dataset.offsets = [0.1, 0.2, 0.3, 0.4], [0, 0, 0, 5]
        with open_scene(path, bands=["_", "green", "_", "nir"]) as scene:
            pixels, _ = scene.read(WHOLE)
        np.testing.assert_allclose(pixels[:, 0, 0], [20, 45])

    def test_nodata_is_told_by_the_stored_numbers(self, make_geotiff: MakeGeotiff) -> None:
        values = reflectance()
        path = scaled(make_geotiff, "l9.tif", values, *LANDSAT)
        with rasterio.open(path, "r+") as dataset:
            stored = dataset.read()
            stored[:, 5, 6] = 0
            dataset.write(stored)
            dataset.nodata = 0
        with open_scene(path) as scene:
            assert np.argwhere(~scene.read(WHOLE)[1]).tolist() == [[5, 6]]

    def test_a_scale_that_cannot_be(self, make_geotiff: MakeGeotiff) -> None:
        path = scaled(make_geotiff, "odd.tif", reflectance(), *LANDSAT)
        with rasterio.open(path, "r+") as dataset:
            dataset.scales = [0] * 4
        with pytest.raises(SceneError, match="the scale 0 and the offset"):
            open_scene(path)

    def test_the_colours_of_an_index_do_not_depend_on_the_unit(
        self, make_geotiff: MakeGeotiff
    ) -> None:
        values = reflectance()
        plain = make_geotiff(values.astype(np.float32), "plain.tif", descriptions=BGRN)
        with (
            open_scene(scaled(make_geotiff, "l9.tif", values, *LANDSAT)) as one,
            open_scene(plain) as other,
        ):
            pictures = [scene.chip(WHOLE, 96, bands=["ndvi"]).astype(int) for scene in (one, other)]
        assert np.abs(pictures[0] - pictures[1]).max() <= 2


class TestIndices:
    def test_an_index_is_empty_where_it_is_undefined(self) -> None:
        bands = np.array([[300, 0, -5, 10, -5, 5.0], [100, 0, 10, -5, -5, -5.0]])
        index = BLUE_WHITE.of(bands, ("blue", "red"))
        np.testing.assert_allclose(index, [0.5, *[np.nan] * 5])
        picture = INDICES["blue-white"].paint(bands[:, None], np.ones((1, 6), bool))
        assert [bool(picture[:, 0, k].any()) for k in range(6)] == [True, *[False] * 5]


class TestSeveralFiles:
    def test_dates_with_and_without_tags_meet_where_the_name_says(
        self, make_geotiff: MakeGeotiff
    ) -> None:
        values = reflectance()
        tagged = scaled(make_geotiff, "20220110_l9.tif", values, *LANDSAT)
        stored = np.rint(values * 1e4).astype(np.uint16)
        planet = make_geotiff(stored, f"20220117_034030_1_2475_{SR}", descriptions=BGRN)
        for paths in ([tagged, planet], [planet, tagged]):
            with open_stack(paths) as stack:
                both = [stack.read(number, WHOLE)[0] for number in range(2)]
            np.testing.assert_allclose(both[0], values, atol=1e-4)
            np.testing.assert_allclose(both[1], values, atol=1e-4)

    def test_a_file_that_does_not_say_beside_one_that_does(self, make_geotiff: MakeGeotiff) -> None:
        tagged = scaled(make_geotiff, "20220110_l9.tif", reflectance(), *LANDSAT)
        bare = make_geotiff(None, "20220117.tif", descriptions=BGRN)
        for paths in ([tagged, bare], [bare, tagged]):
            with pytest.raises(SceneError, match=r"20220117.tif: it does not say how to read"):
                open_stack(paths)

    @pytest.mark.parametrize("products", [("SR", ""), ("", "SR")])
    def test_radiance_beside_reflectance(
        self, make_geotiff: MakeGeotiff, products: Sequence[str]
    ) -> None:
        paths = [
            make_geotiff(None, f"2022030{day}_034030_1_3B_AnalyticMS{'_' if end else ''}{end}.tif")
            for day, end in zip((7, 8), products, strict=True)
        ]
        with pytest.raises(SceneError, match="give files of one product"):
            open_stack(paths)
        same_day = paths[1].rename(paths[1].with_name(paths[1].name.replace("08", "07", 1)))
        with pytest.raises(SceneError, match="give files of one product"):
            open_mosaic([paths[0], same_day])

    def test_harmonised_beside_not_is_said(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, capsys: Capture
    ) -> None:
        for number, end in enumerate(("", "_harmonized")):
            make_geotiff(None, f"20220307_03403{number}_1_2475_3B_AnalyticMS_SR{end}.tif")
        assert main(["info", str(tmp_path)]) == 0
        assert "is harmonised with Sentinel-2 and" in capsys.readouterr().out
        words = ["embed", str(tmp_path), "-o", str(tmp_path / "t.parquet"), "--no-projection"]
        assert main([*words, "--patch-size", "100"]) == 0
        assert "is harmonised with Sentinel-2 and" in capsys.readouterr().out

    def test_dates_in_other_units_are_refused_unless_they_are_normalised(
        self, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        values = reflectance()
        paths = [
            make_geotiff((values * 1e4).astype(np.float32), "20220110.tif", descriptions=BGRN),
            make_geotiff(values.astype(np.float32), "20220117.tif", descriptions=BGRN),
        ]
        raster = tmp_path / "activity.tif"
        with (
            pytest.raises(SceneError, match=r"20220117.tif: its numbers differ by a factor of"),
            open_activity(paths, raster),
        ):
            pass
        with open_activity(paths, raster, normalise=True) as activity:
            assert "by a factor of 10,000" in activity.stack.notes[-1]

    def test_haze_is_no_other_unit(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> None:
        values = reflectance()
        paths = [
            make_geotiff((each * 1e4).astype(np.uint16), f"2022011{day}.tif", descriptions=BGRN)
            for day, each in enumerate((values, values + 0.3))
        ]
        with open_activity(paths, tmp_path / "activity.tif") as activity:
            assert activity.stack.notes == ()


class TestClay:
    """The same ground in three units gives Clay the same inputs, or a question."""

    torch = pytest.importorskip("torch", reason="Clay needs torch: pip install .[clay]")

    def inputs(self, path: Path, sensor: str, **options: Any) -> Any:
        from test_clay_adapter import tiny

        from rareearth_explorer.embedding.encoders import ClayOptions
        from rareearth_explorer.embedding.encoders.clay_adapter import ClayAdapter

        with open_scene(path) as scene:
            statistics = scene.statistics
            adapter = ClayAdapter(
                tiny(), scene.bands, statistics.mean, statistics.std, scene.gsd,
                ClayOptions(sensor=sensor, **options), one=scene.one,
            )  # fmt: skip
            pixels, _ = scene.read(WHOLE)
        return (pixels - adapter.means[:, None, None]) / adapter.stds[:, None, None]

    @pytest.mark.slow
    def test_three_units(self, make_geotiff: MakeGeotiff) -> None:
        values = reflectance()
        stored = np.rint(values * 1e4).astype(np.uint16)
        planet = make_geotiff(stored, f"20220117_{SR}", descriptions=BGRN)
        wanted = self.inputs(planet, "sentinel-2")
        for path, options in (
            (make_geotiff(stored, "bare.tif", descriptions=BGRN), {}),
            (scaled(make_geotiff, "hls.tif", values, 1e-4, 0), {}),
            (scaled(make_geotiff, "l9.tif", values, *LANDSAT), {}),
            (
                make_geotiff(values.astype(np.float32), "float.tif", descriptions=BGRN),
                {"units": "reflectance"},
            ),
        ):
            np.testing.assert_allclose(
                self.inputs(path, "sentinel-2", **options), wanted, atol=1e-3
            )

    def test_landsat_as_stored_and_by_its_tags(self, make_geotiff: MakeGeotiff) -> None:
        values = reflectance()
        tagged = scaled(make_geotiff, "tagged.tif", values, *LANDSAT)
        with rasterio.open(tagged) as dataset:
            bare = make_geotiff(dataset.read(), "bare.tif", descriptions=BGRN)
        np.testing.assert_allclose(
            self.inputs(tagged, "landsat-l2"), self.inputs(bare, "landsat-l2"), atol=1e-3
        )

    @pytest.mark.parametrize(
        ("unit", "sensor"),
        [
            (1, "sentinel-2"),
            (1, "planetscope-8"),
            (1e4, "landsat-l2"),
            ("landsat", "sentinel-2"),
            (1, "landsat-l2"),
            (1, "naip"),
        ],
    )
    def test_numbers_that_the_sensor_cannot_have_are_refused(
        self, make_geotiff: MakeGeotiff, unit: float | str, sensor: str
    ) -> None:
        values = reflectance()
        numbers = (values + 0.2) / 2.75e-5 if unit == "landsat" else values * unit
        path = make_geotiff(numbers.astype(np.float32), descriptions=BGRN)
        with pytest.raises(EncoderError, match="say what the numbers are with --units"):
            self.inputs(path, sensor)

    def test_reflectance_for_a_sensor_of_8_bits(self, make_geotiff: MakeGeotiff) -> None:
        path = scaled(make_geotiff, "l9.tif", reflectance(), *LANDSAT)
        with pytest.raises(EncoderError, match="The scene is reflectance"):
            self.inputs(path, "naip")
