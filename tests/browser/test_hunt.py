"""A hunt in a real browser: what a person sees follows every click."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import psutil
import pytest
from driver import MAP, SCREENSHOTS
from patience import eventually
from playwright.sync_api import expect
from processes import descendants

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.hunt import Session

pytestmark = pytest.mark.browser

MAP_OBJECT = "document.querySelector('.leaflet-container').leafletMap"
CENTRE = f"() => [{MAP_OBJECT}.getCenter().lat, {MAP_OBJECT}.getCenter().lng]"
FITS = f"(bounds) => {MAP_OBJECT}.getZoom() === {MAP_OBJECT}.getBoundsZoom(bounds)"


def changed(before, after):
    """Share of the colours (..., 3) that differ by more than a breath."""
    return float((np.abs(after - before).max(axis=-1) > 12).mean())


@pytest.mark.parametrize("kind", ["voila", "lab"])
def test_hunt(kind, open_explorer, demo):
    driver = open_explorer(kind, demo.table, demo.scene, demo.labels)
    page, table = driver.page, driver.table
    driver.shot(SCREENSHOTS / f"{kind}-1-opened.png")
    expect(page.get_by_text("Click a patch on the map that shows a mine")).to_be_visible()

    # What the kernel should compute, computed here from the same files.
    twin = Session(table, open_labels(demo.labels))
    mine = int(np.flatnonzero(twin.mines)[0])
    far = int(np.argmin(table.unit_embeddings @ table.unit_embeddings[mine]))
    watched = driver.uncovered(p for p in range(0, len(table), 9) if p not in (mine, far))
    assert len(watched) > 10, "the map is covered by its controls"
    said = driver.hover(mine)
    assert "pool" in said

    driver.wait_tiles()
    before, umap, roc = driver.colours(watched), driver.picture("umap"), driver.picture("roc")
    driver.click(mine)
    twin.mark(mine, "positive")
    eventually(
        lambda: changed(before, driver.colours(watched)) > 0.9,
        "the map did not take the colours of the scores",
    )
    marked = driver.colours(watched)
    eventually(lambda: changed(umap, driver.picture("umap")) > 0.005, "the UMAP was not recoloured")
    eventually(
        lambda: not np.array_equal(roc, driver.picture("roc")), "the ROC curve was not drawn"
    )
    assert f"rank {twin.state.ranks[watched[0]]}" in driver.hover(watched[0])
    driver.turn_to("Mark")
    expect(page.get_by_role("button", name=f"+ {mine} ✕")).to_be_visible()

    driver.click(far, shift=True)
    twin.mark(far, "negative")
    eventually(
        lambda: changed(marked, driver.colours(watched)) > 0.5,
        "the map did not take the colours of the contrast",
    )
    expect(page.get_by_role("button", name=f"− {far} ✕")).to_be_visible()
    driver.turn_to("Narrow")
    kept = int((twin.scores >= 0).sum())
    expect(page.get_by_text(f"keeps {kept} of {len(table)}")).to_be_visible()
    driver.shot(SCREENSHOTS / f"{kind}-2-marked.png")

    other = watched[0]
    driver.turn_to("Mark")
    driver.click(other, right=True)
    expect(page.get_by_role("button", name=f"− {other} ✕")).to_be_visible()
    driver.click(other, right=True)
    expect(page.get_by_role("button", name=f"− {other} ✕")).to_have_count(0)

    contrast, painted = driver.colours(watched), driver.painted
    driver.turn_to("Narrow")
    driver.press("refine")
    driver.wait_painted(painted)
    twin.refine()
    expect(page.get_by_text(f"Round 2: {twin.active.sum()} of {len(table)}")).to_be_visible()
    gone = [i for i, patch in enumerate(watched) if not twin.active[patch]]
    eventually(
        lambda: changed(contrast[gone], driver.colours(watched)[gone]) > 0.9,
        "discarded but shown",
    )
    if kind == "voila":  # a process of its own compiles UMAP first; once is enough
        driver.turn_to("Analysis")
        expect(page.get_by_text("patches of this round")).to_be_visible()
    driver.shot(SCREENSHOTS / f"{kind}-3-refined.png")

    painted = driver.painted
    driver.turn_to("Narrow")
    driver.undo()
    driver.wait_painted(painted)
    expect(page.get_by_text("Round 1:")).to_be_visible()
    eventually(
        lambda: changed(contrast, driver.colours(watched)) < 0.1,
        "undo did not bring the colours back",
    )

    painted = driver.painted
    driver.turn_to("Mark")
    driver.press("clear all")
    driver.wait_painted(painted)
    eventually(
        lambda: changed(umap, driver.picture("umap")) < 0.002,
        "without a score the UMAP is not grey",
    )
    assert driver.errors == []


def test_the_small_things_that_make_one_stumble(open_explorer, demo):
    """A click on the same spot, a key after a choice, the same place again, the way back out."""
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels)
    page = driver.page
    assert page.evaluate(FITS, driver.table.bounds), "the scene does not fit the map"
    patch = driver.uncovered(range(0, len(driver.table), 9))[3]
    spot = driver.place(patch)
    for count in (1, 0):
        before = driver.painted
        page.mouse.click(*spot)
        driver.wait_painted(before)
        expect(page.get_by_text(f"{count} positive")).to_be_visible()
    assert driver.place(patch) == spot, "the map moved under the pointer"

    page.get_by_role("button", name="Layers").click()
    bands = page.get_by_label("Bands", exact=True)
    bands.click()
    bands.select_option(label="infrared")
    page.get_by_role("button", name="Layers").click()
    page.mouse.move(*spot)
    before = driver.painted
    page.keyboard.press("p")
    driver.wait_painted(before)
    expect(page.get_by_text("1 positive")).to_be_visible()

    place = page.get_by_placeholder("26.1, 98.3 or patch")
    goal = driver.table.centroids[patch][::-1]
    for time in ("first", "second"):
        place.fill(str(patch))
        place.press("Enter")
        eventually(
            lambda: np.allclose(page.evaluate(CENTRE), goal, rtol=0, atol=2e-4),
            f"going to a place goes elsewhere, or nowhere, the {time} time",
        )
        page.evaluate(f"() => {{ {MAP_OBJECT}.stop().panBy([300, 0], {{ animate: false }}); }}")
        assert not np.allclose(page.evaluate(CENTRE), goal, rtol=0, atol=2e-4)

    def out_again():
        """A flight to the place may still arrive after the first click, as on a busy machine."""
        page.get_by_role("button", name="Whole scene").click()
        return page.evaluate(FITS, driver.table.bounds)

    eventually(out_again, "the whole scene is not shown again")
    page.get_by_role("button", name="keys ?").click()
    expect(page.locator(".rareearth-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".rareearth-help")).to_be_hidden()
    assert driver.errors == []


@pytest.mark.parametrize("whose", ["kernel", "server"])
def test_a_page_whose_program_stopped_says_so(whose, open_explorer, demo):
    driver = open_explorer("voila", demo.table)
    names = {"kernel": "ipykernel_launcher", "server": "voila"}
    for process in descendants(os.getpid()):
        with contextlib.suppress(psutil.NoSuchProcess):  # it went with another
            if names[whose] in " ".join(process.cmdline()[:6]):
                process.kill()
    expect(driver.page.get_by_role("alert")).to_contain_text("reload the page")
    driver.shot(SCREENSHOTS / f"voila-lost-{whose}.png")


def test_lasso_in_the_umap_selects_on_the_map(open_explorer, demo):
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels)
    page = driver.page
    driver.picture("umap")
    plot = page.locator(".rareearth-umap canvas").first.bounding_box()
    page.locator(".rareearth-umap button svg").nth(1).click()  # the lasso tool
    driver.wait_tiles()
    before = page.locator(MAP).screenshot()
    left, top = plot["x"] + 0.3 * plot["width"], plot["y"] + 4
    right, bottom = plot["x"] + plot["width"] - 4, plot["y"] + plot["height"] - 4
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    said = page.locator(".rareearth-selection b")
    expect(said).to_be_visible()
    count = int(said.inner_text().split()[0].replace(",", ""))
    assert 0 < count <= len(driver.table)
    eventually(
        lambda: page.locator(MAP).screenshot() != before,
        "the selection is not outlined on the map",
    )
    driver.shot(SCREENSHOTS / "voila-4-lasso.png")
    painted = driver.painted
    driver.press("− mark")
    driver.wait_painted(painted)
    driver.turn_to("Mark")
    expect(page.get_by_text(f"{count} negative")).to_be_visible()


REAL = {
    "landsat8/l8_8band.tif": 480,
    "planetscope/633841_1932520_2017-07-19_1004_subarea.tif": 50,
    "planetscope/20170915_020728_103d_3B_AnalyticMS.tif": 50,
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL)
def test_real_scene_from_geotiff_to_a_clickable_app(name, open_explorer, real_data, tmp_path):
    table = tmp_path / "table.parquet"
    arguments = ["embed", str(real_data / name), "-o", str(table), "--patch-size", str(REAL[name])]
    assert main([*arguments, "--no-projection"]) == 0
    driver = open_explorer("voila", table, real_data / name)
    assert len(driver.table) >= 1000 or "planetscope" in name
    watched = driver.uncovered(range(0, len(driver.table), 1 + len(driver.table) // 20))
    assert len(watched) > 10, "the map is covered by its controls"
    driver.wait_tiles()
    before = driver.colours(watched)
    driver.click(watched[0])
    driver.click(watched[-1], shift=True)
    eventually(
        lambda: changed(before, driver.colours(watched)) > 0.7,
        "the map did not take the colours of the scores",
    )
    driver.shot(SCREENSHOTS / f"real-{Path(name).stem}.png")
    assert driver.errors == []
