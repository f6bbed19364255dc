"""A hunt on published embeddings alone: an AlphaEarth tile, no imagery, no weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from affine import Affine
from driver import SCREENSHOTS
from playwright.sync_api import expect
from rasterio.windows import Window

from rareearth_explorer.data.table import open_table
from rareearth_explorer.embedding import import_pixels

pytestmark = pytest.mark.browser

SIDE = 2048
"""Pixels of 10 m; the real tiles have 8,192."""

FIELD = 64
"""Side in pixels of an area of one kind."""

KINDS = 6


def kinds_of_fields() -> npt.NDArray[np.int64]:
    return np.random.default_rng(3).integers(KINDS, size=(SIDE // FIELD, SIDE // FIELD))


def codes_of(rows: slice, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """Draw the codes of some rows, (64, h, SIDE): each kind has a vector, and each pixel noise."""
    vectors = np.random.default_rng(4).normal(size=(KINDS, 64))
    kinds = np.repeat(np.repeat(kinds_of_fields(), FIELD, axis=0)[rows], FIELD, axis=1)
    numbers = vectors[kinds] + rng.normal(0, 0.7, (*kinds.shape, 64)).astype(np.float32)
    numbers /= np.linalg.norm(numbers, axis=-1, keepdims=True)
    codes = np.sign(numbers) * np.sqrt(np.abs(numbers)) * 127.5
    return np.clip(np.round(codes), -127, 127).astype(np.int8).transpose(2, 0, 1)


@pytest.fixture(scope="module")
def tile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tile in AlphaEarth's layout, synthetic: int8, 64 bands, stored from the south."""
    path = tmp_path_factory.mktemp("aef") / "2024" / "47N" / "synthetic-0000000000.tiff"
    path.parent.mkdir(parents=True)
    profile = {
        "driver": "GTiff", "width": SIDE, "height": SIDE, "count": 64, "dtype": "int8",
        "nodata": -128, "crs": "EPSG:32647", "transform": Affine(10, 0, 380_000, 0, 10, 2_850_000),
        "tiled": True, "blockxsize": 512, "blockysize": 512, "interleave": "pixel",
        "compress": "zstd", "zstd_level": 1,
    }  # fmt: skip
    rng = np.random.default_rng(5)
    with rasterio.open(path, "w", **profile) as target:
        target.descriptions = [f"A{number:02d}" for number in range(64)]
        for top in range(0, SIDE, 512):
            codes = codes_of(slice(top, top + 512), rng)
            if top == 0:
                codes[:, :100, :100] = -128  # the south-western corner has no data
            target.write(codes, window=Window(0, top, SIDE, 512))
    return path


def test_a_hunt_on_alphaearth(open_explorer, tile: Path, tmp_path: Path) -> None:
    path = tmp_path / "alphaearth.parquet"
    report = import_pixels([tile], path, patch_size=160, progress=False)
    assert (report.patches + report.left_out, report.left_out) == (128 * 128, 36)
    table = open_table(path)
    # Fields count from the south, as the file is stored; rows of patches from the north.
    kinds = kinds_of_fields()[::-1][table.row // 4, table.column // 4]

    driver = open_explorer("voila", path)
    page = driver.page
    driver.wait_tiles()
    colours = driver.colours([int(np.flatnonzero(kinds == kind)[200]) for kind in range(KINDS)])
    apart = np.linalg.norm(colours[:, None].astype(int) - colours[None], axis=-1)
    assert apart[~np.eye(KINDS, dtype=bool)].min() > 15, "kinds of ground look alike"
    driver.shot(SCREENSHOTS / "alphaearth-1-components.png")

    patch = int(np.flatnonzero((kinds == 2) & (table.row == 64))[8])
    painted = driver.painted
    driver.click(patch)
    driver.wait_painted(painted)
    expect(page.get_by_text("1 positive")).to_be_visible()
    negative = int(np.flatnonzero((kinds == 4) & (table.row == 66))[8])
    painted = driver.painted
    driver.click(negative, shift=True)
    driver.wait_painted(painted)
    expect(page.get_by_text("1 negative")).to_be_visible()
    driver.shot(SCREENSHOTS / "alphaearth-2-contrast.png")
    assert f"patch {patch}" in driver.hover(patch)
    alike = int(np.flatnonzero(kinds == 2)[900])
    rank = int(driver.hover(alike).split("rank")[1].split("/")[0].replace(",", "").strip())
    assert rank <= (kinds == 2).sum()
