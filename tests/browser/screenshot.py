"""Take the pictures of the README and the tutorial, still and moving: one hunt on the full demo.

python tests/browser/screenshot.py

What the tutorial says of each step is looked for on the screen, so that words and pictures agree.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from chromium import blank_page, launched
from driver import Driver
from patience import eventually
from PIL import Image
from playwright.sync_api import Page, expect

from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.table import open_table
from rareearth_explorer.demo.prepare import PreparedDemo, prepare_demo
from rareearth_explorer.hunt import Session
from rareearth_explorer.serving import free_port, serve

DOCS = Path(__file__).resolve().parents[2] / "docs"
SIZE = (1280, 800)
MOVING = (880, 550)
MINE, HILL = 586, 351
REVIEWED, CONFIRMED = 10, 7

POINTER = """() => {
    const dot = document.createElement('div');
    dot.className = 'pointer';
    dot.style.cssText = 'position:fixed;z-index:99999;width:18px;height:18px;margin:-9px;' +
        'border:3px solid #fff;border-radius:50%;background:#d81b60;pointer-events:none';
    document.body.append(dot);
    document.addEventListener('mousemove', (event) => {
        dot.style.left = event.clientX + 'px'; dot.style.top = event.clientY + 'px';
    }, true);
}"""


class Film:
    """Frames of a page, each with the time it stays."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[Image.Image] = []
        self._times: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Add what the page shows now."""
        screen = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        self._frames.append(screen.resize(MOVING, Image.Resampling.LANCZOS))
        self._times.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write the moving picture."""
        first, *others = self._frames
        first.save(
            path, save_all=True, append_images=others, duration=self._times, loop=0,
            quality=60, method=6,
        )  # fmt: skip


def still(driver: Driver, name: str) -> None:
    """Keep the page as a picture of the documentation, without the pointer."""
    driver.page.mouse.move(2, 2)
    driver.wait_tiles()
    driver.wait_still()
    plain = driver.page.screenshot(style=".pointer { display: none }")
    screen = Image.open(io.BytesIO(plain)).convert("RGB")
    screen.save(DOCS / "pictures" / f"{name}.webp", quality=72, method=6)


def hunt(driver: Driver, session: Session) -> None:
    """Do what the tutorial says and take the pictures."""
    page, mines = driver.page, session.mines
    assert mines is not None
    film = Film(page)
    still(driver, "opened")
    page.evaluate(POINTER)
    film.take(1200)

    driver.hover(MINE)
    film.take(900)
    driver.click(MINE)
    expect(page.get_by_text("mean cosine to the positives")).to_be_visible()
    film.take(1800)
    still(driver, "marked")

    driver.hover(HILL)
    film.take(900)
    driver.click(HILL, shift=True)
    driver.turn_to("Narrow")
    expect(page.get_by_text("keeps 411 of 1,668 (39 of 42 known mines)")).to_be_visible()
    film.take(1800)
    still(driver, "contrast")

    painted = driver.painted
    button = page.get_by_role("button", name="refine", exact=True)
    button.hover()
    film.take(700)
    button.click()
    driver.wait_painted(painted)
    film.take(1200)
    driver.turn_to("Analysis")
    expect(page.get_by_text("patches of this round")).to_be_visible()
    film.take(1800)
    still(driver, "refined")

    painted = driver.painted
    driver.turn_to("Mark")
    page.get_by_label("Score", exact=True).select_option("Kernel Contrast")
    driver.wait_painted(painted)
    driver.turn_to("Review")
    driver.wait_still()
    film.take(1200)
    confirmed = 0
    for _ in range(REVIEWED):
        confirmed += judge(driver, session)
        driver.wait_still()
        film.take(450)
    assert confirmed == CONFIRMED
    film.take(2500)
    still(driver, "reviewed")
    film.save(DOCS / "pictures" / "hunt.webp")

    driver.turn_to("Check")
    driver.press("sample the discarded")
    expect(page.get_by_text("0 of 50 of the sample")).to_be_visible()
    for _ in range(50):
        judge(driver, session)
    driver.turn_to("Check")
    expect(page.get_by_text("Mines among")).to_be_visible()
    still(driver, "missed")


def judge(driver: Driver, session: Session) -> bool:
    """Judge the patch under review by the labels; return whether it is a mine."""
    patch = driver.in_hand
    assert session.mines is not None
    mine = bool(session.mines[patch])
    driver.page.keyboard.press("c" if mine else "x")
    shown = driver.page.locator(".rareearth-review .rareearth-in-hand b")
    eventually(
        lambda: shown.all_inner_texts()[:1] != [f"patch {patch}"], "the verdict is not taken"
    )
    return mine


def environment(demo: PreparedDemo, folder: str) -> dict[str, str]:
    """Tell the dashboard what to open, and to keep its session elsewhere than yours."""
    given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
    given["DATES"] = os.pathsep.join(map(str, demo.other_dates))
    return {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()} | {"XDG_DATA_HOME": folder}


def main() -> None:
    """Take all pictures of one hunt."""
    demo = prepare_demo()
    table = open_table(demo.table)
    (DOCS / "pictures").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        launched() as browser,
        blank_page(browser, *SIZE) as page,
        serve(free_port(), environment(demo, folder)) as server,
    ):
        driver = Driver(page, table)
        driver.open("voila", server.address, "")
        hunt(driver, Session(table, open_labels(demo.labels)))
        assert driver.errors == []


if __name__ == "__main__":
    main()
