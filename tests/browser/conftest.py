"""A browser, a small demo, and the explorer served with it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from chromium import blank_page, find, launched
from driver import Driver
from playwright.sync_api import Browser, Page
from serving import serve

from rareearth_explorer.data.table import open_table
from rareearth_explorer.demo.prepare import PreparedDemo, prepare_demo

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the tests skip, in continuous integration they fail.

    Closed after each module, because while it is open an event loop runs on this thread, and
    what others test without one would be tested with one.
    """
    if find() is None:
        missing = "no Chromium is installed: 'apt-get install chromium', or your system's way"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> PreparedDemo:
    """The synthetic demo at a tenth of its size, through the whole pipeline."""
    return prepare_demo(tmp_path_factory.mktemp("demo"), patches=(12, 14), progress=False)


OpenExplorer = Callable[..., Driver]


@pytest.fixture
def open_explorer(browser: Browser, tmp_path: Path) -> Iterator[OpenExplorer]:
    """Serve the notebook as 'voila', 'lab', 'notebook' or 'server' and open it in a fresh page."""
    with contextlib.ExitStack() as stack:

        def open_it(
            kind: str,
            table: Path,
            scene: Path | None = None,
            labels: Path | None = None,
            size: tuple[int, int] = (1280, 800),
            dates: Sequence[Path] = (),
            watch: Callable[[Page], None] = lambda page: None,
        ) -> Driver:
            notebook = tmp_path / "explorer.ipynb"
            shutil.copy(REPOSITORY / "notebooks" / "explorer.ipynb", notebook)
            given = {"TABLE": table, "SCENE": scene, "LABELS": labels}
            given["DATES"] = os.pathsep.join(map(str, dates))
            environment = {f"RAREEARTH_EXPLORER_{k}": str(v) for k, v in given.items() if v}
            address = stack.enter_context(serve(kind, notebook, environment))
            page = stack.enter_context(blank_page(browser, *size))
            driver = Driver(page, open_table(table))
            watch(driver.page)
            driver.open(kind, address, notebook.name)
            return driver

        yield open_it
