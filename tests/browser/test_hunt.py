"""A hunt in a real browser: what a person sees follows every click."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SCREENSHOTS
from playwright.sync_api import expect

from rareearth_explorer.labels import open_labels
from rareearth_explorer.session import Session

pytestmark = pytest.mark.browser


def changed(before, after):
    """Share of the (n, 3) colours that differ by more than a breath."""
    return float((np.abs(after - before).max(axis=1) > 12).mean())


@pytest.mark.parametrize("kind", ["voila", "lab"])
def test_hunt(kind, open_explorer, demo):
    driver = open_explorer(kind, demo.table, demo.scene, demo.labels)
    page, table = driver.page, driver.table
    driver.shot(SCREENSHOTS / f"{kind}-1-opened.png")
    expect(page.get_by_text("Mark a template")).to_be_visible()

    # What the kernel should compute, computed here from the same files.
    twin = Session(table, open_labels(demo.labels))
    mine = int(np.flatnonzero(twin.truth)[0])
    far = int(np.argmin(table.unit_embeddings @ table.unit_embeddings[mine]))
    watched = [p for p in range(0, len(table), 9) if p not in (mine, far)]
    said = driver.hover(mine)
    assert "pool" in said

    before, umap, roc = driver.colours(watched), driver.picture("umap"), driver.picture("roc")
    driver.click(mine)
    twin.mark(mine, "positive")
    marked = driver.colours(watched)
    assert changed(before, marked) > 0.9, "the map did not take the colours of the scores"
    assert driver.picture("umap") != umap, "the UMAP was not recoloured"
    assert driver.picture("roc") != roc, "the ROC curve was not drawn"
    assert f"rank {twin.state.ranks[watched[0]]}" in driver.hover(watched[0])
    expect(page.get_by_role("button", name=f"+ {mine} ✕")).to_be_visible()

    driver.click(far, shift=True)
    twin.mark(far, "negative")
    assert changed(marked, driver.colours(watched)) > 0.5
    expect(page.get_by_role("button", name=f"− {far} ✕")).to_be_visible()
    kept = int((twin.scores >= 0).sum())
    expect(page.get_by_text(f"refining would keep {kept},")).to_be_visible()
    driver.shot(SCREENSHOTS / f"{kind}-2-marked.png")

    other = watched[0]
    driver.click(other, right=True)
    expect(page.get_by_role("button", name=f"− {other} ✕")).to_be_visible()
    driver.click(other, right=True)
    expect(page.get_by_role("button", name=f"− {other} ✕")).to_have_count(0)

    contrast, painted = driver.colours(watched), driver.painted
    driver.press("refine")
    driver.wait_painted(painted)
    twin.refine()
    expect(page.get_by_text(f"Round 2: {twin.active.sum()} of {len(table)}")).to_be_visible()
    gone = [i for i, patch in enumerate(watched) if not twin.active[patch]]
    assert changed(contrast[gone], driver.colours(watched)[gone]) > 0.9, "discarded but shown"
    if kind == "voila":  # a process of its own compiles UMAP first; once is enough
        expect(page.get_by_text("patches of this round")).to_be_visible(timeout=120_000)
    driver.shot(SCREENSHOTS / f"{kind}-3-refined.png")

    painted = driver.painted
    driver.press("undo")
    driver.wait_painted(painted)
    expect(page.get_by_text("Round 1:")).to_be_visible()
    assert changed(contrast, driver.colours(watched)) < 0.1, "undo did not bring the colours back"
    assert driver.errors == []
