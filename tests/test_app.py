"""The explorer as a whole, without a browser: what a kernel keeps of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ipywidgets.widgets import widget

from rareearth_explorer import Explorer
from rareearth_explorer.data.table import TableWriter
from rareearth_explorer.hunt.store.journal import Journal


@pytest.fixture
def explore(small_table):
    """Open explorers on the small table; closed at the end."""
    opened = []

    def open_it(**options):
        opened.append(Explorer(small_table, **options))
        return opened[-1]

    yield open_it
    for explorer in opened:
        explorer.close()


@pytest.mark.slow
def test_a_cell_run_again_leaves_nothing_behind(explore):
    first = explore()
    first.session.mark(3, "positive")
    before = len(widget._instances)
    again = explore()
    assert len(widget._instances) == before
    assert again.session.positives == (3,)
    assert again.workspace.name == "default"
    first.session.mark(4, "positive")
    assert explore().session.positives == (3,), "a closed explorer still writes"


@pytest.mark.slow
def test_explorers_of_two_sessions_do_not_disturb_each_other(explore):
    one, two = explore(name="one"), explore(name="two")
    one.session.mark(3, "positive")
    two.session.mark(5, "negative")
    assert (one.session.positives, two.session.positives) == ((3,), ())
    assert explore(name="one").session.positives == (3,)
    assert two.widget.comm is not None, "the other session's explorer was closed"


@pytest.mark.slow
@pytest.mark.parametrize("preheated", ["True", "False"])
def test_a_kernel_of_a_page_opens_the_session_with_its_page(explore, monkeypatch, preheated):
    explore().session.mark(3, "positive")
    monkeypatch.setenv("VOILA_PREHEAT", preheated)
    waiting = explore()
    assert waiting.session.positives == ()
    assert waiting.workspace.path is None
    waiting.map.bridge.shown = True
    assert waiting.session.positives == (3,)


@pytest.mark.slow
def test_every_control_has_a_label_and_a_tooltip(explore):
    before = set(widget._instances)
    explore().session.mark(3, "positive")
    made = [part for key, part in widget._instances.items() if key not in before]
    controls = [part for part in made if part.has_trait("disabled")]
    assert len(controls) > 50
    assert [part for part in controls if not (part.description and part.tooltip)] == []


@pytest.mark.slow
def test_the_documentation_names_every_control(explore):
    before = set(widget._instances)
    explore().session.mark(3, "positive")
    made = [part for key, part in widget._instances.items() if key not in before]
    names = {part.description for part in made if part.has_trait("disabled")} - {"+ 3 ✕"}
    names = {re.sub(r": .*", "", name) for name in names} - {"default ▾"}
    page = (Path(__file__).resolve().parents[1] / "docs" / "controls.md").read_text("utf-8")
    assert {name for name in names if f"*{name}*" not in page} == set()


@pytest.mark.slow
@pytest.mark.parametrize("preheated", [False, True])
def test_what_is_wrong_with_files_and_with_the_session_is_said_together(
    explore, monkeypatch, small_table, tmp_path, preheated
):
    explore().session.mark(3, "positive")
    path = Journal.named(small_table, "default").path
    path.write_bytes(path.read_bytes()[:-9])
    if preheated:
        monkeypatch.setenv("VOILA_PREHEAT", "True")
    explorer = explore(scene=tmp_path / "none.tif", labels=tmp_path / "none.csv")
    explorer.map.bridge.shown = True
    message = explorer.session.message
    assert "none.tif" in message
    assert "none.csv" in message
    assert "cut off while it was written" in message


@pytest.mark.slow
def test_relative_paths_are_found_from_where_the_server_was_started(
    small_table, make_geotiff, tmp_path, monkeypatch
):
    with TableWriter(tmp_path / "table.parquet", small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    make_geotiff()
    make_geotiff(name="other.tif")
    lon, lat = small_table.centroids[0]
    (tmp_path / "pools.csv").write_text(f"lon,lat\n{lon},{lat}\n")
    (tmp_path / "notebooks").mkdir()
    given = {"TABLE": "table.parquet", "SCENE": "scene.tif", "LABELS": "pools.csv"}
    for name, value in {**given, "DATES": "other.tif"}.items():
        monkeypatch.setenv(f"RAREEARTH_EXPLORER_{name}", value)
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.chdir(tmp_path / "notebooks")
    explorer = Explorer.from_environment()
    try:
        assert explorer.session.table.path == tmp_path / "table.parquet"
        assert explorer.scene.path == tmp_path / "scene.tif"
        assert [other.path for other in explorer.other_dates] == [tmp_path / "other.tif"]
        assert len(explorer.labels) == 1
    finally:
        explorer.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path / "elsewhere"))
    explorer = Explorer.from_environment()
    try:
        assert explorer.session.table.path == Path("table.parquet")
    finally:
        explorer.close()


def test_without_a_session_what_is_wrong_with_files_is_said(explore, tmp_path):
    assert "none.tif" in explore(scene=tmp_path / "none.tif", name=None).session.message
