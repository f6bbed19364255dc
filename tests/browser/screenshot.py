"""Make the README's picture: the explorer on the full demo scene after a few clicks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from chromium import launched
from driver import Driver
from serving import serve

from rareearth_explorer.labels import open_labels
from rareearth_explorer.pipeline.demo import prepare_demo
from rareearth_explorer.session import Session
from rareearth_explorer.table import open_table

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = REPOSITORY / "docs" / "explorer.png"


def main() -> None:
    """Mark two mines and two of the best-ranked mistakes, as an analyst would, and take it."""
    demo = prepare_demo()
    table = open_table(demo.table)
    twin = Session(table, open_labels(demo.labels))
    assert twin.truth is not None
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        notebook = Path(folder) / "explorer.ipynb"
        notebook.write_text((REPOSITORY / "notebooks" / "explorer.ipynb").read_text())
        given = {"TABLE": demo.table, "SCENE": demo.scene, "LABELS": demo.labels}
        environment = {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items()}
        with serve("voila", notebook, environment) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 860})
            driver = Driver(page, table)
            driver.open("voila", address, notebook.name)
            by_pools = np.argsort(-twin.pools, kind="stable")
            for patch in by_pools[[0, 5]].tolist():
                driver.click(patch)
                twin.mark(patch, "positive")
            for _ in range(2):
                mistake = next(int(p) for p in twin.ranking if not twin.truth[p])
                driver.click(mistake, shift=True)
                twin.mark(mistake, "negative")
            page.mouse.move(2, 2)
            page.wait_for_timeout(1000)
            driver.shot(PICTURE)


if __name__ == "__main__":
    main()
