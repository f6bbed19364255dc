"""Exporting: the session as a GeoDataFrame, as files that GDAL opens, and as a report."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from rareearth_explorer.cli import main
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.errors import ExportError, SessionError
from rareearth_explorer.exporting import (
    SUFFIXES,
    curve_figure,
    export,
    list_patches,
    map_figure,
    umap_figure,
)
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

LISTS = [".geojson", ".gpkg", ".parquet", ".csv", ".kml"]
PAGES_AND_FIGURES = [".html", ".pdf", ".png", ".svg"]
NOTE = 'a <b>roof</b>, & "tracks"\nအမည်; $5'


@pytest.fixture
def pools(small_table):
    pools = np.zeros(len(small_table), np.int64)
    pools[[0, 2, 4, 6, 8]] = [1, 2, 3, 1, 4]
    return pools


@pytest.fixture
def session(small_table, pools):
    """Two templates, one refinement, a verdict of each kind, and an unruly note."""
    session = Session(small_table, pools)
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.refine(float(np.median(session.scores)))
    session.judge(2, "confirmed")
    session.judge(6, "rejected")
    session.judge(3, "skipped")
    session.note(6, NOTE)
    return session


def test_the_frame_has_a_row_for_each_patch(session, small_table, pools):
    frame = session.to_geodataframe()
    assert frame.crs.to_epsg() == 4326
    assert frame.patch.tolist() == list(range(60))
    assert frame.attrs["score"] == "Cosine Contrast"
    np.testing.assert_array_equal(frame.score, session.scores)
    np.testing.assert_array_equal(frame["rank"], session.state.ranks)
    np.testing.assert_array_equal(frame["round"], 1 + session.active)
    np.testing.assert_array_equal(frame.active, session.active)
    np.testing.assert_array_equal(frame.pools, pools)
    np.testing.assert_array_equal(frame[["lon", "lat"]], small_table.centroids)
    assert frame.geometry.geom_equals(frame.set_geometry(small_table.footprints, crs=4326)).all()


def test_the_frame_tells_what_was_said_of_a_patch_and_nothing_of_the_others(session):
    frame = session.to_geodataframe()
    assert frame.template.dropna().to_dict() == {0: "positive", 1: "negative", 4: "positive"}
    assert frame.verdict.dropna().to_dict() == {2: "confirmed", 3: "skipped", 6: "rejected"}
    assert frame.note.dropna().to_dict() == dict(session.decisions.notes)
    assert frame[frame.template == "positive"].patch.tolist() == [0, 4]


def test_the_frame_of_a_fresh_session_has_neither_scores_nor_pools(small_table):
    frame = Session(small_table).to_geodataframe()
    assert "pools" not in frame
    assert frame.score.isna().all()
    assert frame.template.dtype == "string"
    assert frame.attrs["score"] == "no score"


def test_changing_the_frame_leaves_the_session_alone(session):
    before = session.scores.copy()
    frame = session.to_geodataframe()
    frame.loc[:, "score"] = 0
    frame.loc[:, "active"] = True
    np.testing.assert_array_equal(session.scores, before)
    assert not session.active.all()


# Lists ---------------------------------------------------------------------------------------


def test_candidates_are_the_active_patches_that_are_not_rejected_best_first(session):
    frame = list_patches(session)
    kept = session.ranking[: session.active.sum()].tolist()
    assert session.active[6]
    assert frame.patch.tolist() == [patch for patch in kept if patch != 6]
    assert list_patches(session, top=7).patch.tolist() == frame.patch[:7].tolist()


def test_candidates_tell_templates_apart_and_leave_negative_ones_out(session):
    said = {0, 1, 2, 3, 4, 6}
    worst, other = [p for p in np.flatnonzero(session.active).tolist() if p not in said][:2]
    session.mark([worst, other], "negative")
    session.judge(other, "confirmed")  # a look-alike at first, a mine at second sight
    frame = list_patches(session).set_index("patch")
    kept = {patch: "positive" for patch in (0, 4) if session.active[patch]}
    assert frame.template.dropna().to_dict() == {**kept, other: "negative"}
    assert worst not in frame.index
    session.judge(0, "rejected")
    assert 0 not in set(list_patches(session).patch)
    assert session.active[2]
    assert frame.verdict[2] == "confirmed"


def test_verdicts_and_notes_are_listed_wherever_the_patch_is(session):
    rejected, noted = (int(patch) for patch in np.flatnonzero(~session.active)[-2:])
    session.judge(rejected, "rejected")
    session.note(noted, "look again")
    frame = list_patches(session, "verdicts")
    assert set(frame.patch) == {*session.decisions.verdicts, noted}
    assert frame.set_index("patch").note[noted] == "look again"
    assert frame["rank"].is_monotonic_increasing
    assert not frame.active.all()


@pytest.mark.parametrize("suffix", LISTS)
def test_a_note_without_a_verdict_is_in_every_format(session, tmp_path, suffix):
    discarded = int(np.flatnonzero(~session.active)[0])
    session.note(discarded, NOTE)
    export(session, tmp_path / f"out{suffix}", what="verdicts")
    found = read(tmp_path / f"out{suffix}").set_index("patch")
    assert found.note[discarded] == NOTE
    assert found.verdict.replace("", None).isna()[discarded]


def read(path):
    """Read a list as GDAL does, asked for nothing but to guess the types of a CSV."""
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    return gpd.read_file(path, **({"AUTODETECT_TYPE": "YES"} if path.suffix == ".csv" else {}))


@pytest.mark.parametrize("what", ["candidates", "verdicts"])
@pytest.mark.parametrize("suffix", LISTS)
def test_a_list_comes_back_as_it_was(session, tmp_path, suffix, what):
    path = tmp_path / f"out{suffix}"
    export(session, path, what=what)
    expected, found = list_patches(session, what), read(path)
    for name in ("patch", "rank", "round", "pools"):
        assert pd.api.types.is_integer_dtype(found[name]), name
        np.testing.assert_array_equal(found[name], expected[name], name)
    assert pd.api.types.is_bool_dtype(found.active)
    np.testing.assert_array_equal(found.active, expected.active)
    for name in ("score", "lon", "lat"):
        np.testing.assert_allclose(found[name].astype(float), expected[name], rtol=1e-6)
    for name in ("template", "verdict", "note"):
        texts = found[name].replace("", None)  # a CSV knows no missing text
        assert texts.isna().tolist() == expected[name].isna().tolist()
        assert texts.dropna().tolist() == expected[name].dropna().tolist()
    assert shapely.equals_exact(
        shapely.normalize(shapely.force_2d(found.geometry)),
        shapely.normalize(expected.geometry),
        tolerance=2e-7,
    ).all()
    assert found.crs == 4326 or suffix == ".csv"  # WKT tells no CRS
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", LISTS)
def test_a_list_of_one_patch_of_which_nothing_was_said_keeps_its_types(
    small_table, tmp_path, suffix
):
    session = Session(small_table)
    session.mark(3, "positive")
    session.unmark(3)
    session.mark(4, "positive")
    session.refine(float(np.sort(session.scores)[-2]))
    path = tmp_path / f"out{suffix}"
    export(session, path)
    found = read(path)
    assert len(found) == 2
    assert {"template", "verdict", "note"} <= set(found)
    if suffix != ".parquet":
        info = pyogrio.read_info(path)
        types = dict(zip(info["fields"], info["ogr_types"], strict=True))
        assert {types[name] for name in ("template", "verdict", "note")} == {"OFTString"}


def test_files_that_can_say_so_name_the_score(session, tmp_path):
    for suffix in (".geojson", ".gpkg", ".kml"):
        export(session, tmp_path / f"out{suffix}")
    assert "Cosine Contrast" in (tmp_path / "out.geojson").read_text()
    assert "Cosine Contrast" in (tmp_path / "out.kml").read_text()
    info = pyogrio.read_info(tmp_path / "out.gpkg")
    assert info["layer_name"] == "candidates"
    assert "Cosine Contrast" in info["layer_metadata"]["DESCRIPTION"]
    export(session, tmp_path / "out.parquet")
    assert gpd.read_parquet(tmp_path / "out.parquet").attrs == {"score": "Cosine Contrast"}


def test_kml_has_a_name_and_a_safe_description_for_each_patch(session, tmp_path):
    export(session, tmp_path / "out.kml", what="verdicts")
    spaces = {"k": "http://www.opengis.net/kml/2.2"}
    marks = ET.parse(tmp_path / "out.kml").getroot().findall(".//k:Placemark", spaces)
    said = {
        m.findtext("k:name", None, spaces): m.findtext("k:description", None, spaces) for m in marks
    }
    rank = session.state.ranks[6]
    description = said[f"{rank}: patch 6"]
    assert f"rank {rank}" in description
    assert "rejected" in description
    assert "labelled pools: 1" in description
    assert "&lt;b&gt;roof&lt;/b&gt;" in description
    assert "<b>" not in description


HOSTILE = '=HYPERLINK("http://x","<b>")\x00\x1b[31m\ud800\ufffe]]>&'


@pytest.mark.parametrize("suffix", LISTS)
def test_a_hostile_note_is_text_in_every_list(session, tmp_path, suffix):
    session.note(6, HOSTILE)
    path = tmp_path / f"out{suffix}"
    export(session, path, what="verdicts")
    note = read(path).set_index("patch").note[6]
    safe = '=HYPERLINK("http://x","<b>")\ufffd\ufffd[31m\ufffd\ufffd]]>&'
    expected = {".csv": f"'{safe}", ".kml": safe.replace("]]>", "]] >")}
    assert note == expected.get(suffix, safe)


def test_a_csv_of_candidates_can_be_given_back_as_labels(session, tmp_path, small_table):
    export(session, tmp_path / "out.csv", top=5)
    counts = open_labels(tmp_path / "out.csv").per_patch(small_table.footprints)
    assert set(np.flatnonzero(counts)) == set(session.ranking[:5])


# Figures -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "magic"),
    [(".pdf", b"%PDF"), (".png", b"\x89PNG"), (".svg", b"<?xml")],
)
def test_pages_and_figures_are_what_they_are_called(session, tmp_path, suffix, magic):
    export(session, tmp_path / f"out{suffix}")
    assert (tmp_path / f"out{suffix}").read_bytes().startswith(magic)


def test_figures_draw_what_the_session_holds(session, small_table):
    figure = map_figure(session)
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [
        "labelled mine (5)",
        "confirmed (1)",
        "positive template (2)",
        "negative template (1)",
        "pale: discarded (30)",
    ]
    figure.draw_without_rendering()
    assert figure.bbox.contains(*legend.get_window_extent().p1 - 1), "the legend is cut off"
    assert figure.bbox.contains(*legend.get_window_extent().p0 + 1), "the legend is cut off"
    (axes,) = curve_figure(session).axes
    assert [text.get_text()[:8] for text in axes.get_legend().get_texts()] == [
        "round 1:",
        "round 2:",
    ]
    unlabelled = Session(small_table)
    unlabelled.mark(0, "positive")
    (axes,) = curve_figure(unlabelled).axes
    assert axes.get_xlabel() == "mean cosine to the positives"
    assert sum(bar.get_height() for bar in axes.patches) == 60


@pytest.mark.slow
def test_the_umap_shows_each_patch_once_and_rings_what_is_known(session, small_table):
    session.select([7, 8, 9])
    figure = umap_figure(session)
    (axes, *_) = figure.axes
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:-1] == [
        "labelled mine (5)",
        "selected (3)",
        "confirmed (1)",
        "positive template (2)",
        "negative template (1)",
    ]
    rings = axes.collections[2:]  # a casing and a line for each
    assert [len(group.get_offsets()) for group in rings] == [5, 5, 3, 3, 1, 1, 2, 2, 1, 1]
    discarded, active = (group.get_offsets() for group in axes.collections[:2])
    assert (len(discarded), len(active)) == (30, 30)
    assert axes.get_xlabel() == "principal component 1"
    umap = np.arange(120, dtype=np.float32).reshape(60, 2)
    projected = Session(replace(small_table, umap=umap))
    projected.mark([3, 5], "negative")
    (axes, *_) = umap_figure(projected).axes
    assert axes.get_xlabel() == "UMAP 1"
    np.testing.assert_array_equal(axes.collections[-1].get_offsets(), umap[[3, 5]])


@pytest.mark.slow
@pytest.mark.parametrize("pools", [None, np.zeros(60, int), np.ones(60, int)])
def test_figures_of_a_session_in_which_nothing_was_done(small_table, pools, tmp_path):
    session = Session(small_table, pools)
    export(session, tmp_path / "map.png")
    export(session, tmp_path / "curve.svg", what="curve")
    export(session, tmp_path / "umap.svg", what="umap")
    session.mark(0, "positive")
    export(session, tmp_path / "out.html")


@pytest.mark.slow
def test_drawing_does_without_pyplot(session, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it fails
    for suffix in PAGES_AND_FIGURES:
        export(session, tmp_path / f"out{suffix}")


# What is wrong is said -----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".shp", "", ".GEO", ".jsonl"])
def test_an_unknown_kind_of_file_is_said(session, tmp_path, suffix):
    with pytest.raises(ExportError, match=r"out.*use one of \.geojson, .*\.svg"):
        export(session, tmp_path / f"out{suffix}")


def test_suffixes_may_be_in_capitals(session, tmp_path):
    export(session, tmp_path / "OUT.GeoJSON")
    assert len(gpd.read_file(tmp_path / "OUT.GeoJSON")) == 29


@pytest.mark.parametrize(
    ("name", "what"), [("out.csv", "map"), ("out.html", "curve"), ("out.png", "verdicts")]
)
def test_what_does_not_go_into_the_file_is_said(session, tmp_path, name, what):
    with pytest.raises(ExportError, match=f"{name}: for {what}, use a file that ends in"):
        export(session, tmp_path / name, what=what)


@pytest.mark.parametrize("suffix", [".csv", ".html"])
def test_too_few_patches_are_said(session, tmp_path, suffix):
    with pytest.raises(ExportError, match="ask for 1 or more"):
        export(session, tmp_path / f"out{suffix}", top=0)


def test_nothing_to_list_is_said(small_table, tmp_path):
    session = Session(small_table)
    with pytest.raises(SessionError, match="no candidates yet; mark"):
        export(session, tmp_path / "out.csv")
    with pytest.raises(SessionError, match="neither a verdict nor a note yet; confirm"):
        export(session, tmp_path / "out.csv", what="verdicts")
    session.mark(0, "positive")
    session.judge(range(60), "rejected")
    with pytest.raises(SessionError, match="No candidate is left"):
        export(session, tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_place_that_cannot_be_written_is_said(session, tmp_path, suffix):
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written there"):
        export(session, tmp_path / "file" / f"out{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(ExportError, match="cannot be written there"):
        export(session, tmp_path / f"folder{suffix}")
    assert {file.name for file in tmp_path.iterdir()} == {"file", f"folder{suffix}"}


def test_an_interrupted_export_leaves_the_old_file(session, tmp_path, monkeypatch):
    path = tmp_path / "out.gpkg"
    export(session, path)
    before = path.read_bytes()

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rareearth_explorer.exporting.session_export.write_listing", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(session, path, top=3)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["out.gpkg"]


# The command ---------------------------------------------------------------------------------


@pytest.fixture
def saved(small_table, tmp_path):
    """A table on disk and the name of a session of it."""
    path = tmp_path / "table.parquet"
    with TableWriter(path, small_table.dim, small_table.metadata) as writer:
        writer.append(
            small_table.row, small_table.column, small_table.corners, small_table.embeddings
        )
    table = open_table(path)
    session = Session(table)
    Journal.named(table, "my hunt").attach(session)
    session.mark([0, 4], "positive")
    session.judge(2, "confirmed")
    return path


def test_a_session_is_exported_by_its_name(saved, tmp_path, capsys):
    assert main(["export", "my hunt", "-o", str(tmp_path / "out.geojson"), "--top", "9"]) == 0
    assert "out.geojson is written" in capsys.readouterr().out
    assert len(gpd.read_file(tmp_path / "out.geojson")) == 9


def test_the_umap_is_exported_as_a_figure(saved, tmp_path):
    main(["export", "my hunt", "-o", str(tmp_path / "out.svg"), "--what", "umap"])
    assert "principal component 1" in (tmp_path / "out.svg").read_text()


def test_a_session_is_exported_by_its_file(saved, tmp_path, pools, small_table):
    table = open_table(saved)
    journal = Journal.named(table, "my hunt").path.rename(tmp_path / "moved.jsonl")
    saved.rename(tmp_path / "table2.parquet")
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*table.centroids[[0, 2]].T), crs=4326)
    points.to_file(tmp_path / "pools.geojson")
    arguments = ["--table", str(tmp_path / "table2.parquet"), "--what", "verdicts"]
    arguments += ["--labels", str(tmp_path / "pools.geojson")]
    assert main(["export", str(journal), "-o", str(tmp_path / "out.csv"), *arguments]) == 0
    found = pd.read_csv(tmp_path / "out.csv")
    assert found.patch.tolist() == [2]
    assert found.pools.tolist() == [1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["my hunt", "-o", "out.shp"], "out.shp: this suffix is not supported; use one of"),
        (["no hunt", "-o", "out.csv"], "no saved session 'no hunt'; give a name"),
        (["missing.jsonl", "-o", "out.csv"], "cannot be read as a session"),
        (["my hunt", "-o", "out.csv", "--top", "-1"], "ask for 1 or more"),
        (["my hunt", "-o", "out.csv", "--table", "missing.parquet"], "no such file"),
        (["my hunt", "-o", "out.html", "--scene", "missing.tif"], "missing.tif"),
    ],
)
def test_wrong_input_ends_in_one_sentence(
    saved, tmp_path, monkeypatch, capsys, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert main(["export", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("read", ["table.parquet", "pools.geojson", "scene.png"])
def test_what_is_read_is_not_written_over(saved, tmp_path, capsys, read):
    arguments = ["export", "my hunt", "-o", str(tmp_path / read)]
    if read == "pools.geojson":
        points = gpd.points_from_xy(*open_table(saved).centroids[[0, 2]].T)
        gpd.GeoDataFrame(geometry=points, crs=4326).to_file(tmp_path / read)
        arguments += ["--labels", str(tmp_path / read)]
    if read == "scene.png":
        (tmp_path / read).write_bytes(b"imagery")
        arguments += ["--scene", str(tmp_path / read)]
    before = (tmp_path / read).read_bytes()
    assert main(arguments) == 2
    assert f"{read}: this is one of the files that are read" in capsys.readouterr().err
    assert (tmp_path / read).read_bytes() == before


def test_a_table_that_moved_is_asked_for(saved, tmp_path, capsys):
    saved.rename(tmp_path / "moved.parquet")
    assert main(["export", "my hunt", "-o", str(tmp_path / "out.csv")]) == 2
    assert "its table is no longer" in capsys.readouterr().err


def test_a_session_whose_table_was_not_recorded_asks_for_it(small_table, tmp_path, capsys):
    Journal(tmp_path / "s.jsonl").attach(Session(small_table))
    assert main(["export", str(tmp_path / "s.jsonl"), "-o", str(tmp_path / "out.csv")]) == 2
    assert "its table is not recorded; give it with --table" in capsys.readouterr().err


def test_a_name_that_two_tables_have_asks_which(saved, small_table, tmp_path, capsys):
    with TableWriter(tmp_path / "other.parquet", small_table.dim, {}, placed=False) as writer:
        writer.append(None, None, small_table.corners[:50], small_table.embeddings[:50])
    other = open_table(tmp_path / "other.parquet")
    Journal.named(other, "my hunt").attach(Session(other))
    unsaved = PatchTable.from_arrays(small_table.embeddings[:40], small_table.corners[:40])
    Journal.named(unsaved, "my hunt").attach(Session(unsaved))
    arguments = ["export", "my hunt", "-o", str(tmp_path / "out.csv")]
    assert main(arguments) == 2
    tables = f"{other.path}, {saved}, one with no recorded path"
    assert f"3 tables have a session 'my hunt': {tables}; choose" in capsys.readouterr().err
    assert main([*arguments, "--table", str(saved)]) == 0
