"""Rasters of embeddings whose overviews hold the mean of each patch: only these are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.windows import Window

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.scene import Scene, open_mosaic
from rareearth_explorer.data.table import PatchTable, open_table
from rareearth_explorer.embedding import import_pixels
from rareearth_explorer.errors import SceneError

SIDE, BANDS, EMPTY = 256, 64, -128
LEVELS = (2, 4, 8, 16, 32)
PATCH = 160.0
"""Metres of a patch of 16 pixels."""

Codes = npt.NDArray[np.int8]
Values = npt.NDArray[np.float64]


def encoded(values: Values) -> Codes:
    """Encode (C, h, w) as AlphaEarth does; NaN is missing."""
    codes = np.rint(np.sign(values) * np.sqrt(np.abs(values)) * 127.5)
    return np.asarray(np.where(np.isnan(codes), EMPTY, codes.clip(-127, 127)), np.int8)


def decoded(codes: Codes) -> Values:
    values = np.sign(codes) * np.square(np.abs(codes.astype(float)) / 127.5)
    return np.asarray(np.where(codes == EMPTY, np.nan, values))


def means(values: Values, side: int) -> Values:
    """Take the mean of squares of `side` pixels, of length 1; NaN without any pixel."""
    bands, height, width = values.shape
    squares = values.reshape(bands, height // side, side, width // side, side)
    sums = np.nansum(squares, axis=(2, 4))
    lengths = np.linalg.norm(sums, axis=0)
    return np.asarray(sums / np.where(lengths > 0, lengths, np.nan))


def landscape(seed: int, side: int = SIDE) -> Values:
    """Make unit embeddings that vary slowly, with noise, and a gap without data."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(size=(BANDS, side // 16, side // 16)).repeat(16, 1).repeat(16, 2)
    values = coarse + 0.5 * generator.normal(size=(BANDS, side, side))
    values /= np.linalg.norm(values, axis=0)
    values[:, 32:64, 64:112] = np.nan
    return np.asarray(values)


def write_tile(path: Path, values: Values, left: float = 500_000, *, south_up: bool = True) -> Path:
    """Write a tile as AlphaEarth's makers do: each overview is made of the one before it."""
    north_up = Affine(10, 0, left, 0, -10, 2_900_000)
    side = values.shape[1]
    turned = north_up @ Affine.translation(0, side) @ Affine.scale(1, -1)
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": BANDS, "dtype": "int8",
        "nodata": EMPTY, "crs": "EPSG:32647", "transform": turned if south_up else north_up,
        "tiled": True, "blockxsize": 64, "blockysize": 64, "interleave": "pixel",
    }  # fmt: skip
    rows = slice(None, None, -1 if south_up else 1)
    with rasterio.open(path, "w", **profile) as file:
        file.write(encoded(values)[:, rows])
        file.descriptions = [f"A{band:02}" for band in range(BANDS)]
    with rasterio.open(path, "r+") as file:
        file.build_overviews(LEVELS, Resampling.nearest)
    for level in range(len(LEVELS)):
        values = means(values, 2)
        with rasterio.open(path, "r+", OVERVIEW_LEVEL=level) as overview:
            overview.write(encoded(values)[:, rows])
    return path


def imported(sources: list[Path], tmp_path: Path, **how: object) -> PatchTable:
    name = f"{len(list(tmp_path.glob('*.parquet')))}.parquet"
    options: dict[str, object] = {"patch_size": PATCH, "progress": False, **how}
    return open_table(import_pixels(sources, tmp_path / name, **options).table)  # type: ignore[arg-type]


def of_overview(values: Values, level: int) -> npt.NDArray[np.float32]:
    """Decode what a reader finds in the overview of 2**level pixels, patch by patch."""
    for _ in range(level):
        values = means(values, 2)
    rows = decoded(encoded(values)).reshape(BANDS, -1).T
    rows = rows[np.isfinite(rows).all(axis=1)]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Window, tuple[int, int] | None]]:
    """Record what is read of scenes."""
    read, seen = Scene.read, list[tuple[Window, tuple[int, int] | None]]()

    def recorded(self: Scene, window: Window, **how: object) -> object:
        seen.append((window, how.get("out_shape")))  # type: ignore[arg-type]
        return read(self, window, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Scene, "read", recorded)
    return seen


@pytest.mark.parametrize("south_up", [True, False])
def test_patches_are_the_pixels_of_the_overview(
    tmp_path: Path, windows: list[tuple[Window, tuple[int, int] | None]], south_up: bool
) -> None:
    values = landscape(1)
    path = write_tile(tmp_path / "tile.tiff", values, south_up=south_up)
    table = imported([path], tmp_path)
    assert len(table) == 16 * 16 - 2 * 3
    np.testing.assert_allclose(table.embeddings, of_overview(values, 4), atol=1e-6)
    assert table.metadata["encoder"]["statistics"] == "overview"
    assert table.metadata["grid"]["patch_px"] == 16
    assert all(shape is not None and shape[0] == 1 for _, shape in windows)


