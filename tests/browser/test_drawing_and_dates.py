"""Drawing, going to places, measuring, indices and a second date, as a person sees them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import rasterio
from driver import MAP, SCREENSHOTS
from patience import eventually
from playwright.sync_api import expect

from rareearth_explorer.data.scene import open_scene

pytestmark = pytest.mark.browser


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*np.mean([start, end], axis=0), steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def test_search_by_drawing_and_by_place(open_explorer, demo):
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels, dates=demo.other_dates)
    page, table = driver.page, driver.table
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    bar, tool = page.locator(".rareearth-selection"), page.locator(".rareearth-toolbar button")
    middle = int(np.flatnonzero((table.row == 6) & (table.column == 6))[0])
    expect(bar).to_be_hidden()

    # A rectangle from the middle of one patch to the middle of another, two down and two across.
    corner = int(np.flatnonzero((table.row == 8) & (table.column == 8))[0])
    page.get_by_role("button", name="Rectangle").click()
    drag(page, driver.place(middle), driver.place(corner))
    expect(bar.get_by_text("9 selected")).to_be_visible()
    expect(page.get_by_text("0 positive")).to_be_visible()  # drawing marks nothing
    expect(tool.first).to_have_attribute("aria-pressed", "false")
    bar.get_by_role("button", name="review").click()
    following = ".rareearth-review .rareearth-sheet:not(.rareearth-strip) figure"
    expect(page.locator(following)).to_have_count(8)
    driver.turn_to("Mark")
    driver.shot(SCREENSHOTS / "tools-1-selected.png")
    bar.get_by_role("button", name="clear").click()
    expect(bar).to_be_hidden()

    page.get_by_role("button", name="Polygon").click()
    x, y = driver.place(middle)
    for by in ((-4, -4), (4, -4), (0, 4)):
        page.mouse.click(x + by[0], y + by[1])
    page.mouse.dblclick(x, y + 4)
    expect(bar.get_by_text("1 selected")).to_be_visible()
    before = driver.painted
    bar.get_by_role("button", name="+ mark").click()
    driver.wait_painted(before)
    expect(page.get_by_role("button", name=f"+ {middle} ✕")).to_be_visible()
    bar.get_by_role("button", name="clear").click()

    page.get_by_role("button", name="Ruler").click()
    for patch in (middle, corner):
        page.mouse.click(*driver.place(patch))
    side = table.grid.patch_px * 3
    said = page.locator(".rareearth-hint")
    expect(said).to_contain_text(re.compile(r"^\s*[1-9]\d* m"))
    metres = int(said.inner_text().split()[0])
    assert abs(metres - 2 * side * 2**0.5) < 0.1 * side  # the mouse points at whole pixels
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()

    page.mouse.move(*driver.place(corner))
    lat, lon = (
        float(number)
        for number in re.findall(r"\d+\.\d+", page.locator(".rareearth-coordinates").inner_text())
    )
    assert np.abs([lon, lat] - table.centroids[corner]).max() < 5e-4

    box = page.get_by_label("Go to")
    box.fill("10, 10")
    box.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("outside the scene")
    box.fill(f"{table.centroids[corner][1]}, {table.centroids[corner][0]}")
    box.press("Enter")
    eventually(lambda: shows_place(driver, corner), "the map did not go to the place")
    driver.shot(SCREENSHOTS / "tools-2-place.png")
    assert driver.errors == []
    assert [
        url for url in asked if not url.startswith(("http://127.0.0.1", "blob:", "data:"))
    ] == []


def shows_place(driver, patch):
    """Whether the map has come so near that a patch is large, with this one in its middle."""
    zoom = driver.page.evaluate(f"() => document.querySelector('{MAP}').leafletMap.getZoom()")
    around = driver.page.locator(MAP).bounding_box()
    centre = [around["x"] + around["width"] / 2, around["y"] + around["height"] / 2]
    return zoom >= 15 and np.abs(np.subtract(driver.place(patch), centre)).max() < 3


@pytest.fixture
def upside_down(demo, tmp_path):
    """A later date on which everything is elsewhere."""
    path = tmp_path / "20220314_upside_down.tif"
    with rasterio.open(demo.scene) as scene, rasterio.open(path, "w", **scene.profile) as later:
        later.write(scene.read()[:, ::-1])
    return path


def test_indices_and_a_second_date(open_explorer, demo, upside_down):
    driver = open_explorer("voila", demo.table, demo.scene, dates=[upside_down])
    page, table = driver.page, driver.table
    watched = np.flatnonzero((table.row % 3 == 1) & (table.column % 3 == 1)).tolist()
    driver.wait_tiles()
    plain = driver.colours(watched)
    driver.age_tiles()
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Bands", exact=True).select_option("NDVI")
    page.get_by_role("button", name="Layers").click()
    expect(page.get_by_text("NDVI, vegetation")).to_be_visible()
    driver.wait_tiles()
    shown = driver.colours(watched)
    assert np.abs(shown - plain).max(axis=1).mean() > 20
    on_map = colours_of_index(demo.scene, table, watched)
    assert np.median(np.abs(shown - on_map).max(axis=1)) < 25, "not the colours of the index"

    driver.age_tiles()
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Bands", exact=True).select_option("true colour")
    driver.wait_tiles()
    page.get_by_label("Other date").select_option("2022-03-14")
    page.get_by_role("button", name="Layers").click()
    handle = page.get_by_role("slider", name="Border between two dates")
    expect(handle).to_be_visible()
    driver.wait_tiles("second")
    x = handle.bounding_box()["x"]
    right = np.array([driver.place(patch)[0] > x + 20 for patch in watched])
    compared = np.abs(driver.colours(watched) - plain).max(axis=1)
    assert compared[~right & off(driver, watched, x)].max() < 6, "the first date changed"
    assert (compared[right] > 6).mean() > 0.5, "the second date does not show"
    driver.shot(SCREENSHOTS / "tools-3-swipe.png")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuenow", "48")
    grip = handle.bounding_box()
    start = (grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    edge = page.locator(MAP).bounding_box()
    drag(page, start, (edge["x"] + edge["width"] - 1, start[1]))
    eventually(
        lambda: np.abs(driver.colours(watched) - plain).max(axis=1).max() < 6,
        "the first date does not cover the map again",
    )
    assert driver.errors == []


def off(driver, patches, x):
    """Which patches the handle, at `x`, does not cover."""
    return np.array([abs(driver.place(patch)[0] - x) > 20 for patch in patches])


def colours_of_index(scene, table, patches):
    """RGB of NDVI in the middle of each patch, (n, 3)."""
    windows = [table.grid.window(int(table.row[p]), int(table.column[p])) for p in patches]
    with open_scene(scene) as opened:
        chips = [opened.chip(window, 7, bands=("ndvi",)) for window in windows]
    return np.array([chip[3, 3] for chip in chips]).astype(int)
