"""Embeddings as others publish them: opened right, or refused in one sentence that says what to do.

The tiny files have the layouts of real products and made numbers; they are not committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from pixel_arrays import of_years, write_land_mask, write_store
from rasterio.vrt import WarpedVRT

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.recipes import known_recipes
from rareearth_explorer.data.table import Reading, open_table
from rareearth_explorer.embedding import embed, import_pixels, import_table
from rareearth_explorer.errors import SceneError, TableError

FORMATS = Path(
    os.environ.get("RAREEARTH_TEST_FORMATS", Path(__file__).parents[2] / "shared" / "formats")
)


@pytest.fixture(autouse=True, scope="module")
def _files() -> None:
    if not FORMATS.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{FORMATS} is missing")
        pytest.skip(f"{FORMATS} is missing")


def cosines(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    units = rows.astype(np.float64)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    return np.asarray(units @ units.T)


def truth(name: str) -> npt.NDArray[np.float64]:
    return cosines(np.load(FORMATS / f"{name}.npy"))


def bound(rows: npt.NDArray[np.floating], steps: npt.NDArray[np.floating]) -> float:
    """Largest error of a cosine if each number is off by at most half a step, to first order."""
    norms = np.linalg.norm(rows, axis=1)
    return float(2 * (np.linalg.norm(steps / 2, axis=1) / norms).max())


@pytest.mark.parametrize(
    "name", ["gee_wide", "geoarrow_polygon", "foreign_rowcol", "earthindex_25", "majortom_array2d"]
)
def test_floats_are_taken_as_they_are(name: str) -> None:
    table = open_table(FORMATS / f"{name}.parquet")
    assert len(table) == 100
    if table.dim == 64:
        np.testing.assert_allclose(cosines(table.embeddings), truth("truth64"), atol=1e-6)


def test_codes_of_alphaearth() -> None:
    path = FORMATS / "aef_int8_list.parquet"
    with pytest.raises(TableError, match="--recipe alphaearth if they are codes of AlphaEarth"):
        open_table(path)
    table = open_table(path, reading=Reading(recipe="alphaearth"))
    codes = np.load(FORMATS / "aef64.npy").astype(float)
    right = np.sign(codes) * (np.abs(codes) / 127.5) ** 2
    np.testing.assert_allclose(table.embeddings, right, atol=1e-6)
    # A step of the codes is 2 |v| / 127.5^2 wide around each number.
    allowed = bound(right, 2 * np.abs(codes) / 127.5**2 + 1 / 127.5**2)
    assert np.abs(cosines(table.embeddings) - truth("truth64")).max() < allowed < 0.05
    assert any("decoded as sign(v) * (|v| / 127.5)^2" in note for note in table.notes)


def test_bytes_of_earth_genome() -> None:
    path = FORMATS / "eg_list_uint8.parquet"
    with pytest.raises(TableError, match=r"--recipe earth-genome .* or --dtype bits"):
        open_table(path)
    table = open_table(path, reading=Reading(recipe="earth-genome"))
    step = np.full((100, 384), 10 / 255)
    assert np.abs(cosines(table.embeddings) - truth("eg_truth")).max() < bound(
        table.embeddings, step
    )
    by_hand = open_table(path, reading=Reading(scale=10 / 255, offset=-5))
    np.testing.assert_allclose(by_hand.embeddings, table.embeddings, atol=1e-6)


def test_tiles_of_earth_genome_overlap_by_half() -> None:
    table = open_table(FORMATS / "earthindex_25.parquet")
    assert any("earth-genome" in note for note in table.notes)
    height = np.ptp(table.corners[..., 1], axis=1) * np.pi / 180 * 6_371_008.8
    np.testing.assert_allclose(height, 320, rtol=1e-3)


def test_packed_bits_are_told_by_the_footer() -> None:
    table = open_table(FORMATS / "packed_bits.parquet")
    np.testing.assert_array_equal(
        table.embeddings, np.where(np.load(FORMATS / "truth64.npy") > 0, 1, -1)
    )


def test_halves_in_bytes() -> None:
    path = FORMATS / "f16_binary.parquet"
    with pytest.raises(TableError, match="--dtype float16"):
        open_table(path)
    table = open_table(path, reading=Reading(dtype="float16"))
    assert np.abs(cosines(table.embeddings) - truth("truth64")).max() < 1e-3


def test_rows_without_data_are_left_out_and_counted() -> None:
    table = open_table(FORMATS / "nan_zero_rows.parquet")
    assert len(table) == 98
    assert list(table.left_out.values()) == [2]
    assert open_table(FORMATS / "nan_zero_rows.parquet").identity == table.identity


def test_columns_of_others_are_not_taken_for_ours() -> None:
    table = open_table(FORMATS / "foreign_rowcol.parquet")
    assert (table.row, table.column, table.activity) == (None, None, None)


def test_metres_need_a_crs() -> None:
    path = FORMATS / "xy_utm.parquet"
    with pytest.raises(TableError, match="--crs"):
        open_table(path)
    assert len(open_table(path, reading=Reading(crs="EPSG:32647"))) == 100


def test_a_recipe_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TableError, match="have 128 numbers, and these have 64"):
        open_table(FORMATS / "gee_wide.parquet", reading=Reading(recipe="tessera"))


# One embedding a pixel ----------------------------------------------------------------------------


def by_hand(codes: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.float64]:
    """Normalised means of the patches of decoded pixels (C, H, W) with NaN for missing ones."""
    rows, columns = codes.shape[1] // side, codes.shape[2] // side
    found = [
        np.nanmean(
            codes[:, r * side : (r + 1) * side, c * side : (c + 1) * side].reshape(len(codes), -1),
            axis=1,
        )
        for r in range(rows)
        for c in range(columns)
    ]
    means = np.array(found)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


def pixels_of_alphaearth() -> npt.NDArray[np.float64]:
    with rasterio.open(FORMATS / "aef" / "topdown.tiff") as dataset:
        codes = dataset.read().astype(float)
    decoded = np.sign(codes) * (np.abs(codes) / 127.5) ** 2
    decoded[:, (codes == -128).all(axis=0)] = np.nan
    return np.asarray(decoded)


SOUTH_UP = "aef/2024/47N/x086q72fv2f9q1x4a-0000000000-0000000000.tiff"


def test_patches_of_alphaearth(tmp_path: Path) -> None:
    path = FORMATS / "aef" / "topdown.tiff"
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    assert (report.patches, report.left_out) == (4, 0)
    found = open_table(report.table).embeddings
    np.testing.assert_allclose(found, by_hand(pixels_of_alphaearth(), 24), atol=1e-6)


def test_a_raster_from_the_south_equals_its_warped_copy(tmp_path: Path) -> None:
    path, copy = FORMATS / SOUTH_UP, tmp_path / "north_up.tif"
    with rasterio.open(path) as source, WarpedVRT(source) as turned:
        assert turned.transform.e < 0
        profile = {**source.profile, "transform": turned.transform}
        with rasterio.open(copy, "w", **profile) as target:
            target.write(turned.read())
            target.descriptions = source.descriptions
    found = [
        open_table(import_pixels([each], tmp_path / f"{number}.parquet", progress=False).table)
        for number, each in enumerate((path, copy))
    ]
    np.testing.assert_array_equal(found[0].embeddings, found[1].embeddings)
    np.testing.assert_allclose(found[0].corners, found[1].corners, atol=1e-9)
    southern = pixels_of_alphaearth()[:, ::-1]  # both files hold the same rows of numbers
    np.testing.assert_allclose(found[0].embeddings, by_hand(southern, 24), atol=1e-6)


def test_patches_of_alphaearth_with_deviation(tmp_path: Path) -> None:
    path = FORMATS / "aef" / "topdown.tiff"
    report = import_pixels([path], tmp_path / "t.parquet", statistics="mean-std", progress=False)
    right = pixels_of_alphaearth()[:, :24, :24].reshape(64, -1)
    both = np.concatenate([np.nanmean(right, axis=1), np.nanstd(right, axis=1)])
    found = open_table(report.table).embeddings[0]
    np.testing.assert_allclose(found, both / np.linalg.norm(both), atol=1e-6)


def test_patches_of_tessera(tmp_path: Path) -> None:
    path = FORMATS / "tessera" / "grid_97.95_25.85_2024.tif"
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    with rasterio.open(path) as dataset:
        pixels = dataset.read().astype(float)
    pixels[:, ~pixels.any(axis=0)] = np.nan
    np.testing.assert_allclose(open_table(report.table).embeddings, by_hand(pixels, 24), atol=1e-6)


def test_patches_of_a_tile_of_tessera(tmp_path: Path) -> None:
    name, folder = "grid_97.95_25.85", FORMATS / "tessera_npy"
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    write_land_mask(tmp_path / f"{name}.tiff", np.ones((64, 64)))
    report = import_pixels([tmp_path / f"{name}.npy"], tmp_path / "t.parquet", progress=False)
    scales = np.load(folder / f"{name}_scales.npy")
    pixels = np.load(folder / f"{name}.npy").astype(float) * scales[..., None]
    right = by_hand(pixels.transpose(2, 0, 1), 24)
    np.testing.assert_allclose(open_table(report.table).embeddings, right, atol=1e-6)


def test_only_patches_in_a_box(tmp_path: Path) -> None:
    path = FORMATS / "aef" / "topdown.tiff"
    whole = open_table(import_pixels([path], tmp_path / "all.parquet", progress=False).table)
    (west, south), (east, north) = whole.corners[1].min(axis=0), whole.corners[1].max(axis=0)
    report = import_pixels(
        [path], tmp_path / "t.parquet", bbox=(west, south, east, north), progress=False
    )
    part = open_table(report.table)
    assert (len(part), report.left_out) == (1, 0)
    np.testing.assert_array_equal(part.embeddings[0], whole.embeddings[1])
    assert (part.row, part.column) == (whole.row[1], whole.column[1])
    with pytest.raises(SceneError, match="no patch lies in the box"):
        import_pixels([path], tmp_path / "no.parquet", bbox=(0, 0, 1, 1), progress=False)


def test_a_raster_of_embeddings_is_not_embedded_again(tmp_path: Path) -> None:
    path = FORMATS / "aef" / "topdown.tiff"
    with pytest.raises(SceneError, match=f"rareearth-explorer import {path}"):
        embed(path, tmp_path / "t.parquet", progress=False)


def test_imagery_is_not_imported(make_geotiff: Callable[..., Path], tmp_path: Path) -> None:
    path = make_geotiff(np.ones((4, 64, 64), np.uint16), "scene.tif")
    with pytest.raises(SceneError, match="rareearth-explorer embed"):
        import_pixels([path], tmp_path / "t.parquet", progress=False)
    with pytest.raises(SceneError, match="it has 4 bands, and alphaearth has 64"):
        import_pixels([path], tmp_path / "t.parquet", recipe="alphaearth", progress=False)


def test_the_command_tells_rasters_from_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raster, table = str(FORMATS / SOUTH_UP), str(FORMATS / "gee_wide.parquet")
    out = str(tmp_path / "t.parquet")
    assert main(["import", raster, "-o", out, "--patch-size", "160"]) == 0
    assert "16 patches of 64 numbers" in capsys.readouterr().out
    assert main(["info", raster]) == 0
    said = capsys.readouterr().out
    assert "recipe   alphaearth" in said
    assert "rareearth-explorer import" in said.splitlines()[-1]
    assert main(["import", raster, "-o", out, "--crs", "EPSG:4326"]) == 2
    assert "--crs is for tables" in capsys.readouterr().err
    assert main(["import", table, "-o", out, "--patch-size", "160"]) == 2
    assert "--patch-size is for rasters" in capsys.readouterr().err
    assert main(["import", table, raster, "-o", out]) == 2
    assert main(["import", str(tmp_path / "no.parquet"), "-o", out]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_database_is_refused_with_the_command_that_writes_parquet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alabama.db"
    path.write_bytes(bytes(8) + b"DUCK" + bytes(4084))  # how DuckDB's files begin
    for command in (["import", str(path), "-o", str(tmp_path / "t.parquet")], ["info", str(path)]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert "this is a DuckDB database" in said
        assert "COPY geo_embeddings TO 'embeddings.parquet'" in said
    assert not (tmp_path / "t.parquet").exists()


# The how-to ---------------------------------------------------------------------------------------

HOW_TO = Path(__file__).parents[1] / "docs" / "published-embeddings.md"

FILES = {
    "2024/47N/tile.tiff": SOUTH_UP,
    "earth_engine.parquet": "gee_wide.parquet",
    "codes.parquet": "aef_int8_list.parquet",
    "grid_97.95_25.85_2024.tif": "tessera/grid_97.95_25.85_2024.tif",
    "grid_97.95_25.85.npy": "tessera_npy/grid_97.95_25.85.npy",
    "tessera.zarr": "",  # made by the test
    "aggregated": "lgnd/aggregated",
    "part_00001.parquet": "majortom_array2d.parquet",
    "earthindex.parquet": "earthindex_25.parquet",
    "assembled.parquet": "eg_list_uint8.parquet",
    "signs.parquet": "packed_bits.parquet",
    "halves.parquet": "f16_binary.parquet",
    "metres.parquet": "xy_utm.parquet",
}
"""Names in the how-to, and the tiny files that stand for them."""

COMMANDS = [
    line.split()[1:]
    for line in HOW_TO.read_text().splitlines()
    if line.startswith("rareearth-explorer import") and "theirs" not in line and "://" not in line
]


def test_the_how_to_names_every_file() -> None:
    assert {command[1] for command in COMMANDS} == set(FILES)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_the_how_to_works(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / command[1]
    given.parent.mkdir(parents=True, exist_ok=True)
    if given.suffix == ".zarr":
        pytest.importorskip("zarr", reason="needs Zarr: pip install .[zarr]")
        write_store(given, of_years(2), group="utm47")
    else:
        given.symlink_to(FORMATS / FILES[command[1]])
    if given.suffix == ".npy":
        scales = FORMATS / "tessera_npy" / f"{given.stem}_scales.npy"
        given.with_name(scales.name).symlink_to(scales)
        write_land_mask(tmp_path / "landmasks" / f"{given.stem}.tiff", np.ones((64, 64)))
    monkeypatch.chdir(tmp_path)
    assert main(command) == 0
    table = open_table(Path(command[command.index("-o") + 1]))
    assert len(table) > 3
    assert np.isfinite(table.embeddings).all()
    if recipe := table.recipe:
        assert known_recipes()[recipe].licence
    assert table.notes == ()


@pytest.mark.parametrize("path", sorted(FORMATS.rglob("*.parquet")), ids=lambda path: path.stem)
def test_every_table_is_opened_or_refused_in_one_sentence(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["info", str(path)])
    said = capsys.readouterr()
    assert code in (0, 2)
    assert "Traceback" not in said.err
    if code:
        assert said.err.count("\n") == 1
        assert "'rareearth-explorer import" in said.err


OPENED = {
    "aef_int8_list": Reading(recipe="alphaearth"),
    "eg_list_uint8": Reading(recipe="earth-genome"),
    "f16_binary": Reading(dtype="float16"),
    "xy_utm": Reading(crs="EPSG:32647"),
}
"""What must be said of the files that do not say everything."""


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.parquet")), ids=lambda path: path.stem)
def test_a_box_of_a_table_is_the_same_as_of_the_whole(path: Path, tmp_path: Path) -> None:
    reading = OPENED.get(path.stem, Reading())
    lon, lat = np.median(open_table(path, reading=reading).centroids, axis=0)
    half = replace(reading, bbox=(lon - 9, lat - 9, lon + 1e-5, lat + 1e-5))
    plain = open_table(path, reading=half)
    report = import_table(path, tmp_path / "t.parquet", reading=half)
    found = open_table(report.table)
    assert report.left_out.keys() >= {"outside the box"}
    np.testing.assert_array_equal(found.embeddings, plain.embeddings)
    np.testing.assert_allclose(found.corners, plain.corners, atol=1e-12)
    assert report.notes == plain.notes


def test_clay_keeps_its_ids_and_dates(tmp_path: Path) -> None:
    source = FORMATS / "lgnd" / "aggregated"
    table = open_table(source, reading=Reading(date="newest"))
    assert table.left_out == {"older than the newest of their place": 100}
    assert set(map(str, table.carried.column("datetime").to_pylist())) == {"2025-06-15 00:00:00"}
    assert table.titles_of(0) == ("c0", "0U_0R", "2025-06-15 00:00:00")
    assert "on top of each other" in " ".join(open_table(source).notes)


TABLES = [path for path in sorted(FORMATS.rglob("*.parquet"))] if FORMATS.is_dir() else []
OPTIONS = {
    "aef_int8_list": Reading(recipe="alphaearth"),
    "f16_binary": Reading(dtype="float16"),
    "packed_bits": Reading(dtype="bits"),
    "xy_utm": Reading(crs="EPSG:32647"),
}


@pytest.mark.parametrize("path", [*TABLES, FORMATS / "lgnd" / "aggregated"], ids=lambda p: p.name)
def test_pieces_give_the_same_table_to_the_bit(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, said = [], []
    monkeypatch.setattr("rareearth_explorer.data.table.parquet_source.BATCH", 7)
    for name, pieces in (("pieces", True), ("whole", False)):
        monkeypatch.setattr(
            "rareearth_explorer.embedding.importing.may_be_in_pieces",
            lambda *_, pieces=pieces: pieces,
        )
        target = tmp_path / name / "t.parquet"
        target.parent.mkdir()
        try:
            report = import_table(path, target, reading=OPTIONS.get(path.stem))
        except TableError as error:
            said.append(str(error))
            continue
        made.append(target.read_bytes())
        said.append(str(replace(report, table=path)))
    assert said[0] == said[1]
    assert len(made) in (0, 2)
    assert made[:1] == made[1:]
