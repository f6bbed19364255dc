"""The browser that tests and benchmarks use: Chromium as the system has it, headless."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from patience import PATIENCE
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

MILLISECONDS = 1000 * PATIENCE


def find() -> str | None:
    """Path of Chromium or Chrome, None if there is neither."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser until the block is left."""
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(), args=FLAGS, timeout=MILLISECONDS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def blank_page(browser: Browser, width: int, height: int) -> Iterator[Page]:
    """Open a page of a browser of its own, with its cookies, until the block is left."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(MILLISECONDS)
    try:
        yield context.new_page()
    finally:
        context.close()
