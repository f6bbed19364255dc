"""After zooms on a busy machine each place has one tile of scores, and one of imagery."""

from __future__ import annotations

import pytest
from driver import MAP
from patience import eventually

pytestmark = pytest.mark.browser

LAYERS = """(kind) => {
    const box = document.querySelector('.leaflet-container').getBoundingClientRect();
    const tiles = [...document.querySelectorAll(`.rareearth-${kind}.leaflet-tile`)];
    const shown = tiles.filter((tile) => Number(getComputedStyle(tile).opacity) > 0)
        .map((tile) => tile.getBoundingClientRect());
    const counts = [];
    for (let x = box.left + 9; x < box.right; x += 31) {
        for (let y = box.top + 9; y < box.bottom; y += 31) {
            counts.push(shown.filter((tile) =>
                tile.left < x && x < tile.right && tile.top < y && y < tile.bottom).length);
        }
    }
    return { most: Math.max(...counts), covered: counts.filter((count) => count > 0).length };
}"""
"""How many tiles of a layer lie over places of the map, at most, and how many places have one."""

STILL = """() => {
    const map = document.querySelector('.leaflet-container').leafletMap;
    return !map._animatingZoom && !document.querySelector('.leaflet-zoom-anim');
}"""


def test_no_tile_of_an_earlier_zoom_stays(open_explorer, demo):
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels)
    page = driver.page
    driver.click(len(driver.table) // 2)
    driver.wait_tiles()
    box = page.locator(MAP).bounding_box()
    slow = page.context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for wheel in (-300, -300, 500, -200, 400, -500, 300, -300):
        before = page.evaluate(
            "() => document.querySelector('.leaflet-container').leafletMap.getZoom()"
        )
        page.mouse.wheel(0, wheel)
        eventually(
            lambda was=before: (
                page.evaluate(
                    "() => document.querySelector('.leaflet-container').leafletMap.getZoom()"
                )
                != was
            ),
            "the wheel did not zoom",
        )
        eventually(lambda: page.evaluate(STILL), "the zoom never ends")
        for kind in ("scores", "imagery"):
            eventually(
                lambda kind=kind: page.evaluate(LAYERS, kind)["most"] == 1,
                f"tiles of {kind} of an earlier zoom stay below the new ones",
            )
            assert page.evaluate(LAYERS, kind)["covered"] > 20
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    assert driver.errors == []
