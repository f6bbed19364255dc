"""Embeddings as others publish them: opened right, or refused in one sentence that says what to do.

The tiny files have the layouts of real products and made numbers; they are not committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rareearth_explorer.data.table import Reading, open_table
from rareearth_explorer.errors import TableError

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
