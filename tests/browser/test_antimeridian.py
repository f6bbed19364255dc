"""A hunt on a scene that the antimeridian cuts in two: imagery, scores and clicks on both sides."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from driver import SCREENSHOTS
from patience import eventually
from playwright.sync_api import expect
from pyproj import Transformer
from test_hunt import CENTRE, changed

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.hunt import Session

pytestmark = pytest.mark.browser

LAT = -16.5
PATCH, ROWS, COLUMNS = 24, 10, 14
"""Pixels of 10 m along a patch, and patches down and across."""

CRSS = {"UTM": "EPSG:32701", "degrees": "EPSG:4326"}


@pytest.fixture(params=CRSS)
def files(request, tmp_path):
    """Write a scene that is red west of the antimeridian and green east of it; embed it."""
    crs = CRSS[request.param]
    step = 10 if crs != "EPSG:4326" else 10 / 111_320
    height, width = ROWS * PATCH, COLUMNS * PATCH
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(180, LAT)
    rng = np.random.default_rng(0)
    ground = rng.integers(300, 700, (4, height, width))
    ground[0, :, : width // 2] += 2500
    ground[1, :, width // 2 :] += 2500
    # Grey scales over each patch, so that embeddings differ within a side, too.
    ground += np.kron(rng.integers(0, 500, (ROWS, COLUMNS)), np.ones((PATCH, PATCH), int))
    corner = Affine(step, 0, x - step * width / 2, 0, -step, y + step * height / 2)
    scene, table = tmp_path / f"{request.param}.tif", tmp_path / f"{request.param}.parquet"
    profile = {"driver": "GTiff", "count": 4, "dtype": "uint16", "crs": crs, "transform": corner}
    with rasterio.open(scene, "w", width=width, height=height, **profile) as dataset:
        dataset.write(ground.astype(np.uint16))
        dataset.descriptions = ("red", "green", "blue", "nir")
    assert main(["embed", str(scene), "-o", str(table), "--no-projection"]) == 0
    return scene, table


def test_a_hunt_across_the_antimeridian(files, open_explorer, tmp_path, request):
    scene, table = files
    labels = tmp_path / "pools.csv"
    labels.write_text(f"lon,lat\n179.99,{LAT}\n-179.99,{LAT}\n")
    driver = open_explorer("voila", table, scene, labels)
    page, table, name = driver.page, driver.table, scene.stem
    twin = Session(table, open_labels(labels))
    assert twin.mines.sum() == 2

    inner = np.flatnonzero(np.abs(table.centroids[:, 0] - 180) > 0.003)
    watched = np.array(driver.uncovered(inner[::3]))
    is_east = table.centroids[watched, 0] > 180
    assert min(is_east.sum(), (~is_east).sum()) > 5, "one side is covered by controls"
    driver.wait_tiles()
    eventually(
        lambda: (np.ptp(driver.colours(watched), axis=1) > 60).all(), "the imagery is not there"
    )
    driver.shot(SCREENSHOTS / f"antimeridian-{name}-1-opened.png")
    before = driver.colours(watched)
    redder = before[:, 0] - before[:, 1]
    assert (redder[~is_east] > 60).all(), "west of the antimeridian the imagery is not red"
    assert (redder[is_east] < -60).all(), "east of the antimeridian the imagery is not green"

    west, east = int(watched[~is_east][0]), int(watched[is_east][-1])
    for patch, letter in ((west, "E"), (east, "W")):
        driver.hover(patch)
        expect(page.locator(".rareearth-coordinates")).to_contain_text(f"° {letter}")
    driver.click(west)
    expect(page.get_by_role("button", name=f"+ {west} ✕")).to_be_visible()
    driver.click(east, shift=True)
    expect(page.get_by_role("button", name=f"− {east} ✕")).to_be_visible()
    twin.mark(west, "positive")
    twin.mark(east, "negative")
    for patch in (west + 1, east - 1):
        driver.hover(patch)
        tooltip = page.locator(".rareearth-tooltip")
        expect(tooltip).to_contain_text(f"rank {twin.state.ranks[patch]}")
    eventually(
        lambda: (
            min(
                changed(before[side], driver.colours(watched)[side]) for side in (is_east, ~is_east)
            )
            > 0.7
        ),
        "the map did not take the colours of the scores on both sides",
    )
    driver.shot(SCREENSHOTS / f"antimeridian-{name}-2-marked.png")

    place = page.get_by_placeholder("26.1, 98.3 or patch")
    for written, lon in ((f"{LAT}, 179.985", 179.985), (f"{LAT}, -179.985", 180.015)):
        place.fill(written)
        place.press("Enter")
        eventually(
            lambda lon=lon: np.allclose(page.evaluate(CENTRE), (LAT, lon), rtol=0, atol=2e-4),
            f"going to {written} goes elsewhere",
        )
    driver.wait_tiles()
    driver.shot(SCREENSHOTS / f"antimeridian-{name}-3-gone-to.png")
    assert driver.errors == []
