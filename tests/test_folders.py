"""Folders and names: suffixes, hidden files, masks, months, a pass over midnight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rareearth_explorer import embed, open_table
from rareearth_explorer.cli import main
from rareearth_explorer.data.file_kinds import parquet_parts, rasters_in
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.scene import open_mosaic, scenes_in
from rareearth_explorer.data.scene.dates import acquired_by_name
from rareearth_explorer.data.scene.planet import udm2_beside
from rareearth_explorer.data.scene.units import quantity_of
from rareearth_explorer.embedding.blocks import blocks, cut_block
from rareearth_explorer.errors import SceneError

MakeGeotiff = Callable[..., Path]

ITEM = "20220307_034030_12_2475"


@pytest.mark.realdata
class TestOddFiles:
    @pytest.mark.parametrize("name", ["R21_upper", "R21b_macos"])
    def test_a_folder_is_taken(self, cases: Path, tmp_path: Path, name: str) -> None:
        out = tmp_path / "table.parquet"
        assert len(scenes_in(cases / name)) == 1
        assert embed(cases / name, out, progress=False, projection=False).patches == 9

    def test_a_mask_with_two_f(self, cases: Path, tmp_path: Path) -> None:
        out = tmp_path / "table.parquet"
        folder = cases / "P09b_udm2_tiff"
        assert embed(folder, out, progress=False, projection=False).patches == 8
        assert open_table(out).metadata["scenes"][0]["udm2"]["name"].endswith("udm2_clip.tiff")

    def test_monthly_basemaps(
        self, cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        paths = sorted(map(str, (cases / "A04_nicfi_months").glob("*.tif")))
        assert main(["activity", *paths, "-o", str(tmp_path / "a.tif")]) == 0
        said = capsys.readouterr().out
        assert "3 dates: 2022-01-16, 2022-02-15, 2022-03-16" in said
        assert "its name gives only the months 2022-02; 2022-02-15 stands for them" in said
        assert main(["info", paths[0]]) == 0
        assert "2022-01, a basemap of months" in capsys.readouterr().out


class TestNames:
    @pytest.mark.parametrize("name", ["A.TIF", "a.tiff", "b.Tiff", "c.JP2", "d.vrt", "x/y.tIf"])
    def test_any_suffix_in_any_case(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        assert scenes_in(tmp_path) == [path]

    @pytest.mark.parametrize(
        "name", ["._a.tif", ".hidden.tif", "__MACOSX/a.tif", ".cache/a.tif", "a_udm2.TIFF"]
    )
    def test_what_is_no_image(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        with pytest.raises(SceneError, match="contains no GeoTIFF"):
            scenes_in(tmp_path)

    def test_a_vrt_shows_the_images_beside_it(self, tmp_path: Path) -> None:
        for name in ("all.vrt", "a.tif", "b.TIFF"):
            (tmp_path / name).touch()
        assert [path.name for path in scenes_in(tmp_path)] == ["a.tif", "b.TIFF"]

    @pytest.mark.parametrize(
        ("image", "mask"),
        [
            (f"{ITEM}_3B_AnalyticMS_SR_8b_clip.tif", f"{ITEM}_3B_udm2_clip.tif"),
            (f"{ITEM}_3B_AnalyticMS_SR_8b_clip.tif", f"{ITEM}_3B_UDM2_CLIP.TIF"),
            (f"{ITEM}_3B_AnalyticMS_SR_8b_harmonized_clip.TIF", f"{ITEM}_3B_udm2_clip.tiff"),
            (f"{ITEM}_3B_AnalyticMS_SR_clip_file_format.tif", f"{ITEM}_3B_udm2_file_format.tif"),
            (f"{ITEM}_3B_AnalyticMS_SR.tif", f"{ITEM}_3B_AnalyticMS_udm2.tif"),
            (f"{ITEM}_3B_AnalyticMS_SR.jp2", f"{ITEM}_3B_udm2.jp2"),
            ("5_4_2022-03-07_2475_BGRN_Analytic.tif", "5_4_2022-03-07_2475_udm2.tif"),
            ("20200814_1_ssc4_u0001_analytic_SR_clip.tif", "20200814_1_ssc4_u0001_udm2_clip.tif"),
            ("composite.tif", "composite_udm2.tif"),
            ("composite_file_format.tif", "composite_udm2_file_format.tif"),
        ],
    )
    def test_each_name_of_a_mask(self, tmp_path: Path, image: str, mask: str) -> None:
        for name in (image, mask, f"{ITEM}9_3B_udm2.tif", "other_udm2.tif"):
            (tmp_path / name).touch()
        assert udm2_beside(tmp_path / image) == tmp_path / mask

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("20220307034030.tif", (2022, 3, 7, 3, 40, 30)),
            ("scene_202203070340_b.tif", (2022, 3, 7, 3, 40)),
            ("2022-03-07T03-40-30.tif", (2022, 3, 7, 3, 40, 30)),
            ("HLS.L30.T47RNH.2022010T035513.v2.0.tif", (2022, 1, 10, 3, 55, 13)),
            ("LC09_L2SP_133042_20220110_20220112_02_T1.tif", (2022, 1, 10, 12)),
            ("a_20220110_made_20220112101010.tif", (2022, 1, 10, 12)),
            ("1571-1172_quad.tif", None),
            ("20229907034030.tif", None),
        ],
    )
    def test_times(self, name: str, expected: tuple[int, ...] | None) -> None:
        found = acquired_by_name(name, None)
        if expected is None:
            assert found is None
            return
        assert found is not None
        assert found.time == datetime(*expected, tzinfo=UTC)  # type: ignore[misc]
        assert found.months == ""

    @pytest.mark.parametrize(
        ("name", "months", "middle"),
        [
            ("global_monthly_2022_01_mosaic_1571-1172_quad.tif", "2022-01", (2022, 1, 16)),
            ("planet_medres_2022-12_mosaic.tif", "2022-12", (2022, 12, 16)),
            ("normalized_analytic_2020-06_2020-08_mosaic.tif", "2020-06 to 2020-08", (2020, 7, 17)),
            ("global_quarterly_2022q1_mosaic.tif", "2022-01 to 2022-03", (2022, 2, 15)),
        ],
    )
    def test_months(self, name: str, months: str, middle: tuple[int, int, int]) -> None:
        found = acquired_by_name(name, "2023:05:05 10:00:00")
        assert found is not None
        assert found.months == months
        assert found.time == datetime(*middle, 12, tzinfo=UTC)


class TestMidnight:
    @pytest.fixture
    def passing(self, make_geotiff: MakeGeotiff, tmp_path: Path) -> list[Path]:
        """Two strips, one above the other, on both sides of midnight."""
        from planet_grid import THREE_METRES

        pixels = np.random.default_rng(1).integers(200, 4000, (4, 84, 168), dtype=np.uint16)
        below = THREE_METRES @ type(THREE_METRES).translation(0, 84)
        return [
            make_geotiff(pixels, "20220307_235959_1_3B_AnalyticMS_SR.tif"),
            make_geotiff(pixels, "20220308_000001_1_3B_AnalyticMS_SR.tif", transform=below),
        ]

    def test_it_is_asked_about(
        self, passing: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        table = tmp_path / "t.parquet"
        words: list[Any] = ["embed", *passing, "-o", table, "--no-projection"]
        assert main([*map(str, words)]) == 2
        assert "--one-date" in capsys.readouterr().err
        assert main([*map(str, words), "--one-date"]) == 0
        table.unlink()  # else the folder would be one of tables
        capsys.readouterr()
        assert main(["info", str(tmp_path), "--one-date"]) == 0
        assert capsys.readouterr().out.rstrip().endswith("--one-date")

    def test_each_patch_has_the_time_of_its_file(self, passing: list[Path]) -> None:
        with open_mosaic(passing, one_date=True) as scene:
            grid = scene.grid(252)
            times = [cut_block(scene, grid, block).chips.times_of_each() for block in blocks(grid)]
        early = datetime(2022, 3, 7, 23, 59, 59, tzinfo=UTC)
        late = datetime(2022, 3, 8, 0, 0, 1, tzinfo=UTC)
        assert times == [(early, early), (late, late)]
        with open_mosaic(passing[:1]) as scene:
            chips = cut_block(scene, scene.grid(252), next(blocks(grid))).chips
            assert chips.times is None
            assert chips.part(slice(1)).times_of_each() == (early,)

    def test_two_days_are_no_pass(self, make_geotiff: MakeGeotiff) -> None:
        paths = [make_geotiff(None, f"2022030{day}_120000_1.tif") for day in (7, 9)]
        with pytest.raises(SceneError, match="not one pass"):
            open_mosaic(paths, one_date=True)
        with pytest.raises(SceneError) as caught:
            open_mosaic(paths)
        assert "--one-date" not in str(caught.value)


def test_the_grid_is_that_of_the_odd_file_at_the_antimeridian(cases: Path) -> None:
    from rareearth_explorer.data.scene import open_scene

    with open_scene(cases / "R15_antimeridian" / "am.tif") as scene:
        grid: PatchGrid = scene.grid()
    rows, columns = np.divmod(np.arange(9), 3)
    corners = grid.corners(rows, columns)
    assert np.ptp(corners[..., 0], axis=1).max() < 0.01
    assert np.abs(corners[..., 0] - 180).max() < 0.01
    centres = grid.centroids(rows, columns)
    assert np.abs(np.abs(centres[:, 0]) - 180).max() < 0.01
    assert np.abs(centres[:, 0]).max() <= 180
    row, column = grid.locate([120, *centres[:, 0]], [-16.5, *centres[:, 1]])
    np.testing.assert_array_equal(row, [-1, *rows])
    np.testing.assert_array_equal(column, [-1, *columns])


def test_one_rule_tells_what_is_hidden(tmp_path: Path) -> None:
    names = ["a", ".a", "._a", "_a", ".b/a", "__MACOSX/a", ".a.x.part/a", "c/a"]
    for name in names:
        for suffix in (".TIF", ".parquet"):
            (path := tmp_path / f"{name}{suffix}").parent.mkdir(exist_ok=True)
            path.touch()
    seen = [path.relative_to(tmp_path).with_suffix("").as_posix() for path in rasters_in(tmp_path)]
    assert sorted(seen) == ["_a", "a", "c/a"]
    parts = [path.relative_to(tmp_path).as_posix() for path in parquet_parts(tmp_path)]
    assert parts == ["a.parquet", "c/a.parquet"]


@pytest.mark.parametrize(
    ("item", "product", "quantity"),
    [
        ("20220307_034030_1_2475_3B", "_AnalyticMS_SR_8b_clip", "surface reflectance"),
        ("20220307_034030_1_2475_3B", "_analyticms_toar", "top-of-atmosphere reflectance"),
        ("1234_5678_2022-03-07_0f15", "_BGRN_Analytic", "radiance"),
        ("20220307_034030_ssc1d1_0001", "_analytic", None),
        ("20220307_034030_ssc1d1_0001", "_pansharpened_clip", None),
        ("20220307_notAnalyticMS", "", None),
    ],
)
def test_one_pattern_tells_products_of_planet(
    item: str, product: str, quantity: str | None, tmp_path: Path
) -> None:
    image = tmp_path / f"{item}{product}.tif"
    assert quantity_of(image) == quantity
    (mask := tmp_path / f"{item}_udm2.tif").touch()
    assert udm2_beside(image) == mask
