"""Zarr stores with an embedding in each pixel become patch tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pixel_arrays import (
    CRS,
    PER_PIXEL,
    PLACE,
    PLACED,
    means_of_patches,
    of_years,
    random_codes,
    write_store,
)

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.arrays import zarr_stores
from rareearth_explorer.data.table import open_table
from rareearth_explorer.embedding import embed, import_pixels
from rareearth_explorer.errors import ExplorerError, SceneError

zarr = pytest.importorskip("zarr", reason="needs Zarr: pip install .[zarr]")

SIDE = 24  # pixels of 10 m in a patch of 250 m


def imported(path: Path, target: Path, **how: Any) -> npt.NDArray[np.float32]:
    return open_table(import_pixels([path], target, progress=False, **how).table).embeddings


def decoded(arrays: dict[str, npt.NDArray[Any]], step: int) -> npt.NDArray[np.float64]:
    scales = np.where(np.isfinite(arrays["scales"][step]), arrays["scales"][step], np.nan)
    pixels = arrays["embeddings"][step].astype(float) * scales
    return np.asarray(pixels.transpose(1, 2, 0))


def test_a_year_of_a_zone(tmp_path: Path) -> None:
    arrays = of_years(2)
    arrays["scales"][1, 3:9, 5:30], arrays["scales"][1, 40, 40] = np.nan, np.inf
    path = write_store(tmp_path / "tessera.zarr", arrays, group="utm47")
    report = import_pixels([path], tmp_path / "t.parquet", date="2024", progress=False)
    table = open_table(report.table)
    right = means_of_patches(decoded(arrays, 1), SIDE)
    np.testing.assert_allclose(table.embeddings, right, atol=1e-6)
    assert table.metadata["scenes"][0]["year"] == 2024
    np.testing.assert_array_equal(
        imported(path / "utm47", tmp_path / "g.parquet", date="newest"), table.embeddings
    )
    with pytest.raises(SceneError, match="it holds the years 2023, 2024; choose one with --date"):
        import_pixels([path], tmp_path / "no.parquet", progress=False)
    with pytest.raises(SceneError, match="there is no year 2022; choose 2023 or 2024"):
        import_pixels([path], tmp_path / "no.parquet", date="2022", progress=False)


def test_patches_without_data_are_left_out(tmp_path: Path) -> None:
    arrays = of_years(1, 48, 48)
    arrays["scales"][0, :24, :24], arrays["scales"][0, 24:, 24:] = np.nan, np.inf
    path = write_store(tmp_path / "tessera.zarr", arrays)
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    assert (report.patches, report.left_out) == (2, 2)


def test_a_store_for_each_year(tmp_path: Path) -> None:
    tables = []
    for seed, year in enumerate((2023, 2024)):
        codes, scales = random_codes(48, 48, seed)
        arrays = {"embeddings": codes, "scales": scales}
        write_store(tmp_path / "tessera.zarr", arrays, group=f"{year}/utm47")
        tables.append(means_of_patches(codes * scales[..., None].astype(float), SIDE))
    path = tmp_path / "tessera.zarr"
    with pytest.raises(SceneError, match=r"2023/utm47, 2024/utm47; give one .* with --date"):
        import_pixels([path], tmp_path / "no.parquet", progress=False)
    found = imported(path, tmp_path / "a.parquet", date="2023")
    np.testing.assert_allclose(found, tables[0], atol=1e-6)
    found = imported(path / "2024" / "utm47", tmp_path / "b.parquet")
    np.testing.assert_allclose(found, tables[1], atol=1e-6)


def test_bands_before_rows_and_rows_from_the_south(tmp_path: Path) -> None:
    codes, scales = random_codes(60, 48)
    right = means_of_patches(codes.astype(float) * scales[..., None], SIDE)
    upwards = [10, 0, PLACE.c, 0, 10, PLACE.f - 600]
    path = write_store(
        tmp_path / "tessera.zarr",
        {"embeddings": codes[::-1].transpose(2, 0, 1), "scales": scales[::-1]},
        {**PLACED, "spatial:transform": upwards},
        names=("band", "y", "x"),
    )
    report = import_pixels([path], tmp_path / "t.parquet", progress=False)
    table = open_table(report.table)
    np.testing.assert_allclose(table.embeddings, right, atol=1e-6)
    assert table.grid is not None
    assert table.grid.transform.almost_equals(PLACE)


@pytest.mark.parametrize(
    ("quantization", "decode"),
    [
        (
            {"method": "signed_square", "scale": 127.5, "nodata": -128},
            lambda v: np.sign(v) * (np.abs(v) / 127.5) ** 2,
        ),
        (
            {"method": "signed_power", "power": 2, "scale": 127.5, "nodata": -128},
            lambda v: np.sign(v) * (np.abs(v) / 127.5) ** 2,
        ),
        (
            {"method": "linear", "scale": {"type": "scalar", "scale": 0.02, "offset": -0.5}},
            lambda v: v * 0.02 - 0.5,
        ),
    ],
)
def test_codes_are_decoded_as_declared(quantization: Any, decode: Any, tmp_path: Path) -> None:
    codes = random_codes(48, 48)[0][..., :64].copy()
    right = decode(codes.astype(float))
    if "nodata" in quantization:
        codes[3:5, 3:30] = -128
        right[3:5, 3:30] = np.nan
    path = write_store(tmp_path / "s.zarr", {"embeddings": codes}, quantization=quantization)
    with pytest.raises(SceneError, match="name the product with --recipe"):
        import_pixels([path], tmp_path / "no.parquet", progress=False)
    found = imported(path, tmp_path / "t.parquet", recipe="alphaearth")
    np.testing.assert_allclose(found, means_of_patches(right, SIDE), atol=1e-6)


@pytest.mark.parametrize(
    ("quantization", "said"),
    [
        ({"method": "product_quantization"}, "method 'product_quantization', which is not known"),
        ({"method": "signed_power", "power": 3}, "method 'signed_power', which is not known"),
        ({"formula": "v / 3"}, "has a form that is not known"),
        ("linear", "has a form that is not known"),
        (PER_PIXEL, "'per_pixel_scale', which does not fit numbers of int8 without an array"),
        ({"method": "linear", "scale": [1, 2, 3]}, "does not fit its 128 numbers"),
        (None, "its numbers are int8, and neither"),
    ],
)
def test_codes_that_nothing_explains_are_refused(
    quantization: Any, said: str, tmp_path: Path
) -> None:
    path = write_store(
        tmp_path / "s.zarr", {"embeddings": random_codes(48, 48)[0]}, quantization=quantization
    )
    with pytest.raises(SceneError, match=said) as caught:
        import_pixels([path], tmp_path / "t.parquet", recipe="tessera", progress=False)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attributes": {"spatial:transform": list(PLACE)[:6]}}, "'proj:code' is 'None'"),
        ({"attributes": {"proj:code": CRS}}, "'spatial:transform' is None"),
        (
            {"attributes": {**PLACED, "spatial:transform": [10, 1, 0, 1, -10, 0]}},
            "pixels that are not rotated",
        ),
        ({"attributes": {**PLACED, "spatial:registration": "node"}}, "from the corner"),
        ({"arrays": {"time": np.arange(2)}}, "does not give a year for each of the 2"),
        ({"arrays": {"time": np.array([2024])}}, "does not give a year for each of the 2"),
        ({"arrays": {"scales": np.ones((2, 48, 47), np.float32)}}, "does not fit 'embeddings'"),
        ({"arrays": {"embeddings": np.ones((9, 9), np.int8)}}, "'embeddings' is 9 x 9, and time"),
        ({"quantization": {"method": "linear", "scale": 2}}, "does not fit numbers of int8 with"),
    ],
)
def test_stores_that_do_not_fit_are_refused(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    arrays = {**of_years(2, 48, 48), **change.pop("arrays", {})}
    path = write_store(tmp_path / "s.zarr", arrays, **change)
    with pytest.raises(SceneError, match=said) as caught:
        import_pixels([path], tmp_path / "t.parquet", date="2023", progress=False)
    assert str(caught.value).endswith(".")


def test_damaged_and_empty_stores(tmp_path: Path) -> None:
    path = write_store(tmp_path / "s.zarr", of_years(1, 48, 48))
    chunk = next(each for each in (path / "embeddings" / "c").rglob("*") if each.is_file())
    chunk.write_bytes(chunk.read_bytes()[:50])
    with pytest.raises(SceneError, match="cannot be read to its end"):
        import_pixels([path], tmp_path / "t.parquet", progress=False)
    (path / "zarr.json").write_text("{")
    with pytest.raises(SceneError, match="copy or download it again"):
        import_pixels([path], tmp_path / "t.parquet", progress=False)
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(SceneError, match="no array 'embeddings'"):
        import_pixels([tmp_path / "empty.zarr"], tmp_path / "t.parquet", progress=False)


def test_a_changed_store_is_read_again(tmp_path: Path) -> None:
    arrays = of_years(1, 48, 48)
    path = write_store(tmp_path / "s.zarr", arrays)
    first = imported(path, tmp_path / "t.parquet")
    zarr.open_group(str(path), mode="a")["embeddings"][:] = arrays["embeddings"][:, ::-1]
    again = imported(path, tmp_path / "t.parquet")
    np.testing.assert_array_equal(again, first[:, ::-1])


def test_without_zarr_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_store(tmp_path / "s.zarr", of_years(1, 48, 48))
    monkeypatch.setattr(zarr_stores, "find_spec", lambda name: None)
    with pytest.raises(ExplorerError, match=r'pip install "rareearth-explorer\[zarr\]"'):
        import_pixels([path], tmp_path / "t.parquet", progress=False)


def test_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_store(Path("tessera.zarr"), of_years(2, 48, 48), group="utm47")
    assert main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "years       2023, 2024" in said
    assert "valid       100.0 %" in said
    assert main(said.splitlines()[-1].split()[2:]) == 0
    assert len(open_table(Path("tessera.parquet"))) == 4
    with pytest.raises(SceneError, match=f"rareearth-explorer import {path}"):
        embed(path, tmp_path / "t.parquet", progress=False)


@pytest.mark.slow
def test_workers_make_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs Dask: pip install .[dask]")
    path = write_store(tmp_path / "s.zarr", of_years(1, 48, 48))
    found = imported(path, tmp_path / "t.parquet", cluster=1)
    np.testing.assert_array_equal(found, imported(path, tmp_path / "alone.parquet"))
