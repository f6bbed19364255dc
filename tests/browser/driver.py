"""The explorer in a browser page, in the words of a person who uses it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
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

RUN_NOTEBOOK = """async () => {
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session.kernel;
    const ready = () => kernel.connectionStatus === 'connected' && kernel.status === 'idle';
    for (let i = 0; i < 600 && !ready(); i++)
        await new Promise((resolve) => setTimeout(resolve, 50));
    await app.commands.execute('notebook:run-all-cells');
}"""

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
            self.page.wait_for_function(
                "() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=60_000
            )
            self.page.evaluate(RUN_NOTEBOOK)
        else:
            place = f"voila/render/{notebook}" if kind == "server" else ""
            self.page.goto(address + place, timeout=90_000)
        self._wait_ready()

    def reopen(self) -> None:
        """Load the page again, as a person does when it stopped answering."""
        self.page.reload(timeout=90_000)
        self._wait_ready()

    def _wait_ready(self) -> None:
        self.page.wait_for_selector(
            f"{MAP}, [data-mime-type='application/vnd.jupyter.error']", timeout=90_000
        )
        assert self.page.locator(MAP).count(), self.page.locator(".jp-OutputArea").inner_text()
        later = self.page.get_by_role("button", name="Hide notification")  # JupyterLab's news
        if later.count():
            later.click()
        self.page.wait_for_timeout(1500)  # imagery tiles, the first UMAP frame

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
        expect(tooltip).to_contain_text(f"patch {patch}")
        return tooltip.inner_text()

    def press(self, name: str) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def painted(self) -> int:
        """How often the scores were painted."""
        return int(self.page.locator(MAP).get_attribute("data-painted") or 0)

    def wait_painted(self, before: int) -> None:
        """Wait until scores were painted again, and the other panels had time to follow."""
        self.page.wait_for_function(
            f"() => Number(document.querySelector('{MAP}').dataset.painted) > {before}",
            timeout=20_000,
        )
        self.page.wait_for_timeout(700)

    def colours(self, patches: list[int]) -> np.ndarray:
        """RGB on the screen at the centres of patches, (n, 3)."""
        self.page.mouse.move(2, 2)  # no tooltip over them
        self.page.wait_for_timeout(150)
        screen = _rgb(self.page.screenshot())
        places = [self.place(patch) for patch in patches]
        return np.array([screen[round(y), round(x)] for x, y in places])

    def picture(self, what: str) -> np.ndarray:
        """RGB of the `umap` or the `roc` panel, (H, W, 3)."""
        part = {"umap": ".rareearth-umap canvas", "roc": ".rareearth-roc img"}[what]
        return _rgb(self.page.locator(part).first.screenshot())


def _rgb(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