def test_the_means_of_the_pixels_are_close_to_the_overview(tmp_path: Path) -> None:
    values = landscape(2)
    path = write_tile(tmp_path / "tile.tiff", values)
    quick, whole = imported([path], tmp_path), imported([path], tmp_path, statistics="mean")
    # A patch is 16 x 16 pixels of one place of the landscape, so both name the same direction.
    np.testing.assert_array_equal(quick.corners, whole.corners)
    assert (quick.embeddings * whole.embeddings).sum(axis=1).min() > 0.998
    assert np.abs(quick.embeddings - whole.embeddings).max() > 1e-4  # but they are not the same
    rows = means(decoded(encoded(values)), 16).reshape(BANDS, -1).T
    np.testing.assert_allclose(whole.embeddings, rows[np.isfinite(rows).all(axis=1)], atol=1e-6)


def test_through_a_vrt(tmp_path: Path) -> None:
    # GDAL shows overviews of a VRT only down to 128 pixels.
    path = write_tile(tmp_path / "tile.tiff", landscape(3, 512))
    turned = tmp_path / "tile.vrt"
    bands = "".join(
        f'<VRTRasterBand dataType="Int8" band="{band}"><Description>A{band - 1:02}</Description>'
        f"<NoDataValue>{EMPTY}</NoDataValue><SimpleSource>"
        f'<SourceFilename relativeToVRT="1">{path.name}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band in range(1, BANDS + 1)
    )
    with rasterio.open(path) as file:
        where = ", ".join(map(str, file.transform.to_gdal()))
        turned.write_text(
            f'<VRTDataset rasterXSize="512" rasterYSize="512"><SRS>EPSG:32647</SRS>'
            f"<GeoTransform>{where}</GeoTransform>{bands}</VRTDataset>"
        )
    direct, through = (imported([each], tmp_path, patch_size=40.0) for each in (path, turned))
    np.testing.assert_array_equal(direct.embeddings, through.embeddings)
    assert through.metadata["encoder"]["statistics"] == "overview"


def test_a_mosaic_on_one_grid_of_patches(tmp_path: Path) -> None:
    parts = [landscape(seed) for seed in (4, 5)]
    paths = [
        write_tile(tmp_path / f"{number}.tiff", values, 500_000 + number * SIDE * 10)
        for number, values in enumerate(parts)
    ]
    table = imported(paths, tmp_path)
    assert table.metadata["encoder"]["statistics"] == "overview"
    western = table.column < 16
    for values, here in zip(parts, (western, ~western), strict=True):
        np.testing.assert_allclose(table.embeddings[here], of_overview(values, 4), atol=1e-6)


def test_tiles_whose_patches_do_not_meet_are_averaged(tmp_path: Path) -> None:
    paths = [
        write_tile(tmp_path / f"{left}.tiff", landscape(left), 500_000 + left * 10)
        for left in (0, SIDE + 8)
    ]
    assert imported(paths, tmp_path).metadata["encoder"]["statistics"] == "mean"
    with open_mosaic(paths, udm2="none") as scene:
        assert scene.has_overview(8)
        assert not scene.has_overview(16)


@pytest.mark.parametrize("patch_size", [240.0, 640.0])
def test_without_a_fitting_overview(tmp_path: Path, patch_size: float) -> None:
    path = write_tile(tmp_path / "tile.tiff", landscape(6))
    table = imported([path], tmp_path, patch_size=patch_size)
    assert table.metadata["encoder"]["statistics"] == "mean"
    with pytest.raises(SceneError, match="no overview with a mean of so many"):
        imported([path], tmp_path, patch_size=patch_size, statistics="overview")


def test_overviews_of_products_that_do_not_say_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "tile.tif"
    profile = {
        "driver": "GTiff", "width": 128, "height": 128, "count": 128, "dtype": "float32",
        "crs": "EPSG:32647", "transform": Affine(10, 0, 500_000, 0, -10, 2_900_000),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.random.default_rng(7).normal(size=(128, 128, 128)).astype(np.float32))
        file.descriptions = [f"Tessera_Band_{band}" for band in range(128)]
    with rasterio.open(path, "r+") as file:
        file.build_overviews(LEVELS, Resampling.average)
    with open_mosaic([path], udm2="none") as scene:
        assert scene.has_overview(16)
    assert imported([path], tmp_path).metadata["encoder"]["statistics"] == "mean"


def test_workers_read_the_overview_too(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "tile.tiff", landscape(8))
    here, there = imported([path], tmp_path), imported([path], tmp_path, cluster=1)
    np.testing.assert_array_equal(here.embeddings, there.embeddings)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tile(tmp_path / "tile.tiff", landscape(9))
    command = ["import", str(path), "-o", str(tmp_path / "t.parquet"), "--patch-size", "160"]
    assert main(command) == 0
    assert "were read from the overviews" in capsys.readouterr().out
    assert main([*command[:-1], "250", "--statistics", "overview"]) == 2
    assert "choose another --patch-size" in capsys.readouterr().err
