"""A hunt in a real browser whose kernel dies halfway, and what leaves it: GDAL opens it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from driver import MAP, SCREENSHOTS
from patience import eventually
from playwright.sync_api import expect
from serving import kernels

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.hunt import Session

pytestmark = pytest.mark.browser

DRIVERS = {"GeoJSON": "GeoJSON", "GeoPackage": "GPKG", "KML": "LIBKML"}


def download(page, link, folder):
    """Click a link and keep what the browser saves."""
    with page.expect_download() as saving:
        page.get_by_role("link", name=link, exact=True).click()
    path = folder / link
    saving.value.save_as(path)
    return path


def check(path, twin, driver):
    """Compare a list of candidates with a session in which the same was done here."""
    assert pyogrio.read_info(path)["driver"] == driver
    found, expected = gpd.read_file(path), twin.to_geodataframe()
    out = (expected.verdict == "rejected") | (expected.template == "negative")
    expected = expected[expected.active & ~out.fillna(value=False)].sort_values("rank")
    assert found.patch.tolist() == expected.patch.tolist()
    np.testing.assert_allclose(found.score.astype(float), expected.score, atol=1e-6)
    np.testing.assert_array_equal(found["rank"], expected["rank"])
    np.testing.assert_array_equal(found.pools, expected.pools)
    for name in ("template", "verdict"):
        assert found[name].dropna().tolist() == expected[name].dropna().tolist()
    centres = found.to_crs(3857).centroid.to_crs(4326)
    np.testing.assert_allclose(centres.x, expected.lon, atol=1e-4)
    np.testing.assert_allclose(centres.y, expected.lat, atol=1e-4)


TINT = """([x, y]) => {
    for (const canvas of document.querySelectorAll('canvas.rareearth-scores')) {
        const box = canvas.getBoundingClientRect();
        const column = Math.floor((x - box.left) * canvas.width / box.width);
        const row = Math.floor((y - box.top) * canvas.height / box.height);
        if (column < 0 || row < 0 || column >= canvas.width || row >= canvas.height) continue;
        return canvas.getContext('2d').getImageData(column, row, 1, 1).data[3];
    }
    return -1;
}"""


def tint(driver, patch):
    """Opacity of the score's colour over the centre of a patch, 0 to 255; -1 off the map."""
    return driver.page.evaluate(TINT, list(driver.place(patch)))


FOLLOWING = ".rareearth-review .rareearth-sheet:not(.rareearth-strip) figure"


def seen(session):
    """Patches that a review does not show again."""
    return {*session.decisions.templates.marked, *session.decisions.verdicts}


def test_a_hunt_survives_its_kernel_and_opens_in_gdal(open_explorer, demo, tmp_path):
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels)
    page, twin = driver.page, Session(driver.table, open_labels(demo.labels))
    mine = int(np.flatnonzero(twin.mines)[0])
    far = int(np.argmin(driver.table.unit_embeddings @ driver.table.unit_embeddings[mine]))
    driver.click(mine)
    driver.click(far, shift=True)
    twin.mark(mine, "positive")
    twin.mark(far, "negative")
    page.keyboard.press("r")
    expect(page.locator(FOLLOWING)).to_have_count(12)
    hidden, tinted = driver.in_hand, int(twin.ranking[20])
    eventually(lambda: tint(driver, hidden) == 0, "the patch under review is tinted")
    assert tint(driver, tinted) > 0
    for key, verdict, mines in (("c", "confirmed", "1 mine"), ("x", "rejected", "1 mine")):
        patch = driver.in_hand
        page.keyboard.press(key)
        twin.judge(patch, verdict, mark=True)
        done = len(twin.decisions.verdicts)
        expect(page.locator(".rareearth-review")).to_contain_text(f"{done} of {len(driver.table)}")
        expect(page.locator(".rareearth-review")).to_contain_text(mines)
        following = [int(p) for p in twin.ranking if p not in seen(twin)]
        assert driver.in_hand == following[0]

    driver.shot(SCREENSHOTS / "voila-5-review.png")

    assert driver.errors == []
    for kernel in kernels():
        kernel.kill()
    driver.reopen()
    driver.errors.clear()  # what the page sent to the kernel that was dead
    for name in (f"+ {mine} ✕", f"− {far} ✕", f"− {patch} ✕"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_text("is as you left it")).to_be_visible()

    page.locator(MAP).click(position={"x": 5, "y": 5})  # gives the keys to the explorer
    for key, verb in (("u", twin.undo), ("f", twin.refine)):
        before = driver.painted
        page.keyboard.press(key)
        driver.wait_painted(before)
        verb()
    expect(page.get_by_role("button", name=f"− {patch} ✕")).to_have_count(0)
    driver.turn_to("Narrow")
    expect(page.get_by_text(f"Round 2: {twin.active.sum()} of")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("show or hide this list")).to_be_visible()
    driver.shot(SCREENSHOTS / "voila-6-back-again.png")
    page.keyboard.press("?")
    expect(page.get_by_text("show or hide this list")).to_be_hidden()

    driver.turn_to("Export")
    choice = page.get_by_label("Export", exact=True)
    for kind, gdal in DRIVERS.items():
        choice.select_option(label=f"candidates ({kind})")
        driver.press("export")
        suffix = {"GeoPackage": "gpkg"}.get(kind, kind.lower())
        check(download(page, f"default-candidates.{suffix}", tmp_path), twin, gdal)
    driver.shot(SCREENSHOTS / "voila-7-export.png")

    # A second window goes on in a copy, and a session file can be imported and merged.
    page.get_by_role("button", name="default ▾").click()
    expect(page.get_by_label("Session", exact=True)).to_have_value("default")
    driver.press("save as file")
    path = download(page, "default.jsonl", tmp_path)
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator(".rareearth-status")).to_contain_text("open in another window")
    second.close()
    with page.expect_file_chooser() as choosing:
        page.locator("button.widget-upload").click()
    choosing.value.set_files(path)
    expect(page.locator(".rareearth-status")).to_contain_text("'default (2)' is imported")
    other = int(twin.ranking[twin.active.sum() - 1])
    driver.click(other, shift=True)
    driver.press("differences")
    expect(page.get_by_text("conflicts: 0")).to_be_visible()
    driver.shot(SCREENSHOTS / "voila-8-merge.png")
    assert driver.errors == []
