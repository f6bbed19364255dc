"""Scenes as Planet delivers them: mosaics, usable data masks, radiance, whole folders."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from fake_encoders import Means
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from rareearth_explorer.cli import main
from rareearth_explorer.data.scene import Scene, open_mosaic, open_scene, scenes_in
from rareearth_explorer.data.scene.bands import PLANETSCOPE
from rareearth_explorer.data.scene.planet import is_radiance, metadata_beside, udm2_beside
from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.data.table import open_table
from rareearth_explorer.embedding import embed_scene
from rareearth_explorer.errors import SceneError
from rareearth_explorer.serving import DashboardFiles

MakeGeotiff = Callable[..., Path]

ORIGIN = Affine(3, 0, 430_000, 0, -3, 2_845_000)
SR = "20220307_034030_1_2475_3B_AnalyticMS_SR_8b_clip.tif"
UDM2 = "20220307_034030_1_2475_3B_udm2_clip.tif"


def pixels_of(height: int, width: int, bands: int = 4) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(2).integers(200, 4000, (bands, height, width), dtype=np.uint16)


def at(column: float, row: float) -> Affine:
    return ORIGIN @ Affine.translation(column, row)


@pytest.fixture
def whole() -> npt.NDArray[np.uint16]:
    return pixels_of(120, 160)


@pytest.fixture
def parts(make_geotiff: MakeGeotiff, whole: npt.NDArray[np.uint16]) -> list[Path]:
    """Three overlapping cuts of the whole, which leave its lower left corner empty."""
    cuts = {"b.tif": (40, 30, 160, 120), "a.tif": (0, 0, 100, 80), "c.tif": (90, 0, 160, 50)}
    return [
        make_geotiff(whole[:, y0:y1, x0:x1], name, transform=at(x0, y0))
        for name, (x0, y0, x1, y1) in cuts.items()
    ]


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Any]]:
    """Two overlapping halves as one scene, and what they were cut from."""
    folder, whole = tmp_path_factory.mktemp("mosaic"), pixels_of(120, 160)
    paths = []
    for number, columns in enumerate([slice(0, 90), slice(70, 160)]):
        part = whole[:, :, columns]
        path = folder / f"{number}.tif"
        profile = {"driver": "GTiff", "count": 4, "dtype": "uint16", "crs": "EPSG:32647"}
        profile |= {"height": 120, "width": 90, "transform": at(columns.start, 0)}
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(part)
        paths.append(path)
    with open_mosaic(paths) as scene:
        yield scene, whole


class TestMosaic:
    def test_it_is_the_whole_that_its_parts_were_cut_from(
        self, parts: list[Path], whole: npt.NDArray[np.uint16], make_geotiff: MakeGeotiff
    ) -> None:
        with open_mosaic(parts) as mosaic, open_scene(make_geotiff(whole)) as scene:
            assert (mosaic.width, mosaic.height) == (scene.width, scene.height)
            assert mosaic.transform == scene.transform
            assert mosaic.bounds == scene.bounds
            assert mosaic.grid(36) == scene.grid(36)
            assert [s.path.name for s in mosaic.sources] == ["b.tif", "a.tif", "c.tif"]
            covered = np.zeros((120, 160), bool)
            covered[30:, 40:] = covered[:80, :100] = covered[:50, 90:] = True
            found, valid = mosaic.read(Window(0, 0, 160, 120))
            np.testing.assert_array_equal(valid, covered)
            np.testing.assert_array_equal(found[:, covered], whole[:, covered])

    @given(data=st.data())
    def test_any_window(self, halves: tuple[Scene, Any], data: st.DataObject) -> None:
        scene, whole = halves
        top, left = data.draw(st.integers(0, 119)), data.draw(st.integers(0, 159))
        height = data.draw(st.integers(1, 120 - top))
        width = data.draw(st.integers(1, 160 - left))
        found, valid = scene.read(Window(left, top, width, height))
        wanted = whole[:, top : top + height, left : left + width]
        np.testing.assert_array_equal(found[:, valid], wanted[:, valid])

    @pytest.mark.parametrize("shape", [(60, 80), (30, 40), (17, 23), (240, 320)])
    def test_another_resolution_shows_the_same_place(
        self, make_geotiff: MakeGeotiff, shape: tuple[int, int]
    ) -> None:
        """To a pixel of the coarser one, since each part is decimated from its own corner."""
        row, column = np.mgrid[:120, :160]
        smooth = np.stack([row, column, row + column, row + 1]).astype(np.uint16) + 100
        left = make_geotiff(smooth[:, :, :90], "left.tif")
        right = make_geotiff(smooth[:, :, 70:], "right.tif", transform=at(70, 0))
        with open_mosaic([left, right]) as scene, open_scene(make_geotiff(smooth)) as single:
            window = Window(0, 0, 160, 120)
            found, valid = scene.read(window, out_shape=shape)
            wanted, _ = single.read(window, out_shape=shape)
        assert valid.all()
        coarseness = 120 / shape[0] + 160 / shape[1]
        assert np.abs(found - wanted).max() <= np.ceil(coarseness)

    def test_the_first_valid_pixel_counts(self, make_geotiff: MakeGeotiff) -> None:
        over, under = np.full((4, 24, 24), 700, np.uint16), np.full((4, 24, 24), 900, np.uint16)
        over[:, :, 12:] = 0
        top = make_geotiff(over, "top.tif", nodata=0)
        bottom = make_geotiff(under, "bottom.tif", nodata=0)
        with open_mosaic([top, bottom]) as scene:
            found, valid = scene.read(Window(0, 0, 24, 24))
        assert valid.all()
        assert (found[:, :, :12] == 700).all()
        assert (found[:, :, 12:] == 900).all()

    def test_it_is_embedded_and_its_sources_recorded(
        self, parts: list[Path], whole: npt.NDArray[np.uint16], tmp_path: Path
    ) -> None:
        with open_mosaic(parts) as scene:
            report = embed_scene(
                scene, Means(), tmp_path / "t.parquet", patch_size=60, progress=False
            )
        table = open_table(report.table)
        assert [s["name"] for s in table.metadata["scenes"]] == ["b.tif", "a.tif", "c.tif"]
        # Rows 4 and 5 of 6, columns 0 and 1 of 8 are the empty corner.
        assert (report.patches, report.left_out) == (44, 4)
        chips = whole.reshape(4, 6, 20, 8, 20).mean(axis=(2, 4))
        assert table.row is not None
        np.testing.assert_allclose(
            table.embeddings[:, :4], chips[:, table.row, table.column].T, rtol=1e-5
        )

    def test_statistics_tiles_and_chips(
        self, parts: list[Path], whole: npt.NDArray[np.uint16]
    ) -> None:
        with open_mosaic(parts) as scene:
            assert scene.statistics.valid == pytest.approx(1 - 40 * 40 / (120 * 160))
            assert scene.chip(Window(100, 60, 20, 20), 20).shape == (20, 20, 3)
            (south, west), (north, east) = scene.bounds
            z = 13
            x = int(((west + east) / 2 + 180) / 360 * 2**z)
            latitude = np.radians((south + north) / 2)
            y = int((1 - np.arcsinh(np.tan(latitude)) / np.pi) / 2 * 2**z)
            assert scene.tile(z, x, y)[..., 3].any()

    @pytest.mark.realdata
    def test_a_real_scene_put_together_again(self, real_data: Path, tmp_path: Path) -> None:
        path = real_data / "naip" / "m_4709963_se_14_1_20180716.tif"
        with rasterio.open(path) as source:
            pieces = [Window(0, 0, 500, source.height), Window(400, 100, 534, 500)]
            for number, window in enumerate(pieces):
                profile = source.profile | {"width": window.width, "height": window.height}
                corner = Affine.translation(window.col_off, window.row_off)
                profile["transform"] = source.transform @ corner
                with rasterio.open(tmp_path / f"{number}.tif", "w", **profile) as piece:
                    piece.colorinterp = source.colorinterp
                    piece.write(source.read(window=window))
        with open_mosaic([tmp_path / "0.tif", tmp_path / "1.tif"]) as mosaic:
            with open_scene(path) as scene:
                assert (mosaic.width, mosaic.height) == (scene.width, scene.height)
                wanted, _ = scene.read(Window(300, 150, 400, 300))
            found, valid = mosaic.read(Window(300, 150, 400, 300))
        assert valid.all()
        np.testing.assert_array_equal(found, wanted)

    @pytest.mark.parametrize(
        ("other", "sentence"),
        [
            ({"crs": "EPSG:32648"}, "are in WGS 84 / UTM zone 48N, unlike those of"),
            ({"transform": ORIGIN @ Affine.scale(2)}, "its pixels differ in size from those of"),
            ({"transform": at(0.4, 0)}, "its pixels are not aligned with those of"),
            ({"pixels": pixels_of(200, 180, 3)}, "its bands are b1, b2, b3, those of"),
            ({"name": "20220308_scene.tif"}, "its date is 2022-03-08, and that of 20220307"),
        ],
    )
    def test_what_does_not_fit_is_named(
        self, make_geotiff: MakeGeotiff, other: dict[str, Any], sentence: str
    ) -> None:
        first = make_geotiff(name="20220307_first.tif")
        second = make_geotiff(**{"name": "second.tif"} | other)
        with pytest.raises(SceneError, match=sentence) as caught:
            open_mosaic([first, second])
        assert str(caught.value).startswith(f"{second}: ")

    def test_files_that_are_a_bit_out_of_step_still_fit(self, make_geotiff: MakeGeotiff) -> None:
        first = make_geotiff(name="first.tif")
        second = make_geotiff(name="second.tif", transform=at(10.01, 7.99))
        with open_mosaic([first, second]) as scene:
            assert (scene.width, scene.height) == (190, 208)


class TestBandsLeftOut:
    def test_an_underscore_leaves_a_band_out(self, make_geotiff: MakeGeotiff) -> None:
        pixels = pixels_of(40, 40)
        with open_scene(make_geotiff(pixels), bands=["blue", "_", "red", "_"]) as scene:
            assert scene.bands == ("blue", "red")
            assert scene.sources[0].bands == ("blue", "_", "red", "_")
            found, _ = scene.read(Window(0, 0, 40, 40))
            np.testing.assert_array_equal(found, pixels[[0, 2]])
            red, _ = scene.read(Window(0, 0, 40, 40), bands=["red"])
            np.testing.assert_array_equal(red, pixels[[2]])
            assert scene.statistics.mean.shape == (2,)

    @pytest.mark.parametrize("bands", [["_"] * 4, ["a", "a", "_", "_"], ["a", "_"]])
    def test_what_is_left_must_be_told_apart(
        self, make_geotiff: MakeGeotiff, bands: list[str]
    ) -> None:
        with pytest.raises(SceneError, match="give each band a name of its own"):
            open_scene(make_geotiff(), bands=bands)


class TestUdm2:
    @pytest.fixture
    def image(self, make_geotiff: MakeGeotiff) -> Path:
        return make_geotiff(pixels_of(40, 60, 8), SR, nodata=0)

    @pytest.fixture
    def clear(self, make_geotiff: MakeGeotiff) -> npt.NDArray[np.bool_]:
        """Where the mask beside the image says that it is clear."""
        clear = np.random.default_rng(0).random((40, 60)) < 0.7
        mask = np.zeros((8, 40, 60), np.uint8)
        mask[0], mask[5], mask[6] = clear, ~clear, 90
        make_geotiff(mask, UDM2)
        return clear

    def test_the_mask_beside_is_applied_and_recorded(
        self, image: Path, clear: npt.NDArray[np.bool_], tmp_path: Path
    ) -> None:
        with open_mosaic([image]) as scene:
            np.testing.assert_array_equal(scene.read(Window(0, 0, 60, 40))[1], clear)
            window = Window(7, 11, 20, 13)
            np.testing.assert_array_equal(scene.read(window)[1], clear[11:24, 7:27])
            assert scene.bands[0] == "coastal_blue"
            table = tmp_path / "table.parquet"
            embed_scene(scene, Means(8), table, patch_size=36, progress=False)
        (recorded,) = open_table(table).metadata["scenes"]
        assert recorded["udm2"]["name"] == UDM2
        assert len(recorded["udm2"]["sha256"]) == 64

    def test_it_can_be_left_out_or_given(
        self, image: Path, clear: npt.NDArray[np.bool_], make_geotiff: MakeGeotiff
    ) -> None:
        with open_mosaic([image], udm2="none") as scene:
            assert scene.read(Window(0, 0, 60, 40))[1].all()
        given = make_geotiff(clear[None].astype(np.uint8) * 1, "my_mask.tif")
        (image.parent / UDM2).unlink()
        with open_mosaic([image]) as scene:
            assert scene.sources[0].udm2 is None
        with open_mosaic([image], udm2=[given]) as scene:
            np.testing.assert_array_equal(scene.read(Window(0, 0, 60, 40))[1], clear)

    def test_viewing_a_scene_shows_what_is_under_the_clouds(
        self, image: Path, clear: npt.NDArray[np.bool_]
    ) -> None:
        with open_scene(image) as scene:
            assert scene.read(Window(0, 0, 60, 40))[1].all()

    def test_cloud_in_one_scene_is_filled_from_the_next(
        self, image: Path, clear: npt.NDArray[np.bool_], make_geotiff: MakeGeotiff
    ) -> None:
        below = make_geotiff(np.full((8, 40, 60), 55, np.uint16), SR.replace("034030", "034032"))
        with open_mosaic([image, below]) as scene:
            found, valid = scene.read(Window(0, 0, 60, 40))
        assert valid.all()
        assert (found[:, ~clear] == 55).all()
        np.testing.assert_array_equal(found[:, clear], pixels_of(40, 60, 8)[:, clear])

    @pytest.mark.parametrize("change", [{"transform": at(1, 0)}, {"pixels": np.ones((1, 40, 61))}])
    def test_a_mask_of_another_place_is_refused(
        self, image: Path, make_geotiff: MakeGeotiff, change: dict[str, Any]
    ) -> None:
        mask = {"pixels": np.ones((1, 40, 60)), "name": "mask.tif"} | change
        mask["pixels"] = mask["pixels"].astype(np.uint8)
        with pytest.raises(SceneError, match=r"mask\.tif: the mask does not cover"):
            open_mosaic([image], udm2=[make_geotiff(**mask)])

    def test_one_mask_for_each_file(self, image: Path) -> None:
        with pytest.raises(SceneError, match="the masks are 2 and the scenes 1"):
            open_mosaic([image], udm2=[image, image])


class TestRadiance:
    COEFFICIENTS = (1.97703553546e-05, 2.09164017841e-05, 2.33568850284e-05, 3.53158793892e-05)

    @pytest.mark.realdata
    def test_real_radiance_becomes_reflectance(self, real_data: Path) -> None:
        path = real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS.tif"
        window = Window(300, 300, 200, 200)
        with open_scene(path) as scene:
            radiance, valid = scene.read(window)
            assert scene.sources[0].conversion is None
        with open_mosaic([path], reflectance=True) as scene:
            reflectance, still = scene.read(window)
            assert scene.sources[0].conversion.gain == pytest.approx(
                [1e4 * each for each in self.COEFFICIENTS]
            )
            assert scene.time == datetime(2017, 9, 15, 2, 7, 28, tzinfo=UTC)
            assert scene.dtype == "float32"
            # Vegetation: near infrared above red, all of it a share of the sunlight.
            mean = dict(zip(scene.bands, scene.statistics.mean, strict=True))
            assert 0 < mean["red"] < mean["nir"] < 10_000
        np.testing.assert_array_equal(still, valid)
        wanted = radiance * 1e4 * np.array(self.COEFFICIENTS)[:, None, None]
        np.testing.assert_allclose(reflectance[:, valid], wanted[:, valid], rtol=1e-5)

    @pytest.mark.realdata
    def test_the_coefficients_are_recorded(self, real_data: Path, tmp_path: Path) -> None:
        path = real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS.tif"
        table = tmp_path / "table.parquet"
        with open_mosaic([path], reflectance=True) as scene:
            embed_scene(scene, Means(), table, patch_size=96, progress=False)
        (recorded,) = open_table(table).metadata["scenes"]
        assert recorded["conversion"]["gain"][0] == pytest.approx(0.197703553546)

    def test_surface_reflectance_stays_as_it_is(self, make_geotiff: MakeGeotiff) -> None:
        path = make_geotiff(pixels_of(40, 60, 8), SR)
        with open_mosaic([path], reflectance=True) as scene:
            assert scene.sources[0].conversion is None
            assert scene.dtype == "uint16"

    @pytest.mark.parametrize(
        ("metadata", "sentence"),
        [
            (None, r"AnalyticMS\.tif: .* metadata XML .* is not beside it"),
            ("<a/>", r"_metadata\.xml: it has no reflectance coefficients"),
            ("<a>", r"_metadata\.xml: this is not a complete XML file"),
            ("<a><bandSpecificMetadata/></a>", r"_metadata\.xml: it has no reflectance"),
        ],
    )
    def test_radiance_without_its_coefficients(
        self, make_geotiff: MakeGeotiff, metadata: str | None, sentence: str
    ) -> None:
        path = make_geotiff(name="20170915_020728_103d_3B_AnalyticMS.tif")
        if metadata is not None:
            path.with_name(f"{path.stem}_metadata.xml").write_text(metadata)
        with pytest.raises(SceneError, match=sentence):
            open_mosaic([path], reflectance=True)

    @pytest.mark.realdata
    def test_metadata_of_fewer_bands(
        self, real_data: Path, make_geotiff: MakeGeotiff, tmp_path: Path
    ) -> None:
        path = make_geotiff(pixels_of(40, 60, 8), "20170915_020728_103d_3B_AnalyticMS_8b.tif")
        shutil.copy(
            real_data / "planetscope" / "20170915_020728_103d_3B_AnalyticMS_metadata.xml",
            tmp_path / "20170915_020728_103d_3B_AnalyticMS_8b_metadata.xml",
        )
        with pytest.raises(SceneError, match=r"it has 8 bands, and .* coefficients for 4"):
            open_mosaic([path], reflectance=True)


class TestFolder:
    """An order, laid out and named as Planet documents it."""

    ITEMS = ("20220307_034028_1_2475", "20220307_034030_1_2475")
    METADATA = """<ps:EarthObservation xmlns:ps="http://example.invalid/ps">
        <ps:acquisitionDateTime> 2022-03-07T03:40:30+00:00 </ps:acquisitionDateTime>
        </ps:EarthObservation>"""

    @pytest.fixture(params=["_clip", "", "_harmonized_clip", "_clip_file_format", "_reproject"])
    def order(
        self,
        request: pytest.FixtureRequest,
        tmp_path: Path,
        make_geotiff: MakeGeotiff,
    ) -> Path:
        """Two neighbouring scenes of 8 bands; of the second, the upper half is cloud."""
        tools = request.param
        folder = tmp_path / "84e9b0d7-order" / "PSScene"
        folder.mkdir(parents=True)
        for number, item in enumerate(self.ITEMS):
            pixels = pixels_of(180, 180, bands=8)
            clear = np.ones((8, 180, 180), np.uint8)
            clear[0, : 90 * number] = 0
            place = {"transform": at(170 * number, 0)}
            names = {
                f"{item}_3B_AnalyticMS_SR_8b{tools}.tif": pixels,
                f"{item}_3B_AnalyticMS_8b{tools}.tif": pixels,
                f"{item}_3B_udm2{tools.replace('_harmonized', '')}.tif": clear,
            }
            for name, content in names.items():
                make_geotiff(content, name, nodata=None, **place).rename(folder / name)
            (folder / f"{item}_metadata.json").write_text("{}")
            xml = f"{item}_3B_AnalyticMS_8b_metadata{'_clip' if 'clip' in tools else ''}.xml"
            (folder / xml).write_text(self.METADATA)
        (folder.parent / "manifest.json").write_text("{}")
        return folder.parent

    def test_surface_reflectance_is_taken(self, order: Path) -> None:
        found = scenes_in(order)
        assert [p.name[:22] for p in found] == list(self.ITEMS)
        assert all("AnalyticMS_SR_8b" in p.name for p in found)

    def test_it_is_one_scene_with_its_masks(self, order: Path) -> None:
        with open_mosaic(scenes_in(order)) as scene:
            assert scene.bands == PLANETSCOPE[8]
            assert (scene.width, scene.height) == (350, 180)
            assert scene.time == datetime(2022, 3, 7, 3, 40, 30, tzinfo=UTC)
            assert [source.udm2 is None for source in scene.sources] == [False, False]
            _, valid = scene.read(Window(0, 0, 350, 180))
        assert valid[:, :180].all()
        assert not valid[:90, 180:].any()
        assert valid[90:, 180:].all()

    def test_opening_the_folder_shows_what_is_under_clouds_too(self, order: Path) -> None:
        with open_scene(order) as scene:
            assert (scene.width, scene.height) == (350, 180)
            assert scene.read(Window(0, 0, 350, 180))[1].all()

    def test_embed_and_info_take_it(
        self, order: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        table = tmp_path / "table.parquet"
        assert main(["embed", str(order), "-o", str(table), "--no-projection"]) == 0
        recorded = open_table(table).metadata["scenes"]
        assert [scene["name"][:22] for scene in recorded] == list(self.ITEMS)
        assert all("udm2" in scene["udm2"]["name"] for scene in recorded)
        capsys.readouterr()
        assert main(["info", str(order)]) == 0
        said = capsys.readouterr().out
        assert re.search(
            r"^bands +coastal_blue, blue, green_i, green, yellow, red, red", said, re.M
        )
        _, *listed, _ = re.split(r"^(?:used|masks for embed|not used|extent) ", said, flags=re.M)
        for files, product in zip(listed, ("AnalyticMS_SR", "udm2", "AnalyticMS_8b"), strict=True):
            names = [Path(line.strip()).name for line in files.splitlines()]
            assert [name[:22] for name in names] == list(self.ITEMS)
            assert all(f"_{product}" in name for name in names)
        DashboardFiles(table, order).check()

    def test_the_metadata_is_found_whatever_tools_were_used(self, order: Path) -> None:
        for image in scenes_in(order):
            assert metadata_beside(image) is not None

    @pytest.mark.parametrize("name", ["composite", "2023-07-05_strip_6625124_composite"])
    def test_a_composite(self, tmp_path: Path, name: str) -> None:
        (tmp_path / f"{name}.tif").touch()
        (tmp_path / f"{name}_udm2.tif").touch()
        found = scenes_in(tmp_path)
        assert [p.name for p in found] == [f"{name}.tif"]
        assert udm2_beside(found[0]) == tmp_path / f"{name}_udm2.tif"

    def test_reflectance_that_the_order_made_stays_as_it_is(self) -> None:
        assert is_radiance(Path("20220307_034030_1_2475_3B_AnalyticMS_8b_clip.tif"))
        assert not is_radiance(Path("20220307_034030_1_2475_3B_AnalyticMS_8b_toar_clip.tif"))

    def test_what_a_killed_run_was_writing_is_no_scene(self, tmp_path: Path) -> None:
        killed = replacing(tmp_path / "deviation.tif")
        killed.__enter__().touch()
        (tmp_path / "composite.tif").touch()
        assert scenes_in(tmp_path) == [tmp_path / "composite.tif"]

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(SceneError, match="this folder contains no GeoTIFF"):
            scenes_in(tmp_path)
        (tmp_path / "psscene.zip").touch()
        with pytest.raises(SceneError, match="this folder contains only archives; unpack"):
            open_scene(tmp_path)

    @pytest.mark.realdata
    def test_a_real_scene_in_an_order(self, real_data: Path, tmp_path: Path) -> None:
        """A real scene and its real metadata, laid out as an order; only the mask is made up."""
        folder = tmp_path / "order" / "PSScene"
        folder.mkdir(parents=True)
        item = "20170915_020728_103d_3B"
        for file in (real_data / "planetscope").glob(f"{item}*"):
            shutil.copy(file, folder)
        with rasterio.open(folder / f"{item}_AnalyticMS.tif") as dataset:
            profile = dataset.profile | {"count": 8, "dtype": "uint8", "nodata": None}
            full = (dataset.read() > 0).any(axis=0)
        clear = np.zeros((8, *full.shape), np.uint8)
        clear[0, :, 300:] = 1
        with rasterio.open(folder / f"{item}_udm2.tif", "w", **profile) as dataset:
            dataset.write(clear)
        table = tmp_path / "table.parquet"
        assert main(["embed", str(folder.parent), "-o", str(table), "--no-projection"]) == 0
        [recorded] = open_table(table).metadata["scenes"]
        assert recorded["time"].startswith("2017-09-15T02:07")
        assert recorded["udm2"]["name"] == f"{item}_udm2.tif"
        with open_mosaic(scenes_in(folder.parent)) as scene:
            _, valid = scene.read(Window(0, 0, 512, 512))
        np.testing.assert_array_equal(valid, full & (clear[0] == 1))
