"""The report: one page for a reader who was not there, as HTML and as PDF."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontManager

from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.table import PatchTable, TableWriter, open_table
from rareearth_explorer.demo.prepare import demo_folder, prepare_demo
from rareearth_explorer.errors import ExportError
from rareearth_explorer.exporting import export, page_fonts
from rareearth_explorer.exporting.page_fonts import STAND_IN, PageFonts
from rareearth_explorer.exporting.pdf_page import report_pages
from rareearth_explorer.exporting.report import KNOWN, LISTED, SYNTHETIC, Report
from rareearth_explorer.exporting.report_map import ReportMap, mercator
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal

NOTE = 'a <b>roof</b>, & "tracks"\nGröße; $5'


@pytest.fixture
def session(small_table):
    """Two templates, one refinement, a verdict of each kind, and an unruly note."""
    pools = np.zeros(len(small_table), np.int64)
    pools[[0, 2, 4, 6, 8]] = [1, 2, 3, 1, 4]
    session = Session(small_table, pools)
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.refine(float(np.median(session.scores)))
    session.judge(2, "confirmed")
    session.judge(6, "rejected")
    session.judge(3, "skipped")
    session.note(6, NOTE)
    return session


@pytest.fixture
def scene_and_table(make_geotiff):
    """A table cut from a scene, and the open scene."""
    with open_scene(make_geotiff()) as scene:
        grid = PatchGrid.for_raster(scene.crs, scene.transform, scene.width, scene.height, 60)
        row, column = np.divmod(np.arange(len(grid), dtype=np.int32), grid.columns)
        embeddings = np.random.default_rng(0).random((len(grid), 8), np.float32)
        recorded = {"name": scene.path.name, "time": None, "bands": list(scene.bands)}
        metadata = {
            "grid": grid.to_metadata(),
            "encoder": {"name": "some-encoder"},
            "scenes": [recorded],
            "made_by": "rareearth-explorer 0.0.1",
        }
        corners = grid.corners(row, column)
        places = {"row": row, "column": column, "metadata": metadata}
        yield scene, PatchTable.from_arrays(embeddings, corners, **places)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data


def html_of(session, tmp_path, **options):
    export(session, tmp_path / "out.html", **options)
    return Page((tmp_path / "out.html").read_text(encoding="utf-8"))


def pdf_of(session, **options):
    """Return the lines of a PDF, page after page."""
    pages = report_pages(Report.of(session, **options))
    return [[text.get_text() for text in figure.texts] for figure in pages.figures]


def joined(lines):
    return " ".join(lines)


# What is listed ------------------------------------------------------------------------------


def test_new_candidates_come_first_and_known_mines_by_themselves(session):
    report = Report.of(session)
    new = [patch for patch in session.ranking[:30].tolist() if patch not in {0, 1, 2, 4, 6}]
    assert [entry.patch for entry in report.listed.entries] == new[:LISTED]
    assert [entry.mark for entry in report.listed.entries] == list("123456")
    ranks = session.state.ranks
    assert [entry.patch for entry in report.known.entries] == sorted([0, 2, 4], key=ranks.item)
    assert [entry.mark for entry in report.known.entries] == list("ABC")
    assert report.listed.heading == f"The 6 best of {len(new)} new candidates"
    assert report.known.heading == "3 known mines, confirmed or marked as positive"


def test_rejected_patches_and_negative_templates_are_never_candidates(session):
    best = [entry.patch for entry in Report.of(session).listed.entries]
    session.judge(best[0], "rejected")
    session.mark(best[1], "negative")
    shown = {entry.patch for entry in Report.of(session, top=60).entries}
    assert not shown & {*best[:2], 1, 6}
    assert best[2] in shown


def test_verdicts_and_notes_can_be_listed_instead(session):
    discarded = int(np.flatnonzero(~session.active)[-1])
    session.note(discarded, "look again")
    report = Report.of(session, what="verdicts")
    assert {entry.patch for entry in report.listed.entries} == {2, 3, 6, discarded}
    assert report.listed.heading == "4 patches with a verdict or a note"
    assert {entry.patch: entry.group for entry in report.listed.entries} == {
        2: "confirmed",
        3: "candidate",
        6: "rejected",
        discarded: "candidate",
    }
    assert {entry.patch for entry in report.known.entries} == {0, 4}


def test_a_selection_restricts_both_sections(session):
    new = [entry.patch for entry in Report.of(session).listed.entries]
    report = Report.of(session, within=[0, new[2], new[4], 6])
    assert [entry.patch for entry in report.entries] == [new[2], new[4], 0]
    assert report.listed.heading == "2 selected new candidates"


def test_a_hunt_without_new_candidates_says_so(session, tmp_path):
    session.judge([patch for patch in range(60) if patch not in (0, 4)], "confirmed")
    for text in (html_of(session, tmp_path).text, joined(pdf_of(session)[0])):
        assert "No new candidate" in text
        assert "every patch that was kept is judged or a template" in text
        assert f"The {KNOWN} best of 60 known mines" in text


def test_a_candidate_tells_place_score_dates_verdict_and_note(scene_and_table):
    scene, table = scene_and_table
    session = Session(table, [5, *[0] * (len(table) - 1)])
    session.mark(1, "positive")
    session.judge(0, "skipped")
    session.note(0, "cloud")
    dated = replace(scene, time=None)
    (first,) = [
        entry for entry in Report.of(session, scene=scene, dates=[dated], top=99).listed.entries
        if entry.patch == 0
    ]  # fmt: skip
    lon, lat = table.centroids[0]
    assert first.facts[0].replace("\xa0", " ") == f"{lat:.5f}° N, {lon:.5f}° E"
    assert re.fullmatch(r"47R [A-Z]{2} \d{4} \d{4}", first.facts[1])
    assert first.facts[2] == f"score {session.scores[0]:+.3f}, rank {session.state.ranks[0]}"
    assert first.facts[3:] == ("seen on scene.tif, scene.tif", "skipped", "5 labelled pools")
    assert first.note == "cloud"
    assert first.picture.shape == (176, 176, 3)
    assert first.picture.any()


# What it says of the whole -------------------------------------------------------------------


def test_the_result_is_one_sentence(session):
    result = Report.of(session).result
    new = set(np.flatnonzero(session.active).tolist()) - {0, 1, 2, 4, 6}
    start = f"{len(new)} of 60 patches are new candidates; 1 is confirmed and 1 rejected; "
    assert result.startswith(start)
    judged = int(session.active[[2, 3, 6]].sum())
    assert f"{judged} of the 30 kept patches have a verdict" in result
    assert "among the 30 discarded patches is unknown, because no sample" in result
    assert result.count(". ") == 0
    session.audit(10)
    session.judge(session.decisions.audit.sample, "rejected")
    assert "mines among 30 discarded patches: about 0, between" in Report.of(session).result


def test_the_result_says_how_far_the_review_has_come(session):
    best = session.ranking[:5].tolist()
    session.judge([patch for patch in best if patch not in (0, 4)], "skipped")
    assert "have a verdict, without a gap down to rank 5;" in Report.of(session).result


def test_the_report_holds_what_defends_the_list(session, small_table, tmp_path):
    page = html_of(session, tmp_path, name="<hunt> & co", what="verdicts")
    (lines, *_) = pdf_of(session, name="<hunt> & co", what="verdicts")
    kept, mines = int(session.active.sum()), int((session.mines & session.active).sum())
    threshold = session.decisions.rounds[-1].threshold
    for text in (page.text, joined(lines)):
        assert "Session <hunt> & co" in text
        assert "Cosine Contrast (equation 3)" in text
        assert "not a probability" in text
        assert small_table.identity in text
        assert re.search(r"written \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
        assert "rareearth-explorer 0.1.0" in text
        assert "11 pools in 5 patches" in text
        assert "1 confirmed, 1 rejected, 1 skipped" in text
        assert "2 positive (patches 0; 4); 1 negative (patches 1)" in text
        assert f"2: {kept} patches from a score of {threshold:+.3f} ({kept / 60:.1%})" in text
        assert f"{mines} of 5 with labelled pools" in text
        assert "synthetic" not in text.lower()
    assert NOTE in page.text


def test_html_and_pdf_have_the_same_contents_in_the_same_order(session, tmp_path):
    html = html_of(session, tmp_path).text
    pdf = joined(line for lines in pdf_of(session) for line in lines)
    report = Report.of(session)
    parts = [report.result[:40], report.listed.heading]
    parts += [entry.title for entry in report.listed.entries] + [report.known.heading]
    parts += [entry.title for entry in report.known.entries]
    parts += ["Methods and limits", "patch table", "encoder", "templates", "limits", "A high score"]
    for text in (html, pdf):
        place = 0
        for part in parts:
            assert part in text[place:], part
            place = text.index(part, place) + len(part)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["20220307_synthetic_demo.tif", "scene.tif"])
def test_a_report_on_the_demo_says_that_it_is_synthetic(scene_and_table, tmp_path, name):
    scene, table = scene_and_table
    table.metadata["scenes"][0]["name"] = name
    session = Session(table)
    session.mark(3, "positive")
    html = html_of(session, tmp_path, scene=scene).text
    pdf = joined(line for lines in pdf_of(session, scene=scene) for line in lines)
    for text in (html, pdf):
        assert ("SYNTHETIC" in text) == (SYNTHETIC in text) == ("synthetic" in name)


# Map and pictures ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_map_shows_the_imagery_where_it_is_and_numbers_the_patches(scene_and_table):
    scene, table = scene_and_table
    session = Session(table)
    session.mark(3, "positive")
    report = Report.of(session, scene=scene)
    maps = ReportMap(session, scene, report.entries)
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    maps.draw(axes)
    (image,) = axes.images
    west, east, south, north = image.get_extent()
    pixels = image.get_array()
    rows, columns = np.nonzero(pixels[..., 3])
    across, down = (east - west) / pixels.shape[1], (north - south) / pixels.shape[0]
    drawn_x = west + across * np.array([columns.min(), columns.max() + 1])
    drawn_y = north - down * np.array([rows.max() + 1, rows.min()])
    (bottom, left), (top, right) = scene.bounds
    x, y = mercator(np.array([[left, bottom], [right, top]])).T
    np.testing.assert_allclose(drawn_x, x, atol=8)
    np.testing.assert_allclose(drawn_y, y, atol=8)
    texts = {text.get_text(): text.get_position() for text in axes.texts}
    assert {"1", "2", "6", "A", "N\n↑"} <= set(texts)
    assert [text for text in texts if re.fullmatch(r"\d+ m|[\d.]+ km", text)]
    centres = mercator(table.centroids)
    for entry in report.entries:
        away = np.linalg.norm(centres - texts[entry.mark], axis=1)
        assert away[entry.patch] < 100
    assert all(label.get_text().endswith("° E") for label in axes.get_xticklabels())
    assert all(label.get_text().endswith("° N") for label in axes.get_yticklabels())


@pytest.mark.slow
def test_pictures_are_shown_when_there_is_a_scene(scene_and_table, tmp_path):
    scene, table = scene_and_table
    session = Session(table)
    session.mark(3, "positive")
    session.mark(5, "negative")
    session.mute(5)
    page = html_of(session, tmp_path, scene=scene, top=4)
    pictures = [value for name, value in page.attributes if name == "alt"]
    assert len([text for text in pictures if text.startswith("patch ")]) == 4 + 1
    assert f"Pictures: {scene.path.name}" in page.text
    assert "1 negative (patches 5, muted)" in page.text
    assert "The 4 best of" in page.text
    assert "some-encoder, 8 numbers per patch" in page.text
    assert "the table by rareearth-explorer 0.0.1" in page.text


def test_the_report_needs_nothing_beside_it_and_runs_nothing(session, tmp_path):
    page = html_of(session, tmp_path, what="verdicts")
    assert not page.tags & {"script", "link", "iframe", "b"}
    sources = [value for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert sources
    assert all(source.startswith(("#", "data:image/")) for source in sources)
    identities = [value for name, value in page.attributes if name == "id"]
    assert len(identities) == len(set(identities))
    assert {source[1:] for source in sources if source[0] == "#"} <= set(identities)


def test_a_scene_elsewhere_is_refused(scene_and_table, small_table, tmp_path):
    scene, _ = scene_and_table
    far = PatchTable.from_arrays(small_table.embeddings, small_table.corners - [60, 0])
    session = Session(far)
    session.mark(3, "positive")
    with pytest.raises(ExportError, match="shows none of the table's patches"):
        export(session, tmp_path / "out.html", scene=scene)


# Text of any kind ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_hostile_names_are_text_in_a_report(small_table, tmp_path, suffix):
    name = "<script>alert(1)</script>\x00\udce4$x_1^2$"  # as of a file that is not in UTF-8
    metadata = {
        **small_table.metadata,
        "encoder": {"name": name, "weights_sha256": name},
        "scenes": [{"name": name, "time": name}],
        "made_by": name,
    }
    table = replace(small_table, metadata=metadata, path=tmp_path / f"{name[:9]}\udce4.parquet")
    hunt = Session(table)
    hunt.mark(0, "positive")
    path = tmp_path / f"out{suffix}"
    export(hunt, path, name=name)
    if suffix == ".html":
        page = path.read_text("utf-8")
        assert "<script" not in page
        safe = "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd\ufffd$x_1^2$"
        assert page.count(safe) == 9  # in title, heading, source twice, and methods


@pytest.mark.parametrize("length", [1, 40])
def test_a_long_note_is_whole_and_within_the_page(session, tmp_path, length):
    (first, *_) = Report.of(session).listed.entries
    note = " ".join(f"word{number}" for number in range(50 * length)) + " " + "矿" * 60 * length
    session.note(first.patch, note)
    assert note in html_of(session, tmp_path).text
    report = Report.of(session)
    pages = report_pages(report)
    lines = [text.get_text() for figure in pages.figures for text in figure.texts]
    for number in range(50 * length):
        assert any(f"word{number} " in f"{line} " for line in lines)
    assert "".join(lines).count(pages.fonts.shown("矿")) >= 60 * length
    for figure in pages.figures:
        renderer = FigureCanvasAgg(figure).get_renderer()
        for text in figure.texts:
            box = text.get_window_extent(renderer)
            assert box.x1 <= figure.bbox.x1 - 15, text.get_text()
            assert box.y0 >= 15, text.get_text()


@pytest.mark.slow
def test_a_usual_report_is_one_page_and_a_long_one_has_more(scene_and_table, tmp_path):
    scene, table = scene_and_table
    session = Session(table)
    session.mark([3, 5, 8], "positive")
    session.mark(range(20, 26), "negative")
    session.judge([9, 10], "confirmed")
    for top, pages in ((None, 1), (30, 2)):
        export(session, tmp_path / "out.pdf", scene=scene, top=top)
        content = (tmp_path / "out.pdf").read_bytes()
        assert len(re.findall(rb"/Type /Page\b", content)) == pages


def font_with(characters, path):
    """Write a font that has a square for each of some characters."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((500, 500))
    pen.closePath()
    glyph = pen.glyph()
    names = [f"u{ord(each):04X}" for each in characters]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(each): n for each, n in zip(characters, names, strict=True)})
    builder.setupGlyf({".notdef": glyph, **dict.fromkeys(names, glyph)})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Burmese Test", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def only_the_fonts(monkeypatch):
    """Leave only the fonts that come with matplotlib, and others that a test names."""
    import matplotlib.font_manager as fonts

    manager = fonts.fontManager
    own = [each for each in manager.ttflist if "mpl-data" in each.fname]

    def leave(*paths):
        monkeypatch.setattr(manager, "ttflist", list(own))
        for path in paths:
            manager.addfont(path)
        for cached in (page_fonts._files, page_fonts._characters):
            cached.cache_clear()

    assert isinstance(manager, FontManager)
    yield leave
    for cached in (page_fonts._files, page_fonts._characters):
        cached.cache_clear()


