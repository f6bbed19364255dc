"""Which pixels of a raster count: as GDAL's masks, palettes and colours say, or the user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from rareearth_explorer import embed, open_table
from rareearth_explorer.cli import main
from rareearth_explorer.data.scene import open_mosaic, open_scene
from rareearth_explorer.data.scene.fill import require_declared_fill, suspected_fill
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.errors import SceneError

MakeGeotiff = Callable[..., Path]

RGBA = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
VALID = 0.920634920634920
"""Share of valid pixels of the odd files, by rasterio and numpy alone."""


def pixels_of(dtype: str = "uint16", count: int = 4, side: int = 180) -> Any:
    rng = np.random.default_rng(3)
    return rng.integers(20, 200, (count, side, side)).astype(dtype)


def embedded(path: Path, folder: Path, **options: Any) -> int:
    out = folder / "out" / "table.parquet"
    return embed(path, out, progress=False, projection=False, **options).patches


@pytest.mark.realdata
class TestOddFiles:
    @pytest.mark.parametrize(
        ("name", "valid", "means"),
        [
            ("R03b_esri_nodata/m.tif", VALID, (1002, 1204, 1401, 1598)),
            ("R11_perband_nodata/n.vrt", VALID, (1002, 1204, 1401, 1598)),
            ("R11_perband_nodata/n2.vrt", VALID, (1002, 1204, 1401, 1598)),
        ],
    )
    def test_nodata_as_gdal_sees_it(
        self, cases: Path, tmp_path: Path, name: str, valid: float, means: tuple[int, ...]
    ) -> None:
        with open_scene(cases / name) as scene:
            assert scene.statistics.valid == pytest.approx(valid)
            np.testing.assert_allclose(scene.statistics.mean, means, atol=1)
            assert "nodata value" in scene.validity
        assert embedded(cases / name, tmp_path) == 8

    def test_a_band_called_alpha_that_is_near_infrared(self, cases: Path, tmp_path: Path) -> None:
        path = cases / "R07_rgbn_alpha" / "rgbn.tif"
        with open_scene(path) as scene:
            assert scene.bands == ("red", "green", "blue", "b4")
            assert scene.statistics.valid == 1
            assert scene.notes == (
                "rgbn.tif: band 4 is called alpha and holds data, so it is read.",
            )
        assert embedded(path, tmp_path, bands=["blue", "green", "red", "nir"]) == 9
        table = open_table(tmp_path / "out" / "table.parquet")
        assert table.metadata["encoder"]["bands"] == ["blue", "green", "red", "nir"]

    def test_a_fill_that_nothing_declares_is_asked_about(
        self, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path, table = cases / "R05_undeclared_fill" / "i.tif", tmp_path / "table.parquet"
        question = "39.7 % of the pixels are -9999 in every band"
        assert main(["info", str(path)]) == 0
        assert question in capsys.readouterr().out
        assert main(["embed", str(path), "-o", str(table)]) == 2
        said = capsys.readouterr().err
        assert question in said
        assert "--nodata=-9999" in said
        assert not table.exists()
        given = ["--nodata=-9999", "--no-projection"]
        assert main(["embed", str(path), "-o", str(table), *given]) == 0
        assert main(["info", str(path), "--nodata=-9999"]) == 0
        said = capsys.readouterr().out
        assert "60.3 % of the pixels" in said
        assert "by --nodata -9999" in said
        assert said.rstrip().endswith("--nodata=-9999.0")

    def test_a_palette_becomes_colours(self, cases: Path, tmp_path: Path) -> None:
        path = cases / "R09_palette" / "pal.tif"
        with rasterio.open(path) as dataset:
            numbers, colours = dataset.read(1), dataset.colormap(1)
        with open_scene(path) as scene:
            assert scene.bands == ("red", "green", "blue")
            pixels, valid = scene.read(Window(0, 0, 252, 252))
        assert valid.all()
        wanted = np.array([colours[number][:3] for number in range(11)])[numbers]
        np.testing.assert_array_equal(pixels, np.moveaxis(wanted, -1, 0))
        assert embedded(path, tmp_path, bands=["red", "green", "_"]) == 9  # blue is constant

    def test_rows_from_the_south(self, cases: Path) -> None:
        path = cases / "R14_southup" / "su.tif"
        with rasterio.open(path) as dataset:
            stored = dataset.read()
        with open_scene(path) as scene:
            pixels, _ = scene.read(Window(10, 20, 30, 40))
            assert scene.transform == Affine(3, 0, 500_000, 0, -3, 2_850_000)
        np.testing.assert_array_equal(pixels, stored[:, ::-1][:, 20:60, 10:40])

    @pytest.mark.parametrize(
        ("name", "flaw"),
        [
            ("cint16.tif", "complex"),
            ("excessive-memory-TIFFFillStrip2.tif", "the raster has 65,535 bands"),
        ],
    )
    def test_what_is_refused_at_once(self, cases: Path, name: str, flaw: str) -> None:
        with pytest.raises(SceneError, match=flaw):
            open_scene(cases / "gdal" / name)


class TestMasks:
    """Masks of every kind; pixel (3, 4) is empty, and no other."""

    def only_odd(self, path: Path, **options: Any) -> str:
        with open_scene(path, **options) as scene:
            _, valid = scene.read(Window(0, 0, 180, 180))
            assert np.argwhere(~valid).tolist() == [[3, 4]]
            return scene.validity

    @pytest.mark.parametrize("internal", [True, False])
    def test_a_mask_in_the_file_or_beside_it(
        self, make_geotiff: MakeGeotiff, internal: bool
    ) -> None:
        path = make_geotiff(pixels_of())
        mask = np.full((180, 180), 255, np.uint8)
        mask[3, 4] = 0
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal), rasterio.open(path, "r+") as dataset:
            dataset.write_mask(mask)
        assert path.with_name("scene.tif.msk").exists() is not internal
        assert self.only_odd(path) == "the mask of the file"

    @pytest.mark.parametrize("most", [255, 65535, 1])
    def test_alpha_of_any_depth(self, make_geotiff: MakeGeotiff, most: int) -> None:
        pixels = pixels_of()
        pixels[3] = most
        pixels[3, 3, 4] = 0
        pixels[3, 60:70] = max(1, most // 2)  # a soft edge
        path = make_geotiff(pixels, colorinterp=RGBA)
        assert self.only_odd(path) == "alpha band 4"

    def test_alpha_that_is_named_is_data(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of("uint8")
        pixels[3] = 255
        pixels[3, 3, 4] = 0
        path = make_geotiff(pixels, colorinterp=RGBA)
        with open_scene(path, bands=["blue", "green", "red", "nir"]) as scene:
            assert scene.statistics.valid == 1
        with open_scene(path, bands=["blue", "green", "red"]) as scene:
            assert scene.statistics.valid < 1

    def test_alpha_and_nodata_both_count(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of("uint8")
        pixels[3] = 255
        pixels[3, 3, 4] = 0
        path = make_geotiff(pixels, colorinterp=RGBA, nodata=1)
        assert "alpha band 4 and the nodata value 1" in self.only_odd(path)

    @pytest.mark.parametrize(
        ("dtype", "nodata"), [("float32", -3.4028234663852886e38), ("float64", 1e-30)]
    )
    def test_a_float_nodata_some_steps_off(
        self, make_geotiff: MakeGeotiff, dtype: str, nodata: float
    ) -> None:
        pixels = pixels_of(dtype)
        pixels[2, 3, 4] = nodata
        self.only_odd(make_geotiff(pixels, nodata=nodata))
        self.only_odd(make_geotiff(pixels), nodata=nodata * (1 - 1e-7))

    def test_nodata_that_the_type_cannot_hold_declares_nothing(
        self, make_geotiff: MakeGeotiff
    ) -> None:
        path = make_geotiff(pixels_of())
        with rasterio.open(path) as dataset:
            text = f"""<VRTDataset rasterXSize="180" rasterYSize="180"><SRS>EPSG:32647</SRS>
            <GeoTransform>430000,3,0,2845000,0,-3</GeoTransform>
            <VRTRasterBand dataType="{dataset.dtypes[0].replace("uint", "UInt")}" band="1">
            <NoDataValue>-9999</NoDataValue><SimpleSource><SourceFilename relativeToVRT="1">
            scene.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""
        other = path.with_name("odd.vrt")
        other.write_text(text.replace("\n            ", ""))
        with open_scene(other) as scene:
            assert scene.statistics.valid == 1
            assert "every pixel counts" in scene.validity

    def test_nodata_by_the_user_replaces_that_of_the_file(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of()
        pixels[:, 9, 9] = 7
        pixels[1, 3, 4] = 5
        path = make_geotiff(pixels, nodata=7)
        assert self.only_odd(path, nodata=5) == "--nodata 5"
        with open_scene(path, nodata="none") as scene:
            assert scene.statistics.valid == 1

    def test_zeros_that_nothing_declares_are_said(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of()
        pixels[:, 0, 0] = 0
        with open_scene(make_geotiff(pixels)) as scene:
            assert "which the file does not declare" in scene.validity
            assert scene.statistics.valid < 1
        with open_scene(make_geotiff(pixels), nodata="none") as scene:
            assert scene.statistics.valid == 1

    def test_a_transparent_colour_is_empty(self, make_geotiff: MakeGeotiff) -> None:
        numbers = np.ones((1, 180, 180), np.uint8)
        numbers[0, 3, 4] = 2
        path = make_geotiff(numbers, photometric="palette")
        with rasterio.open(path, "r+") as dataset:
            dataset.write_colormap(1, {1: (9, 8, 7, 255), 2: (1, 2, 3, 0)})
        # A TIFF forgets how opaque its colours are.
        vrt = path.with_name("palette.vrt")
        vrt.write_text(
            '<VRTDataset rasterXSize="180" rasterYSize="180"><SRS>EPSG:32647</SRS>'
            "<GeoTransform>430000,3,0,2845000,0,-3</GeoTransform>"
            '<VRTRasterBand dataType="Byte" band="1"><ColorInterp>Palette</ColorInterp><ColorTable>'
            '<Entry c1="0" c2="0" c3="0" c4="255"/><Entry c1="9" c2="8" c3="7" c4="255"/>'
            '<Entry c1="1" c2="2" c3="3" c4="0"/></ColorTable><SimpleSource>'
            '<SourceFilename relativeToVRT="1">scene.tif</SourceFilename></SimpleSource>'
            "</VRTRasterBand></VRTDataset>"
        )
        self.only_odd(vrt)

    def test_a_palette_beside_other_bands_is_refused_or_left_out(
        self, make_geotiff: MakeGeotiff
    ) -> None:
        band = (
            '<VRTRasterBand dataType="{0}" band="{1}">{2}<SimpleSource><SourceFilename '
            'relativeToVRT="1">scene.tif</SourceFilename><SourceBand>{1}</SourceBand>'
            "</SimpleSource></VRTRasterBand>"
        )
        colours = (
            "<ColorInterp>Palette</ColorInterp><ColorTable>"
            '<Entry c1="0" c2="0" c3="0" c4="255"/></ColorTable>'
        )
        vrt = make_geotiff(pixels_of("uint8", 2)).with_name("mixed.vrt")
        vrt.write_text(
            '<VRTDataset rasterXSize="180" rasterYSize="180"><SRS>EPSG:32647</SRS>'
            "<GeoTransform>430000,3,0,2845000,0,-3</GeoTransform>"
            + band.format("Float32", 1, "")
            + band.format("Byte", 2, colours)
            + "</VRTDataset>"
        )
        with pytest.raises(SceneError, match="the numbers of band 2 stand for colours"):
            open_scene(vrt)
        with open_scene(vrt, bands=["red", "_"]) as scene:
            assert scene.dtype == "float32"
            assert scene.read(Window(0, 0, 9, 9))[0].shape == (1, 9, 9)


class TestFill:
    @pytest.mark.parametrize(
        ("dtype", "value", "is_certain"),
        [
            ("int16", -9999, True),
            ("int16", -32768, True),
            ("uint16", 65535, True),
            ("float32", -9999, True),
            ("float32", -3.4028234663852886e38, True),
            ("float64", 9.969209968386869e36, True),
            ("uint8", 255, False),
        ],
    )
    def test_values_that_measure_nothing(
        self, make_geotiff: MakeGeotiff, dtype: str, value: float, is_certain: bool
    ) -> None:
        pixels = pixels_of(dtype)
        pixels[:, 50:95] = value
        path = make_geotiff(pixels)
        fill = suspected_fill(Raster(path))
        assert fill is not None
        assert fill.value == pytest.approx(value)
        assert fill.share == pytest.approx(0.25)
        assert fill.is_certain is is_certain
        with open_mosaic([path, path]) as scene:
            assert len([*scene.fills()]) == 2
        declared = Raster(path, nodata=fill.value)
        assert suspected_fill(declared) is None

    def test_measurements_are_not_asked_about(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of("int16")
        pixels[:, 50:95] = 60
        pixels[0, :5] = -9999  # in one band only
        with open_scene(make_geotiff(pixels)) as scene:
            require_declared_fill(scene)

    def test_the_question_can_be_answered(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of("float32")
        pixels[:, 50:95] = np.finfo(np.float32).min
        path = make_geotiff(pixels)
        with open_scene(path) as scene, pytest.raises(SceneError) as caught:
            require_declared_fill(scene)
        option = str(caught.value).partition("give --nodata=")[2].partition(",")[0]
        with open_scene(path, nodata=float(option)) as scene:
            assert scene.statistics.valid == pytest.approx(0.75)


class TestTurned:
    @pytest.mark.parametrize(
        ("transform", "turned"),
        [
            (Affine(3, 0, 430_000, 0, 3, 2_844_460), np.s_[:, ::-1]),
            (Affine(-3, 0, 430_540, 0, -3, 2_845_000), np.s_[:, :, ::-1]),
            (Affine(-3, 0, 430_540, 0, 3, 2_844_460), np.s_[:, ::-1, ::-1]),
        ],
    )
    def test_is_read_north_up(
        self, make_geotiff: MakeGeotiff, tmp_path: Path, transform: Affine, turned: Any
    ) -> None:
        pixels = pixels_of()
        path = make_geotiff(pixels[turned], transform=transform)
        upright = make_geotiff(pixels, "upright.tif")
        with open_scene(path) as scene, open_scene(upright) as right:
            assert scene.transform == right.transform
            assert scene.bounds == right.bounds
            for window in (Window(0, 0, 180, 180), Window(17, 3, 40, 90)):
                np.testing.assert_array_equal(scene.read(window)[0], right.read(window)[0])
        tables = []
        for name in (path, upright):
            report = embed(
                name, tmp_path / f"{name.stem}.parquet", progress=False, projection=False
            )
            tables.append(open_table(report.table))
        np.testing.assert_array_equal(tables[0].embeddings, tables[1].embeddings)
        np.testing.assert_array_equal(tables[0].corners, tables[1].corners)


class TestSizes:
    def test_a_block_too_large_to_hold(self, tmp_path: Path) -> None:
        path = tmp_path / "wide.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=30_000, height=30_000, count=1, dtype="uint8",
            crs="EPSG:32647", transform=Affine(3, 0, 430_000, 0, -3, 2_845_000),
            compress="deflate", tiled=True, blockxsize=24_000, blockysize=24_000, sparse_ok=True,
        ):  # fmt: skip
            pass
        with pytest.raises(SceneError, match=r"blocks of 24,000 x 24,000 pixels, 0.5 GiB"):
            open_scene(path)

    def test_more_pixels_than_there_are(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.vrt"
        path.write_text(
            '<VRTDataset rasterXSize="2000000000" rasterYSize="2000000000"><SRS>EPSG:32647</SRS>'
            "<GeoTransform>430000,3,0,2845000,0,-3</GeoTransform>"
            '<VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
        )
        with pytest.raises(SceneError, match="2,000,000,000 x 2,000,000,000 pixels"):
            open_scene(path)
