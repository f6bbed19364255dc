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

ZOOM = "() => document.querySelector('.leaflet-container').leafletMap.getZoom()"

DRAWN = """() => {
    const map = document.querySelector('.leaflet-container').leafletMap;
    const layers = [];
    map.eachLayer((layer) => { if (layer._tiles) layers.push(layer); });
    return !map._animatingZoom && layers.every((layer) => {
        const here = Object.values(layer._tiles)
            .filter((tile) => tile.coords.z === layer._tileZoom);
        const wanted = Math.min(Math.round(map.getZoom()), layer.options.maxNativeZoom ?? 99);
        return layer._tileZoom === wanted && here.length > 0 && here.every((tile) => tile.loaded);
    });
}"""

LATE_FRAMES = """
const frame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => frame(() => setTimeout(() => frame(draw), 150));
"""
"""As on a busy machine: timers come before the frames that were asked for earlier."""


def test_no_tile_of_an_earlier_zoom_stays(open_explorer, demo):
    driver = open_explorer(
        "voila", demo.table, demo.scene, watch=lambda page: page.add_init_script(LATE_FRAMES)
    )
    page = driver.page
    driver.click(len(driver.table) // 2)
    driver.wait_tiles()
    box = page.locator(MAP).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for wheel in (-120, -120, -240, 120, -360, 360):
        before = page.evaluate(ZOOM)
        page.mouse.wheel(0, wheel)
        eventually(lambda was=before: page.evaluate(ZOOM) != was, "the wheel did not zoom")
        eventually(lambda: page.evaluate(DRAWN), "the tiles of the new zoom are not drawn")
        for kind in ("scores", "imagery"):
            eventually(
                lambda kind=kind: page.evaluate(LAYERS, kind)["most"] == 1,
                f"tiles of {kind} of an earlier zoom stay below the new ones",
            )
            assert page.evaluate(LAYERS, kind)["covered"] > 20
    assert driver.errors == []