def test_characters_without_a_font_are_told_of_in_the_pdf(
    session, tmp_path, only_the_fonts, recwarn
):
    only_the_fonts()
    (first, *_) = Report.of(session).listed.entries
    session.note(first.patch, "အမည် 矿 Größe \U0001f600 a\u200bb")
    assert "အမည် 矿 Größe \U0001f600" in html_of(session, tmp_path).text
    lines = joined(line for lines in pdf_of(session) for line in lines)
    assert f"Note: {STAND_IN * 3}" in lines
    assert "Größe" in lines
    assert f"{STAND_IN} stands for a character that no font of this computer has" in lines
    export(session, tmp_path / "out.pdf")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_an_installed_font_shows_what_the_first_one_lacks(
    session, tmp_path, only_the_fonts, recwarn
):
    font_with("အမည်", tmp_path / "burmese.ttf")
    only_the_fonts(tmp_path / "burmese.ttf")
    assert PageFonts.for_texts(["Größe"]).families == ("DejaVu Sans",)
    fonts = PageFonts.for_texts(["အမည် 矿"])
    assert fonts.families == ("DejaVu Sans", "Burmese Test")
    assert fonts.shown("အမည် 矿") == f"အမည် {STAND_IN}"
    (first, *_) = Report.of(session).listed.entries
    session.note(first.patch, "အမည်")
    lines = joined(line for lines in pdf_of(session) for line in lines)
    assert "Note: အမည်" in lines
    assert STAND_IN not in lines
    export(session, tmp_path / "out.pdf")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


