"""Notes and names that are code: a browser shows them as text, in files and in the explorer."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from chromium import blank_page
from playwright.sync_api import expect

from rareearth_explorer.data.table import open_table
from rareearth_explorer.exporting import export
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

pytestmark = pytest.mark.browser

CODE = "<img src=x onerror=document.body.dataset.ran=1>"
"""Runs if it becomes HTML, and may be part of a file's name."""

NOTE = f"{CODE}<svg onload=document.body.dataset.ran=1>\x00\x1b\ud800]]>' onload='document.title=1"

RAN = "() => 'ran' in document.documentElement.dataset || 'ran' in (document.body?.dataset ?? {})"


@pytest.fixture
def hostile(small_table):
    """A session whose note, table and scenes are called by code."""
    table = replace(
        small_table,
        metadata={
            **small_table.metadata,
            "encoder": {"name": CODE, "weights_sha256": CODE},
            "scenes": [{"name": CODE, "time": CODE}],
            "made_by": CODE,
        },
        path=Path(f"{CODE}.parquet"),
    )
    session = Session(table, np.arange(60) % 7 == 0)
    session.mark(0, "positive")
    session.mark(1, "negative")
    session.judge(0, "confirmed")
    session.note(0, NOTE)
    return session


def test_the_code_runs_where_it_is_html(browser):
    with blank_page(browser, 600, 400) as page:
        page.set_content(CODE)
        page.wait_for_function(RAN)


@pytest.mark.parametrize(
    ("suffix", "what"),
    [
        (".html", "verdicts"),
        (".html", "candidates"),
        (".svg", "map"),
        (".svg", "umap"),
        (".svg", "curve"),
    ],
)
def test_pages_and_figures_run_nothing(browser, hostile, tmp_path, suffix, what):
    path = tmp_path / f"out{suffix}"
    export(hostile, path, what=what, name=CODE)
    asked = []
    with blank_page(browser, 1000, 800) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert not page.evaluate(RAN)
        assert page.locator("img[src=x]").count() == 0
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        if suffix == ".html":
            expect(page.locator("h1")).to_have_text(f"Session {CODE}")
            expect(page.get_by_text(CODE).first).to_be_visible()
        else:
            assert page.evaluate("() => document.documentElement.localName") == "svg"
        assert page.locator("parsererror").count() == 0


def test_the_text_of_google_earth_runs_nothing(browser, hostile, tmp_path):
    path = tmp_path / "out.kml"
    export(hostile, path, what="verdicts")
    (described,) = gpd.read_file(path).description
    with blank_page(browser, 600, 400) as page:
        page.set_content(described)
        assert not page.evaluate(RAN)
        assert page.locator("img, svg").count() == 0
        expect(page.locator("body")).to_contain_text(CODE)
        document = page.evaluate_handle(
            "(text) => new DOMParser().parseFromString(text, 'text/xml')", path.read_text("utf-8")
        )
        assert document.evaluate("(kml) => kml.querySelector('parsererror')") is None
        assert document.evaluate("(kml) => kml.querySelectorAll('Placemark').length") == 1


def test_geojson_is_json_and_text(browser, hostile, tmp_path):
    path = tmp_path / "out.geojson"
    export(hostile, path, what="verdicts")
    with blank_page(browser, 600, 400) as page:
        note = page.evaluate(
            "(text) => JSON.parse(text).features[0].properties.note", path.read_text("utf-8")
        )
    assert note == hostile.decisions.notes[0]
    assert "\ud800" not in note


def test_the_explorer_shows_names_and_notes_as_text(open_explorer, demo, tmp_path):
    given = (demo.table, demo.scene, demo.labels, demo.scene)
    table, scene, labels, other = (
        tmp_path / f"{CODE}{number}{path.suffix}" for number, path in enumerate(given)
    )
    for number, source in enumerate(given):
        shutil.copy(source, tmp_path / f"{CODE}{number}{source.suffix}")
    patches = open_table(table)
    for name in ("default", "theirs"):
        session = Session(patches)
        journal = Journal.named(patches, name)
        journal.attach(session)
        session.mark(3, "positive")
        session.judge(3, "confirmed" if name == "default" else "rejected")
        session.note(3, f"{name} {NOTE}")
        journal.close()
    driver = open_explorer("voila", table, scene, labels, dates=[other])
    page = driver.page
    driver.click(5, shift=True)
    assert CODE not in driver.hover(3)
    page.get_by_role("button", name="default ▾").click()
    expect(page.get_by_text("Every step is saved at once")).to_be_visible()
    page.get_by_label("Merge", exact=False).first.wait_for()
    driver.press("differences")
    expect(page.get_by_text(CODE).first).to_be_visible()
    page.get_by_role("button", name="default ▾").click()
    driver.turn_to("Export")
    choice = page.get_by_label("Export", exact=True)
    choice.select_option(label="verdicts (CSV)")
    driver.press("export")
    expect(page.get_by_role("link", name="default-verdicts.csv", exact=True)).to_be_visible()
    assert not page.evaluate(RAN)
    assert page.locator("img[src=x]").count() == 0
    assert driver.errors == []
