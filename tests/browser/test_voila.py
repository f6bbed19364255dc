"""The dashboard as a page of its own: in a Jupyter server as on a hub, and with kernels ready."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import nbformat
import numpy as np
import psutil
import pytest
from chromium import blank_page
from driver import SCREENSHOTS, Driver
from patience import PATIENCE, eventually
from playwright.sync_api import expect
from serving import kernels

from rareearth_explorer.data.table import open_table
from rareearth_explorer.serving import free_port, notebook, serve

pytestmark = pytest.mark.browser


FIT = """() => {
    const find = (what) => document.querySelector(`.rareearth-explorer ${what}`);
    const page = document.scrollingElement, tab = find('.widget-tab-contents');
    const boxes = [tab, ...tab.querySelectorAll('.widget-box')].filter((box) => box.offsetParent);
    return {
        page: [page.scrollWidth, page.scrollHeight],
        over: Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth)),
        map: find('.leaflet-container').clientWidth,
    };
}"""


NOTE_CELLS = """
import os, pathlib
def note(result):
    with pathlib.Path({folder!r}, str(os.getpid())).open("a") as file:
        file.write(result.info.raw_cell)
get_ipython().events.register("post_run_cell", note)
"""


@pytest.fixture
def cells_run(tmp_path, monkeypatch):
    """What a kernel that is started from now on has run, by its process."""
    folder, startup = tmp_path / "cells", tmp_path / "ipython" / "profile_default" / "startup"
    folder.mkdir()
    startup.mkdir(parents=True)
    (startup / "note_cells.py").write_text(NOTE_CELLS.format(folder=str(folder)))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def of(kernel):
        noted = folder / str(kernel.pid)
        return noted.read_text() if noted.exists() else ""

    return of


def test_voila_in_a_jupyter_server(open_explorer, demo):
    """The whole window, no other host, a screen while it loads, and no kernel left behind."""
    hosts, steps = set(), set()

    def watch(page):
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.on("console", lambda message: steps.add(message.text))
        page.add_init_script(
            "new MutationObserver(() => { const step = document.querySelector('#rareearth-step');"
            "if (step) console.log(step.textContent); })"
            ".observe(document, { subtree: true, childList: true, characterData: true });"
        )

    driver = open_explorer("server", demo.table, demo.scene, demo.labels, watch=watch)
    page = driver.page
    assert hosts <= {"127.0.0.1", None}
    assert {"Starting Python …", "Loading the program …", "Loading the panels …"} <= steps
    expect(page.locator("#rareearth-loading")).to_have_count(0)
    size = page.evaluate(
        "() => [document.documentElement.scrollHeight, "
        "document.querySelector('.rareearth-explorer').getBoundingClientRect().bottom, "
        "document.querySelector('.rareearth-status').getBoundingClientRect().bottom <= innerHeight]"
    )
    assert size == [800, 800, True], "the explorer is not as high as the window"
    driver.shot(SCREENSHOTS / "server-1-opened.png")

    driver.click(len(driver.table) // 2)
    left = kernels()
    driver.reopen()
    _, kept = psutil.wait_procs(left, timeout=PATIENCE)
    assert kept == [], "the page that was left keeps a kernel"
    expect(page.get_by_role("button", name=f"+ {len(driver.table) // 2} ✕")).to_be_visible()

    driver.turn_to("Review")  # of what it shows much comes from Python
    expect(page.locator(".rareearth-review .rareearth-sheet figure").last).to_be_visible()
    for size in ((1280, 800), (1920, 1080)):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            eventually(
                partial(fits, page, *size),
                f"the page scrolls, the map is small, or the tab {tab.inner_text()} is cut",
            )
    driver.shot(SCREENSHOTS / "server-2-wide.png")
    assert driver.errors == []


def test_widgets_that_start_late_follow_the_session(open_explorer, demo):
    """anywidget waits two seconds for the start of a widget; here it waits for none."""
    said = []

    def hurry(page):
        page.on("pageerror", lambda error: said.append(str(error)))
        page.add_init_script(
            "const wait = AbortSignal.timeout.bind(AbortSignal);"
            "AbortSignal.timeout = (ms) => wait(ms === 2000 ? 0 : ms);"
        )

    driver = open_explorer("voila", demo.table, demo.scene, demo.labels, watch=hurry)
    assert any("Failed to initialize model" in error for error in said)
    watched = [0, len(driver.table) - 1]
    before, umap = driver.colours(watched), driver.picture("umap")
    driver.click(len(driver.table) // 2)
    eventually(
        lambda: not np.array_equal(before, driver.colours(watched)),
        "the map did not take the colours of the scores",
    )
    eventually(
        lambda: np.mean(umap != driver.picture("umap")) > 0.005, "the UMAP was not recoloured"
    )
    assert driver.errors == []


def fits(page, width, height):
    """Whether nothing scrolls or is cut, and the map has more than half of the width."""
    sizes = page.evaluate(FIT)
    return sizes["page"] == [width, height] and sizes["over"] <= 1 and sizes["map"] > width / 2


def test_a_kernel_that_waits_for_a_page_does_not_hold_the_session(demo, browser, cells_run):
    table, last = open_table(demo.table), nbformat.read(notebook(), 4).cells[-1].source
    environment = {"RAREEARTH_EXPLORER_TABLE": str(demo.table)}
    with (
        serve(free_port(), environment, preheat=1) as server,
        blank_page(browser, 1280, 800) as page,
    ):
        driver = Driver(page, table)
        driver.open("voila", server.address, "explorer.ipynb")
        driver.click(7)
        eventually(
            lambda: [last in cells_run(kernel) for kernel in kernels()] == [True, True],
            "no second kernel has run the notebook and waits",
        )
        driver.click(9)
        driver.reopen()
        for patch in (7, 9):  # also what was marked after that kernel ran the notebook
            expect(page.get_by_role("button", name=f"+ {patch} ✕")).to_be_visible()
        expect(page.get_by_text("another window")).to_have_count(0)
