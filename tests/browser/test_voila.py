"""The dashboard as a page of its own: in a Jupyter server as on a hub, and with kernels ready."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import psutil
import pytest
from driver import SCREENSHOTS, Driver
from playwright.sync_api import expect
from serving import kernels

from rareearth_explorer.data.table import open_table
from rareearth_explorer.serving import free_port, serve

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


def wait_idle(kernel):
    """Wait until a process has nothing to do for two seconds."""
    used = -1.0
    while (now := sum(kernel.cpu_times()[:2])) - used > 0.05:
        used = now
        time.sleep(2)


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
    _, alive = psutil.wait_procs(left, timeout=20)
    assert alive == [], "the page that was left keeps a kernel"
    expect(page.get_by_role("button", name=f"+ {len(driver.table) // 2} ✕")).to_be_visible()

    for width, height in ((1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for tab in page.get_by_role("tab").all():
            tab.click()
            page.wait_for_timeout(500)
            fit = page.evaluate(FIT)
            assert fit["page"] == [width, height], "the page scrolls"
            assert fit["over"] <= 1, f"the tab {tab.inner_text()} is cut"
            assert fit["map"] > width / 2
    driver.shot(SCREENSHOTS / "server-2-wide.png")
    assert driver.errors == []


def test_a_kernel_that_waits_for_a_page_does_not_hold_the_session(demo, browser, tmp_path):
    table = open_table(demo.table)
    environment = {"RAREEARTH_EXPLORER_TABLE": str(demo.table)}
    with serve(free_port(), environment, preheat=1) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        driver = Driver(page, table)
        driver.open("voila", server.address, "explorer.ipynb")
        driver.click(7)
        while len(kernels()) < 2:
            time.sleep(0.2)
        wait_idle(kernels()[-1])  # the one that waits has run the notebook
        driver.click(9)
        driver.reopen()
        for patch in (7, 9):  # also what was marked after that kernel ran the notebook
            expect(page.get_by_role("button", name=f"+ {patch} ✕")).to_be_visible()
        expect(page.get_by_text("another window")).to_have_count(0)
        page.close()