# The command ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_report_is_exported_with_the_scene_and_other_dates(
    scene_and_table, tmp_path, make_geotiff
):
    scene, table = scene_and_table
    with TableWriter(tmp_path / "t.parquet", table.dim, table.metadata) as writer:
        writer.append(table.row, table.column, table.corners, table.embeddings)
    session = Session(open_table(tmp_path / "t.parquet"))
    Journal(tmp_path / "s.jsonl").attach(session)
    session.mark(1, "positive")
    other = make_geotiff(name="20220314.tif")
    out = tmp_path / "out.html"
    arguments = ["export", str(tmp_path / "s.jsonl"), "-o", str(out), "--scene", str(scene.path)]
    assert main([*arguments, "--dates", str(other)]) == 0
    page = Page(out.read_text())
    assert "Session s" in page.text
    assert "other dates 2022-03-14" in page.text
    assert "seen on 2022-03-14, scene.tif" in page.text
    assert "alt" in dict(page.attributes)
    assert main([*arguments[:3], str(other), "--dates", str(other)]) == 2


@pytest.mark.slow
def test_a_report_on_the_demo_has_its_pictures_dates_and_labels(tmp_path):
    demo = prepare_demo(demo_folder(), patches=(8, 9), progress=False)
    table = open_table(demo.table)
    session = Session(table)
    Journal.named(table, "default").attach(session)
    session.mark(1, "positive")
    assert main(["export", "default", "-o", str(tmp_path / "out.html")]) == 0
    page = Page((tmp_path / "out.html").read_text())
    assert ("alt", "patch 1") in page.attributes
    assert f"seen on all {1 + len(demo.other_dates)} dates" in page.text
    assert re.search(r"\d+ pools in \d+ patches", page.text)
    elsewhere = tmp_path / "elsewhere.parquet"
    elsewhere.write_bytes(demo.table.read_bytes())
    arguments = ["export", "default", "--table", str(elsewhere), "-o", str(tmp_path / "2.html")]
    assert main(arguments) == 0
    page = Page((tmp_path / "2.html").read_text())
    assert ("alt", "patch 1") not in page.attributes
    assert not re.search(r"\d+ pools in \d+ patches", page.text)
