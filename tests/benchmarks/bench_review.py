"""How fast a page of 20 review chips is on the screen, on the demo scene (synthetic).

Every line gives milliseconds from the press of a button to the frame in which all 20 pictures are
decoded, and their ratio to the time that Chromium takes for a frame.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

from rareearth_explorer.data.table import open_table
from rareearth_explorer.demo.prepare import prepare_demo

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))

PAGES = 8
PAUSE = 2000
"""Milliseconds spent looking at a page: an analyst takes longer."""

WATCH = """() => {
    const drawn = () => Number(document.querySelector('.rareearth-sheet')?.dataset.drawn ?? 0);
    let began = 0, before = 0;
    document.addEventListener('pointerdown', () => {
        [began, before] = [performance.now(), drawn()];
    }, true);
    window.shown = () => {
        const images = [...document.querySelectorAll('.rareearth-sheet img')];
        const all = images.length === 20 && images.every((i) => i.complete && i.naturalWidth > 0);
        return drawn() > before && all && performance.now() - began;
    };
    window.frame = async () => {
        const asked = performance.now();
        await new Promise(requestAnimationFrame);
        return performance.now() - asked;
    };
}"""


def press(page: Page, role: Literal["tab", "button"], name: str) -> float:
    """Milliseconds from pressing to the frame in which all pictures are decoded."""
    page.get_by_role(role, name=name, exact=True).click()
    return float(page.wait_for_function("() => window.shown()").json_value())


def main() -> None:
    """Measure and print."""
    from chromium import launched
    from driver import Driver
    from serving import serve

    demo = prepare_demo()
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "timed.ipynb"
        notebook.write_text((REPOSITORY / "notebooks" / "explorer.ipynb").read_text())
        given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
        environment = {f"RAREEARTH_EXPLORER_{name}": str(path) for name, path in given.items()}
        environment["XDG_DATA_HOME"] = folder
        with serve("voila", notebook, environment) as address, launched() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            driver = Driver(page, open_table(demo.table))
            driver.open("voila", address, notebook.name)
            driver.click(28)
            page.wait_for_timeout(2 * PAUSE)
            page.evaluate(WATCH)
            frame = statistics.median(page.evaluate("() => window.frame()") for _ in range(20))
            first = press(page, "tab", "Review")
            later = []
            for _ in range(PAGES):
                page.wait_for_timeout(PAUSE)
                later.append(press(page, "button", "next page"))
    for name, ms in {
        "a frame": frame,
        "first page of the review": first,
        "next page, median": statistics.median(later),
        "next page, slowest": max(later),
    }.items():
        print(f"{name:<30} {ms:8.1f} ms {ms / frame:8.1f} x   goal: 300 ms")


if __name__ == "__main__":
    main()
