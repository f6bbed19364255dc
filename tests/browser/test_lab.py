"""Explorers in JupyterLab: two in one notebook, cells run again, dark theme; and in Notebook."""

from __future__ import annotations

import io

import nbformat
import numpy as np
import pytest
from chromium import blank_page
from driver import MAP, SCREENSHOTS, run_all_cells
from patience import eventually
from PIL import Image
from playwright.sync_api import expect
from serving import serve

pytestmark = pytest.mark.browser

CELL = """
from rareearth_explorer import Explorer
Explorer({table!r}, {scene!r}, {labels!r}, name={name!r}, height="560px")
"""

ASK = """async (code) => {
    let said = '';
    const future = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
        .requestExecute({ code });
    future.onIOPub = (message) => { said += message.content.text ?? ''; };
    await future.done;
    return said;
}"""

AGE_MAPS = f"""() => {{
    for (const map of document.querySelectorAll("{MAP}")) map.dataset.old = '';
}}"""

COUNT = "import ipywidgets.widgets.widget as widgets; print(len(widgets._instances))"


def test_two_explorers_run_again_and_in_the_dark(browser, demo, tmp_path):
    given = {"table": str(demo.table), "scene": str(demo.scene), "labels": str(demo.labels)}
    cells = [CELL.format(name=name, **given) for name in ("one", "two")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path = tmp_path / "two.ipynb"
    nbformat.write(notebook, path)
    with serve("lab", path, {}) as address, blank_page(browser, 1300, 1500) as page:
        page.goto(f"{address}lab/tree/{path.name}?reset", wait_until="domcontentloaded")
        one, two = (page.locator(".rareearth-explorer").nth(n) for n in (0, 1))

        def run_all():
            page.evaluate(AGE_MAPS)
            run_all_cells(page)
            expect(page.locator(f"{MAP}:not([data-old])")).to_have_count(2)

        def count():
            return int(page.evaluate(ASK, COUNT))

        run_all()
        before = count()
        one.locator(MAP).click()
        expect(one.get_by_role("button", name="✕")).to_have_count(1)
        for key, marked in (("u", 0), ("y", 1)):  # of which JupyterLab has keys of its own
            page.keyboard.press(key)
            expect(one.get_by_text(f"{marked} positive")).to_be_visible()
        for shown in (True, False):
            page.keyboard.press("?")
            expect(one.locator(".rareearth-help")).to_be_visible(visible=shown)
        expect(two.get_by_text("0 positive")).to_be_visible()

        run_all()  # the template's cards are back in the first one
        expect(one.get_by_text("1 positive")).to_be_visible()
        expect(one.get_by_role("button", name="✕")).to_have_count(1)
        expect(two.get_by_text("0 positive")).to_be_visible()
        expect(page.get_by_text("another window")).to_have_count(0)
        again = count()
        run_all()
        expect(one.get_by_role("button", name="✕")).to_have_count(1)
        assert (count(), before <= again) == (again, True), "widgets of earlier runs are left"

        page.evaluate(
            "() => window.jupyterapp.commands.execute("
            "'apputils:change-theme', { theme: 'JupyterLab Dark' })"
        )
        page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
        one.get_by_role("tab", name="Analysis").click()
        curve = one.locator(".rareearth-roc img")
        eventually(
            lambda: light_on_dark(curve.screenshot()),
            "the curve's ground is light on a dark page, or its lines are not",
        )
        page.screenshot(path=SCREENSHOTS / "lab-dark.png")

        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        for explorer in (one, two):  # neither works any more
            expect(explorer.get_by_role("alert")).to_contain_text("run the cell again")


def light_on_dark(picture):
    """Whether a PNG file shows light lines on a dark ground."""
    grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
    return np.median(grey) < 80 and grey.max() > 180


def test_notebook(open_explorer, demo):
    """The same frontend in a page of its own; mouse, keys and imagery arrive."""
    driver = open_explorer("notebook", demo.table, demo.scene, demo.labels)
    page, patch = driver.page, len(driver.table) // 2
    driver.click(patch)
    expect(page.get_by_role("button", name=f"+ {patch} ✕")).to_be_visible()
    before = driver.painted
    page.keyboard.press("u")
    driver.wait_painted(before)
    expect(page.get_by_text("0 positive")).to_be_visible()
    expect(page.locator("img.rareearth-imagery[src^='blob:']").first).to_be_attached()  # imagery
    driver.shot(SCREENSHOTS / "notebook.png")
    assert driver.errors == []
