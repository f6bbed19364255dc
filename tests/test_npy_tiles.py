"""TESSERA's tiles of .npy files: codes, scales and a land mask become a patch table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from pixel_arrays import CRS, PLACE, means_of_patches, random_codes, write_land_mask

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.table import open_table
from rareearth_explorer.embedding import embed, import_pixels
from rareearth_explorer.embedding import running as running_module
from rareearth_explorer.errors import SceneError

NAME = "grid_97.95_25.85"
SIDE = 24  # pixels of 10 m in a patch of 250 m


def write_tile(
    folder: Path,
    codes: npt.NDArray[np.generic],
    scales: npt.NDArray[np.generic],
    land: npt.NDArray[np.generic] | None = None,
    *,
    name: str = NAME,
    transform: Affine = PLACE,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", codes)
    np.save(folder / f"{name}_scales.npy", scales)
    mask = folder.parent / "landmasks" / f"{name}.tiff"
    write_land_mask(mask, np.ones(codes.shape[:2]) if land is None else land, transform)
    return folder / f"{name}.npy"


def imported(path: Path, target: Path, **how: object) -> npt.NDArray[np.float32]:
    return open_table(import_pixels([path], target, progress=False, **how).table).embeddings


def test_water_and_missing_scales_are_no_data(tmp_path: Path) -> None:
    codes, scales = random_codes(72, 100)
    land = np.ones(scales.shape)
    land[:10, :7], scales[30:34, 30:40], scales[50, 60] = 0, np.nan, np.inf
    path = write_tile(tmp_path / "tiles", codes, scales, land)
    right = codes.astype(float) * scales[..., None]
    right[(land == 0) | ~np.isfinite(scales)] = np.nan
    found = imported(path, tmp_path / "t.parquet")
    np.testing.assert_allclose(found, means_of_patches(right, SIDE), atol=1e-6)
    np.testing.assert_allclose(
        found, imported(write_geotiff(path, right), tmp_path / "g.parquet"), atol=1e-6
    )


def write_geotiff(path: Path, pixels: npt.NDArray[np.floating]) -> Path:
    """Write decoded pixels as `geotessera` exports a tile."""
    target = path.with_name(f"{path.stem}_2024.tif")
    size = {"height": pixels.shape[0], "width": pixels.shape[1], "count": pixels.shape[2]}
    profile = {"driver": "GTiff", "dtype": "float32", "crs": CRS, "transform": PLACE, **size}
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(pixels.transpose(2, 0, 1).astype(np.float32))
        dataset.descriptions = [f"Tessera_Band_{number}" for number in range(pixels.shape[2])]
    return target


def test_patches_in_water_are_left_out_and_counted(tmp_path: Path) -> None:
    codes, scales = random_codes(48, 48)
    land = np.ones(scales.shape)
    land[:24, :24] = 0
    path = write_tile(tmp_path / "tiles", codes, scales, land)
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    assert (report.patches, report.left_out) == (3, 1)


def test_zeros_inside_a_geotiff_are_no_data(tmp_path: Path) -> None:
    codes, scales = random_codes(72, 72)
    pixels = codes * scales[..., None]
    pixels[20:50, 20:50] = 0  # no corner of the raster
    target = tmp_path / "t.parquet"
    report = import_pixels([write_geotiff(tmp_path / NAME, pixels)], target, progress=False)
    assert (report.patches, report.left_out) == (8, 1)


def test_a_scale_for_each_number(tmp_path: Path) -> None:
    codes, _ = random_codes(48, 48)
    scales = np.random.default_rng(1).uniform(0.01, 0.2, codes.shape).astype(np.float32)
    scales[3, 5, 7] = np.nan  # a pixel has all its numbers, or none
    right = codes.astype(float) * scales
    right[3, 5] = np.nan
    found = imported(write_tile(tmp_path / "tiles", codes, scales), tmp_path / "t.parquet")
    np.testing.assert_allclose(found, means_of_patches(right, SIDE), atol=1e-6)


def test_a_tile_from_the_south_is_turned(tmp_path: Path) -> None:
    codes, scales = random_codes(60, 48)
    land = np.ones(scales.shape)
    land[:5] = 0
    south_up = PLACE @ Affine.translation(0, 60) @ Affine.scale(1, -1)
    north = write_tile(tmp_path / "a" / "tiles", codes, scales, land)
    south = write_tile(
        tmp_path / "b" / "tiles", codes[::-1], scales[::-1], land[::-1], transform=south_up
    )
    tables = [
        open_table(import_pixels([path], tmp_path / f"{n}.parquet", progress=False).table)
        for n, path in enumerate((north, south))
    ]
    np.testing.assert_array_equal(tables[0].embeddings, tables[1].embeddings)
    np.testing.assert_allclose(tables[0].corners, tables[1].corners, atol=1e-9)


def test_tiles_of_one_grid_are_one_scene(tmp_path: Path) -> None:
    codes, scales = random_codes(48, 96)
    for name, columns, east in (("west", slice(0, 40), 0), ("east", slice(40, 96), 40)):
        write_tile(
            tmp_path / "2024",
            codes[:, columns],
            scales[:, columns],
            name=name,
            transform=PLACE @ Affine.translation(east, 0),
        )
    found = imported(tmp_path / "2024", tmp_path / "t.parquet")
    right = means_of_patches(codes.astype(float) * scales[..., None], SIDE)
    np.testing.assert_allclose(found, right, atol=1e-6)
    write_tile(tmp_path / "2023", codes, scales, name="north")
    with pytest.raises(SceneError, match="several years, 2023 and 2024"):
        import_pixels([tmp_path], tmp_path / "no.parquet", progress=False)
    write_tile(
        tmp_path / "2024", codes, scales, name="far", transform=PLACE @ Affine.translation(0.5, 0)
    )
    with pytest.raises(SceneError, match=r"not aligned with those of .*; make one table of each"):
        import_pixels([tmp_path / "2024"], tmp_path / "no.parquet", progress=False)


def test_only_patches_in_a_box_with_deviation(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "tiles", *random_codes(48, 48))
    whole = open_table(import_pixels([path], tmp_path / "t.parquet", progress=False).table)
    (west, south), (east, north) = whole.corners[3].min(axis=0), whole.corners[3].max(axis=0)
    box = (west, south, east, north)
    part = imported(path, tmp_path / "p.parquet", bbox=box, statistics="mean-std")
    assert part.shape == (1, 256)
    half = part[0, :128] / np.linalg.norm(part[0, :128])
    np.testing.assert_allclose(half, whole.embeddings[3], atol=1e-6)


def test_a_run_that_was_stopped_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tile(tmp_path / "tiles", *random_codes(120, 48))
    whole = imported(path, tmp_path / "whole.parquet")
    real, read = running_module.cut_block, list[int]()

    def cut(scene, grid, block):
        read.append(block.row)
        if len(read) == 4:
            raise KeyboardInterrupt
        return real(scene, grid, block)

    monkeypatch.setattr(running_module, "cut_block", cut)
    with pytest.raises(KeyboardInterrupt):
        import_pixels([path], tmp_path / "t.parquet", progress=False)
    monkeypatch.setattr(running_module, "cut_block", real)
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    assert 0 < report.resumed < 5
    np.testing.assert_array_equal(open_table(report.table).embeddings, whole)


@pytest.mark.slow
def test_workers_make_the_same_table(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs Dask: pip install .[dask]")
    path = write_tile(tmp_path / "tiles", *random_codes(72, 48))
    found = imported(path, tmp_path / "t.parquet", cluster=1)
    np.testing.assert_array_equal(found, imported(path, tmp_path / "alone.parquet"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path, mask: mask.unlink(), r"its land mask, grid_97.95_25.85.tiff, .* download"),
        (lambda path, mask: write_land_mask(mask, np.ones((48, 47))), "1 band.* of 48 x 47 pixels"),
        (lambda path, mask: path.with_name(f"{NAME}_scales.npy").unlink(), "scales that decode it"),
        (
            lambda path, mask: np.save(path.with_name(f"{NAME}_scales.npy"), np.ones((48, 47))),
            r"float64 of 48 x 47, which does not fit the int8 of 48 x 48 x 128",
        ),
        (lambda path, mask: np.save(path, np.ones((48, 48, 64), np.int8)), "holds int8 of 48 x 48"),
        (lambda path, mask: np.save(path, np.ones((48, 48, 128))), "it holds float64"),
        (lambda path, mask: path.write_bytes(path.read_bytes()[:-9]), "not a complete array"),
        (lambda path, mask: path.write_bytes(b""), "not a complete array"),
        (lambda path, mask: path.unlink(), "there is no such file"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(
    spoil, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Deep, because a land mask is also sought in folders above, which hold those of other tests.
    alone = tmp_path / "a" / "b" / "c" / "d"
    path = write_tile(alone / "tiles", *random_codes(48, 48))
    spoil(path, alone / "landmasks" / f"{NAME}.tiff")
    with pytest.raises(SceneError, match=said) as caught:
        import_pixels([path], tmp_path / "t.parquet", progress=False)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_tile(tmp_path / "2024", *random_codes(48, 48))
    assert main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "recipe      tessera" in said
    assert "decoded as v * scale of the pixel" in said
    assert main(said.splitlines()[-1].split()[2:]) == 0
    table = open_table(tmp_path / f"{NAME}.parquet")
    assert {source["year"] for source in table.metadata["scenes"]} == {2024}
    with pytest.raises(SceneError, match=f"rareearth-explorer import {path}"):
        embed(path, tmp_path / "t.parquet", progress=False)
    assert main(["import", str(path), "-o", str(tmp_path / "t.parquet"), "--nodata", "0"]) == 2
    assert "leave out --nodata" in capsys.readouterr().err
    assert main(["import", str(path), "-o", str(tmp_path / "t.parquet"), "--date", "2024"]) == 2
