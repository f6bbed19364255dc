"""Explorers in JupyterLab: two in one notebook, cells run again, dark theme; and in Notebook."""

from __future__ import annotations

import io

import nbformat
import numpy as np
import pytest
from driver import MAP, RUN_NOTEBOOK, SCREENSHOTS
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

COUNT = "import ipywidgets.widgets.widget as widgets; print(len(widgets._instances))"


def test_two_explorers_run_again_and_in_the_dark(browser, demo, tmp_path):
    given = {"table": str(demo.table), "scene": str(demo.scene), "labels": str(demo.labels)}
    cells = [CELL.format(name=name, **given) for name in ("one", "two")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path = tmp_path / "two.ipynb"
    nbformat.write(notebook, path)
    with serve("lab", path, {}) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 1500})
        page.goto(f"{address}lab/tree/{path.name}?reset", wait_until="domcontentloaded")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=90_000
        )
        one, two = (page.locator(".rareearth-explorer").nth(n) for n in (0, 1))

        def run_all():
            page.evaluate(RUN_NOTEBOOK)
            expect(page.locator(MAP)).to_have_count(2, timeout=90_000)
            page.wait_for_timeout(2000)
            return int(page.evaluate(ASK, COUNT))

        before = run_all()
        one.locator(MAP).click()
        expect(one.get_by_role("button", name="✕")).to_have_count(1)
        for key, marked in (("u", 0), ("y", 1)):  # of which JupyterLab has keys of its own
            page.keyboard.press(key)
            expect(one.get_by_text(f"{marked} positive")).to_be_visible()
        for shown in (True, False):
            page.keyboard.press("?")
            expect(one.locator(".rareearth-help")).to_be_visible(visible=shown)
        expect(two.get_by_text("0 positive")).to_be_visible()

        again = run_all()  # the template's cards are back in the first one
        expect(one.get_by_text("1 positive")).to_be_visible()
        expect(two.get_by_text("0 positive")).to_be_visible()
        expect(page.get_by_text("another window")).to_have_count(0)
        assert again == int(page.evaluate(ASK, COUNT))
        third = run_all()
        assert (third, before <= again) == (again, True), "widgets of earlier runs are left"

        page.evaluate(
            "() => window.jupyterapp.commands.execute("
            "'apputils:change-theme', { theme: 'JupyterLab Dark' })"
        )
        page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
        page.wait_for_timeout(1000)
        page.screenshot(path=SCREENSHOTS / "lab-dark.png")
        curve = one.locator(".rareearth-roc img").screenshot()
        grey = np.asarray(Image.open(io.BytesIO(curve)).convert("L"))
        assert np.median(grey) < 80, "the curve's ground is light on a dark page"
        assert grey.max() > 180, "its lines are not"

        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.resume()"
        )
        for explorer in (one, two):  # neither works any more
            expect(explorer.get_by_role("alert")).to_contain_text("run the cell again")
        page.close()


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
    shown = page.locator("img.rareearth-imagery[src^='blob:']")
    assert shown.count(), "no imagery arrived"
    driver.shot(SCREENSHOTS / "notebook.png")
    assert driver.errors == []
