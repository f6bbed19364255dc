"""Nobody is shut out: axe-core finds no serious violation on any tab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"

SERIOUS = """async () => {
    const { violations } = await axe.run(document.querySelector('.rareearth-explorer'));
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}"""

THEIRS = ("noUi-handle", "jupyter-widgets widget-image", "widget-image jupyter-widgets")
"""What ipywidgets cannot name: the handle of a slider, and its `Image`, where a tooltip fails."""


def test_no_tab_has_a_serious_violation(open_explorer, demo):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run 'npm ci' in js/")
    driver = open_explorer("voila", demo.table, demo.scene, demo.labels, dates=demo.other_dates[:1])
    page = driver.page
    page.evaluate(AXE.read_text())
    driver.click(len(driver.table) // 2)
    for name in ("Mark", "Narrow", "Review", "Check", "Export", "Analysis"):
        driver.turn_to(name)
        expect(page.get_by_role("tab", name=name).first).to_have_attribute("aria-selected", "true")
        driver.wait_still()
        found = [
            each for each in page.evaluate(SERIOUS) if not any(name in each for name in THEIRS)
        ]
        assert found == [], name
