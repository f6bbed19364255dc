"""How fast a click is, at the paper's size: 28,757 patches of 768 numbers (random, synthetic).

Every line gives milliseconds and their ratio to one matrix-vector product of that size, which is
what scoring a new template cannot do without, measured in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map import MapPanel

PATCHES, DIM, ACROSS = 28_757, 768, 170
CLICKS = 20
REPOSITORY = Path(__file__).resolve().parents[2]

WATCH = """() => {
    const box = document.querySelector('.leaflet-container');
    window.painted = [];
    let began = 0;
    box.addEventListener('mousedown', () => { began = performance.now(); }, true);
    new MutationObserver(() => requestAnimationFrame(() => {
        const channel = new MessageChannel();     // runs once the frame is painted
        channel.port1.onmessage = () => window.painted.push(performance.now() - began);
        channel.port2.postMessage(0);
    })).observe(box, { attributes: true, attributeFilter: ['data-painted'] });
}"""


def write_table(path: Path) -> None:
    """Write a table of the paper's size, with random embeddings in a few clusters."""
    rng = np.random.default_rng(0)
    grid = PatchGrid.for_raster(
        CRS("EPSG:32647"), Affine(3, 0, 430_000, 0, -3, 2_870_000), ACROSS * 84, ACROSS * 84
    )
    row, column = np.divmod(np.arange(PATCHES), ACROSS)
    centres = rng.random((20, DIM), dtype=np.float32)
    embeddings = rng.random((PATCHES, DIM), dtype=np.float32)
    embeddings += 2 * centres[(row // 12 + column // 9) % 20]
    with TableWriter(path, DIM, {"grid": grid.to_metadata()}) as writer:
        writer.append(row, column, grid.corners(row, column), embeddings)


def median_ms(work: Callable[[int], object], times: int = CLICKS) -> float:
    """Median milliseconds of `work(0)`, `work(1)`, ..."""
    spent = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def report(name: str, ms: float, floor: float, goal: str) -> None:
    """Print one line."""
    print(f"{name:<44} {ms:9.1f} ms {ms / floor:8.1f} x   goal: {goal}")


def main() -> None:
    """Measure everything and print it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        write_table(path)
        table = open_table(path)
        units = np.array(table.unit_embeddings)
        floor = median_ms(lambda n: units @ units[n])
        report("one matrix-vector product", floor, floor, "the floor")
        measure_session(table, floor)
        measure_import(floor)
        measure_browser(path, table, floor)


def measure_session(table: PatchTable, floor: float) -> None:
    """Measure marking a template, alone and with the map's picture."""
    session = Session(table)
    session.mark(0, "negative")

    def mark(number: int) -> None:
        session.mark(100 + number, "positive")
        _ = session.scores  # computed when it is asked for

    marked = median_ms(mark)
    report("session.mark", marked, floor, "3 x")
    panel = MapPanel(Session(table))
    panel.session.mark(0, "negative")
    pictured = median_ms(lambda n: panel.session.mark(100 + n, "positive"))
    report("session.mark and the score picture", pictured, floor, "10 ms more than session.mark")


def measure_import(floor: float) -> None:
    """Measure importing the package, less starting Python."""

    def run(code: str) -> float:
        return median_ms(lambda _: subprocess.run([sys.executable, "-c", code], check=True), 5)

    report("import rareearth_explorer", run("import rareearth_explorer") - run(""), floor, "300 ms")


def measure_browser(path: Path, table: PatchTable, floor: float) -> None:
    """Measure opening the app and clicking in Chromium, served by Voila."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))
    from chromium import launched
    from driver import Driver
    from serving import serve

    notebook = path.with_name("timed.ipynb")
    notebook.write_text((REPOSITORY / "notebooks" / "explorer.ipynb").read_text())
    environment = {"RAREEARTH_EXPLORER_TABLE": str(path)}
    with serve("voila", notebook, environment) as address, launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        driver = Driver(page, table)
        began = time.perf_counter()
        driver.open("voila", address, notebook.name)
        opened = 1000 * (time.perf_counter() - began) - 1500  # less the driver's own pause
        report("cached table, Voila page to displayed map", opened, floor, "3 s + kernel's start")
        page.evaluate(WATCH)
        driver.click(0, shift=True)
        for patch in range(5000, 5000 + 300 * CLICKS, 300):
            driver.hover(patch)  # a person looks at what is there before clicking it
            driver.click(patch)
        painted = page.evaluate("() => window.painted.slice(1)")
        report("click to painted map, median", statistics.median(painted), floor, "100 ms")
        report("click to painted map, slowest", max(painted), floor, "100 ms")


if __name__ == "__main__":
    main()
