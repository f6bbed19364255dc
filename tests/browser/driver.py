"""The explorer in a browser page, in the words of a person who uses it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from patience import PATIENCE, eventually
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, expect

from rareearth_explorer.data.table import PatchTable

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
"""Where tests leave pictures to look at; not kept in the repository."""

HARMLESS = (
    # jupyter-scatter, when two of its traits change at once; it draws the later one.
    "Ignoring draw call",
    # anywidget, of a model that a busy machine needs more than two seconds for; it goes on.
    "[anywidget] Failed to initialize model",
    # Notebook 7.6, of its own settings, also on an empty notebook.
    "Cannot read properties of undefined (reading 'schema')",
)
"""What libraries report as an error of the page though nothing is wrong on it."""

TROUBLE = ("Error setting state", "[rareearth-explorer]")
"""What is only printed on the console though a person sees that something is missing."""

MAP = ".leaflet-container[data-ready]"

KERNEL_READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget, session = panel?.sessionContext;
    const kernel = session?.session?.kernel;
    return panel?.context?.isReady && session?.isReady
        && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

RUN_ALL_CELLS = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"

AGE_TILES = """(tiles) => {
    for (const tile of document.querySelectorAll(tiles)) tile.dataset.old = '';
}"""

TILES_DRAWN = """(name) => {
    const tiles = [...document.querySelectorAll(name)];
    const drawn = (tile) => tile.matches('.leaflet-tile-loaded:not([data-old])')
        && getComputedStyle(tile).opacity === '1';
    return tiles.length > 0 && tiles.every(drawn);
}"""
"""Those that were there before are gone, the others are loaded and have faded in."""

PLACE = """([lon, lat]) => {
    const box = document.querySelector('.leaflet-container'), map = box.leafletMap;
    const at = map.latLngToContainerPoint([lat, lon]), around = box.getBoundingClientRect();
    return [around.left + at.x, around.top + at.y];
}"""


ON_MAP = """([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return Boolean(top?.matches('.leaflet-container') || top?.closest('.leaflet-pane'));
}"""


class Driver:
    """Drives one open explorer.

    Parameters
    ----------
    page
        The browser page.
    table
        The table on it, to know where its patches are.
    """

    def __init__(self, page: Page, table: PatchTable) -> None:
        self.page = page
        self.table = table
        self.errors: list[str] = []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("console", self._hear)

    def _note(self, error: str) -> None:
        if not error.startswith(HARMLESS):
            self.errors.append(error)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.text.startswith(TROUBLE):
            self.errors.append(message.text)

    def open(self, kind: str, address: str, notebook: str) -> None:
        """Open the dashboard, or the notebook and run it, and wait for the map."""
        if kind in ("lab", "notebook"):
            place = {"lab": "lab/tree", "notebook": "notebooks"}[kind]
            self.page.goto(f"{address}{place}/{notebook}?reset", wait_until="domcontentloaded")
            run_all_cells(self.page)
        else:
            place = f"voila/render/{notebook}" if kind == "server" else ""
            self.page.goto(address + place)
        self._wait_ready()

    def reopen(self) -> None:
        """Load the page again, as a person does when it stopped answering."""
        self.page.reload()
        self._wait_ready()

    def _wait_ready(self) -> None:
        self.page.wait_for_selector(f"{MAP}, [data-mime-type='application/vnd.jupyter.error']")
        assert self.page.locator(MAP).count(), self.page.locator(".jp-OutputArea").inner_text()
        later = self.page.get_by_role("button", name="Hide notification")  # JupyterLab's news
        if later.count():
            later.click()

    def uncovered(self, patches: Iterable[int]) -> list[int]:
        """Those of the patches over whose centres no control lies."""
        places = {patch: self.place(patch) for patch in patches}
        return [patch for patch, at in places.items() if self.page.evaluate(ON_MAP, list(at))]

    def shot(self, path: Path) -> None:
        """Keep a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

    def place(self, patch: int) -> tuple[float, float]:
        """Where a patch's centre is on the screen."""
        x, y = self.page.evaluate(PLACE, self.table.centroids[patch].tolist())
        return x, y

    def click(self, patch: int, *, shift: bool = False, right: bool = False) -> None:
        """Click a patch and wait until the map is painted anew."""
        before = self.painted
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.click(*self.place(patch), button="right" if right else "left")
        if shift:
            self.page.keyboard.up("Shift")
        self.wait_painted(before)

    def hover(self, patch: int) -> str:
        """Point at a patch and read what is said of it."""
        x, y = self.place(patch)
        self.page.mouse.move(x - 1, y)
        self.page.mouse.move(x, y)
        tooltip = self.page.locator(".rareearth-tooltip")
        expect(tooltip).to_contain_text(re.compile(rf"patch {patch}\b"))  # not of patch 137 for 13
        return tooltip.inner_text()

    def turn_to(self, tab: str) -> None:
        """Show a step, such as `Narrow`, or `Analysis`."""
        self.page.get_by_role("tab", name=tab).first.click()

    @property
    def in_hand(self) -> int:
        """The patch under review, as the review shows it."""
        said = self.page.locator(".rareearth-review .rareearth-in-hand b").first.inner_text()
        return int(said.removeprefix("patch "))

    def undo(self) -> None:
        """Take back the last step, which the button names."""
        self.page.get_by_role("button", name="Undo: ").click()

    def press(self, name: str) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def painted(self) -> int:
        """How often the scores were painted."""
        return int(self.page.locator(MAP).get_attribute("data-painted") or 0)

    def wait_painted(self, before: int) -> None:
        """Wait until scores were painted again; other panels follow when they can."""
        self.page.wait_for_function(
            f"() => Number(document.querySelector('{MAP}').dataset.painted) > {before}"
        )

    def age_tiles(self, layer: str = "imagery") -> None:
        """Before a change of what a layer shows: its tiles are waited away by `wait_tiles`."""
        self.page.evaluate(AGE_TILES, f"img.rareearth-{layer}")

    def wait_tiles(self, layer: str = "imagery") -> None:
        """Wait until all tiles of a layer are there."""
        self.page.wait_for_function(TILES_DRAWN, arg=f"img.rareearth-{layer}")

    def wait_still(self) -> None:
        """Wait until the page looks the same twice; for pictures, no test relies on it."""
        seen: list[bytes] = []

        def same() -> bool:
            seen.append(self.page.screenshot())
            return seen[-2:-1] == seen[-1:]

        eventually(same, "the page never stands still")

    def colours(self, patches: list[int]) -> np.ndarray:
        """RGB on the screen at the centres of patches, (n, 3)."""
        self.page.mouse.move(2, 2)
        expect(self.page.locator(".rareearth-tooltip")).to_have_count(0)
        screen = _rgb(self.page.screenshot())
        places = [self.place(patch) for patch in patches]
        return np.array([screen[round(y), round(x)] for x, y in places])

    def picture(self, what: str) -> np.ndarray:
        """RGB of the `umap` or the `roc` panel, (H, W, 3), which the tab Analysis shows."""
        part = {"umap": ".rareearth-umap canvas", "roc": ".rareearth-roc img"}[what]
        if not self.page.locator(part).first.is_visible():
            self.turn_to("Analysis")
            if what == "umap":
                plot = self.page.locator(part).first
                eventually(lambda: has_points(_rgb(plot.screenshot())), "the UMAP shows no points")
        return _rgb(self.page.locator(part).first.screenshot())


def run_all_cells(page: Page) -> None:
    """Run the open notebook from the first cell to the last, once its kernel is ready."""
    page.wait_for_function(KERNEL_READY)
    page.evaluate(RUN_ALL_CELLS)


def has_points(plot: np.ndarray) -> bool:
    """Whether there is anything but a ground of one colour, right of the plot's buttons."""
    right = plot[:, plot.shape[1] // 6 :]
    return bool((right != right[0, 0]).any())


def _rgb(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
