"""Each panel both ways, without a browser: change the session and read the widget, and back."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from rareearth_explorer.app import Explorer
from rareearth_explorer.errors import TableError
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.history import History
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.export_panel import CHOICES, ExportPanel
from rareearth_explorer.widgets.map import MapPanel
from rareearth_explorer.widgets.map.bridge import mercator_offsets
from rareearth_explorer.widgets.roc_panel import RocPanel
from rareearth_explorer.widgets.session_panel import SessionPanel
from rareearth_explorer.widgets.status_line import StatusLine
from rareearth_explorer.widgets.tasks import Worker
from rareearth_explorer.widgets.templates_panel import TemplatesPanel
from rareearth_explorer.widgets.umap_panel import UmapPanel


class HeldWorker(Worker):
    """Keeps the job until the test lets it go, so that a test sees the time in between."""

    def __init__(self):
        super().__init__(lambda: None)
        self.job = None

    @property
    def busy(self):
        return self.job is not None

    def start(self):
        pass

    def submit(self, done, function, *arguments):
        self.job = (done, function, arguments)

    def finish(self):
        done, function, arguments = self.job
        self.job = None
        done(function(*arguments))

    def cancel(self):
        self.job = None


@pytest.fixture(autouse=True)
def held_projections(monkeypatch):
    """No test of an explorer starts the process that projects."""
    monkeypatch.setattr("rareearth_explorer.widgets.umap_panel.Worker", lambda *_: HeldWorker())


@pytest.fixture
def session(small_table):
    return Session(small_table)


@pytest.fixture
def labelled(small_table):
    return Session(small_table, np.where(np.arange(60) % 7 == 0, 2, 0))


def marked(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


class TestMap:
    def test_shows_levels_of_scores(self, session):
        panel = MapPanel(session)
        assert set(panel.bridge.levels) == {0}
        marked(session)
        levels = np.frombuffer(panel.bridge.levels, np.uint8)
        assert levels[0] > 128 > levels[1]
        order = np.argsort(session.scores)
        assert (np.diff(levels[order].astype(int)) >= 0).all()
        assert "Cosine Contrast" in panel.legend.value

    def test_hides_what_is_discarded(self, session):
        panel = MapPanel(session)
        marked(session).refine()
        levels = np.frombuffer(panel.bridge.levels, np.uint8)
        np.testing.assert_array_equal(levels > 0, session.active)

    def test_click_marks_with_the_sign_and_shift_with_the_other(self, session):
        panel = MapPanel(session)
        panel.receive({"kind": "click", "patch": 4, "other": False})
        panel.receive({"kind": "click", "patch": 5, "other": True})
        assert (session.positives, session.negatives) == ((4,), (5,))
        panel.sign.value = "negative"
        panel.receive({"kind": "click", "patch": 6, "other": False})
        panel.receive({"kind": "click", "patch": 7, "other": True})
        assert (session.positives, session.negatives) == ((4, 7), (5, 6))

    def test_click_again_unmarks(self, session):
        panel = MapPanel(session)
        for _ in range(2):
            panel.receive({"kind": "click", "patch": 4, "other": False})
        assert session.positives == ()

    def test_outlines_templates_selection_and_mines(self, labelled):
        panel = MapPanel(labelled)
        marked(labelled)
        labelled.select([8, 3])
        patches = {name: group["patches"] for name, group in panel.bridge.outlines.items()}
        assert patches["positive"] == [0]
        assert patches["negative"] == [1]
        assert patches["selection"] == [3, 8]
        assert patches["mines"] == list(range(0, 60, 7))
        json.dumps(panel.bridge.outlines)  # the comm can carry it
        panel.mines.value = False
        assert panel.bridge.outlines["mines"]["patches"] == []

    def test_hover_says_patch_score_rank_and_pools(self, labelled):
        panel = MapPanel(labelled)
        panel.receive({"kind": "hover", "patch": 7})
        assert panel.bridge.tooltip == "patch 7 · 2 pools"
        marked(labelled)
        expected = f"score {labelled.scores[7]:+.3f} · rank {labelled.state.ranks[7]}"
        assert expected in panel.bridge.tooltip
        panel.receive({"kind": "hover", "patch": None})
        assert panel.bridge.tooltip == ""

    def test_controls_and_session_are_one(self, session):
        panel = MapPanel(session)
        session.sign = "negative"
        assert panel.sign.value == "negative"
        panel.opacity.value = 0.2
        assert panel.bridge.opacity == 0.2
        panel.grid.value = False
        assert panel.bridge.grid is False

    def test_places_are_sent_to_the_centimetre(self, small_table):
        (x, y), corners = mercator_offsets(small_table.corners)
        world = np.frombuffer(corners, np.float32).reshape(-1, 2).astype(float) + np.array([x, y])
        lon = (world[:, 0] - 0.5) * 360
        lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * world[:, 1]))))
        error = np.stack([lon, lat], -1) - small_table.corners.reshape(-1, 2)
        assert np.abs(error).max() * 111_320 < 0.01


@pytest.mark.slow
class TestUmap:
    def test_without_a_stored_projection_says_what_it_shows(self, session):
        panel = UmapPanel(session, HeldWorker())
        assert "principal components" in panel.note.value
        assert panel.coordinates.shape == (60, 2)

    def test_follows_scores(self, session):
        panel = UmapPanel(session, HeldWorker())
        grey = panel.scatter.widget.color[0]
        marked(session)
        assert len(panel.scatter.widget.color) > 2
        session.clear()
        assert panel.scatter.widget.color[0] == grey

    def test_draws_again_what_was_ignored_while_it_drew(self, session, monkeypatch):
        panel, sent = UmapPanel(session, HeldWorker()), []
        monkeypatch.setattr(panel.scatter.widget, "send_state", lambda key=None: sent.append(key))
        marked(session)
        assert sent[-1] == "points"

    def test_shows_pools_red_and_sized(self, labelled):
        panel = UmapPanel(labelled, HeldWorker())
        panel.colour_by.value = "pools"
        assert panel.scatter.widget.size_by == "valueB"

    def test_offers_pools_only_with_labels(self, session):
        assert "pools" not in UmapPanel(session, HeldWorker()).colour_by.options

    @pytest.mark.parametrize("by", ["round", "verdict"])
    def test_colours_by_round_and_verdict(self, session, by):
        panel = UmapPanel(session, HeldWorker())
        marked(session).refine()
        session.judge(4, "confirmed")
        panel.colour_by.value = by
        assert panel.scatter.widget.color_by == "valueA"

    def test_selection_goes_both_ways(self, session):
        panel = UmapPanel(session, HeldWorker())
        panel.scatter.widget.selection = np.array([9, 2])
        assert session.selection == (2, 9)
        session.select([4])
        assert list(panel.scatter.widget.selection) == [4]

    def test_refinement_projects_what_is_left_and_undo_brings_all_back(self, session):
        worker = HeldWorker()
        panel = UmapPanel(session, worker)
        home = panel.coordinates
        marked(session).refine()
        assert worker.busy
        assert "Computing a UMAP" in panel.note.value
        assert panel.cancel.layout.display is None
        shown = list(panel.scatter.widget.filter)
        assert shown == np.flatnonzero(session.active).tolist()
        worker.finish()
        assert "this round" in panel.note.value
        assert not np.allclose(panel.coordinates[session.active], home[session.active])
        session.undo()
        np.testing.assert_array_equal(panel.coordinates, home)
        assert not worker.busy

    def test_projecting_can_be_cancelled(self, session):
        worker = HeldWorker()
        panel = UmapPanel(session, worker)
        before = panel.coordinates
        marked(session).refine()
        panel.cancel.click()
        assert not worker.busy
        np.testing.assert_array_equal(panel.coordinates, before)
        assert "cancelled" in panel.note.value


def pixels(png):
    """RGB of a picture, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.slow
class TestRoc:
    def test_without_labels_shows_a_histogram_and_says_so(self, session):
        panel = RocPanel(session)
        assert "No labels" in panel.caption.value
        before = panel.image.value
        marked(session)
        assert panel.image.value != before
        assert "Cosine Contrast" in panel.caption.value
        assert panel.curves == []

    def test_curve_leaves_templates_out(self, labelled):
        from sklearn.metrics import roc_auc_score

        panel = RocPanel(labelled)
        assert panel.curves == []
        marked(labelled)
        rest = np.arange(60) > 1
        expected = roc_auc_score(labelled.mines[rest], labelled.scores[rest])
        assert [c.auc for c in panel.curves] == [pytest.approx(expected)]

    def test_keeps_the_curves_of_earlier_rounds(self, labelled):
        panel = RocPanel(labelled)
        marked(labelled)
        first = panel.curves[0].auc
        labelled.refine()
        labelled.mark(2, "negative")
        assert panel.curves[0].auc == first
        assert len(panel.curves) == 2
        labelled.back()
        assert len(panel.curves) == 1

    @pytest.mark.slow
    def test_the_legend_lists_the_rounds_in_their_order(self, labelled):
        panel = RocPanel(labelled)
        marked(labelled)
        for patch in (2, 3, 4):
            lowest = labelled.scores[labelled.active].min()
            labelled.refine(threshold=float(lowest) + 1e-6)
            labelled.mark(patch, "negative")
        said = [text.get_text()[:8] for text in panel.axes.get_legend().get_texts()]
        assert said == ["round 1:", "round 2:", "round 3:", "round 4:"]
        labelled.back()
        said = [text.get_text()[:8] for text in panel.axes.get_legend().get_texts()]
        assert said == ["round 1:", "round 2:", "round 3:"]

    def test_the_picture_is_the_one_that_matplotlib_draws_of_the_whole_figure(self, labelled):
        panel = RocPanel(labelled)
        marked(labelled)
        labelled.refine(threshold=float(labelled.scores[labelled.active].min()) + 1e-6)
        labelled.mark(2, "negative")  # so it is painted several times, and has two curves
        shown = pixels(panel.image.value)
        for artist in panel.figure.findobj(lambda artist: artist.get_animated()):
            artist.set_animated(False)
        whole = io.BytesIO()
        panel.figure.savefig(whole)
        assert np.abs(shown - pixels(whole.getvalue())).max() < 10  # of 255, at blended edges
        labelled.back()
        assert np.abs(shown - pixels(panel.image.value)).max() > 100

    def test_picture_is_png(self, session):
        assert bytes(RocPanel(session).image.value[:4]) == b"\x89PNG"


class TestTemplates:
    def test_lists_what_is_marked_and_takes_it_back(self, session):
        panel = TemplatesPanel(session)
        marked(session)
        assert len(panel.list.children) == 2
        assert "1 positive" in panel.heading.value
        remove, _ = panel.list.children[0].children[-1].children
        remove.click()
        assert session.positives == ()
        assert len(panel.list.children) == 1
        panel.clear.click()
        assert panel.list.children == ()

    def test_of_many_templates_the_last_have_cards(self, session):
        panel = TemplatesPanel(session)
        session.mark(range(20), "negative")
        assert len(panel.list.children) == 16
        assert "20 negative, last 16 shown" in panel.heading.value
        session.unmark(range(5))
        assert "15 negative" in panel.heading.value
        assert "shown" not in panel.heading.value

    def test_a_template_can_be_switched_off_and_on(self, session):
        panel = TemplatesPanel(session)
        session.mark(0, "positive")
        before = session.scores
        session.mark(2, "positive")
        _, effect = panel.list.children[1].children[-1].children
        effect.value = False
        np.testing.assert_array_equal(session.scores, before)
        session.undo()
        assert effect.value is True

    def test_cards_of_other_templates_are_kept(self, session):
        panel = TemplatesPanel(session)
        marked(session)
        before = panel.list.children
        session.mark(5, "positive")
        assert panel.list.children[0] is before[0]
        assert panel.list.children[2] is before[1]


class TestStatus:
    def test_says_what_was_wrong_until_something_works(self, session):
        panel = StatusLine(session)
        session.message = "No <b>such</b> patch."
        assert "No &lt;b&gt;such&lt;/b&gt; patch." in panel.line.value
        session.mark(1, "positive")
        assert "Ready" in panel.line.value

    def test_another_threshold_cures_what_was_wrong_with_the_last(self, session):
        panel = StatusLine(session)
        session.message = "At threshold 1.000 no patch would be left."
        session.threshold = 0.5
        assert "Ready" in panel.line.value

    def test_what_is_wrong_is_told_from_what_is_new(self, session):
        panel = StatusLine(session)
        session.notice = "Session 'a' is as you left it."
        assert "rareearth-warning" not in panel.line.value
        session.message = "No such patch."
        assert "<span class='rareearth-warning'>No such patch.</span>" in panel.line.value
        assert "as you left it" in panel.line.value
        session.mark(1, "positive")
        assert (session.message, session.notice) == ("", "")

    def test_another_session_that_is_opened_is_no_step(self, session):
        panel = StatusLine(session)
        marked(session)
        session.mark(3, "negative")
        assert "below it." in panel.line.value
        past = History(60)
        for patch, sign in ((7, "positive"), (8, "negative")):
            past.repeat("mark", {"patch": [patch], "sign": sign})
        session.resume(past)
        assert "below it." not in panel.line.value
        session.mark(9, "negative")
        assert "below it." in panel.line.value

    def test_says_what_undo_undid_and_how_much_is_left(self, session):
        panel = StatusLine(session)
        session.judge(41, "rejected")
        session.note(7, "smoke")
        session.undo()
        assert "Undone: note on 7. 1 more can be undone." in panel.line.value
        session.undo()
        assert "Undone: reject 41. Nothing more to undo." in panel.line.value
        session.redo()
        assert "Done again: reject 41." in panel.line.value
        session.judge(3, "confirmed")
        assert "Undone" not in panel.line.value
        assert "Done again" not in panel.line.value

    def test_says_what_a_step_changed(self, session):
        panel = StatusLine(session)
        marked(session)
        assert "above the threshold" not in panel.line.value  # of another kind of score
        session.mark(3, "negative")
        assert "below it." in panel.line.value
        assert (
            "Careful: 1 of 1 known positives lost ranks to negatives (median rank 1"
            in panel.line.value
        )
        session.undo()
        assert "known positives, median rank" in panel.line.value
        assert "Careful" not in panel.line.value


class TestExplorer:
    def test_every_panel_follows_the_session(self, small_table):
        explorer = Explorer(small_table, labels=np.arange(60) % 5 == 0)
        explorer.session.mark(0, "positive")
        assert explorer.session.state.kind is ScoreKind.POSITIVES
        assert max(explorer.map.bridge.levels) > 0
        explorer.turn_to("Overview")
        assert explorer.roc.curves
        assert explorer.templates.list.children
        assert explorer._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]

    def test_an_explorer_a_session_and_a_table_say_what_they_are(self, stored_table):
        explorer = Explorer(stored_table, name=None)
        explorer.session.mark([3, 4], "positive")
        explorer.session.judge(5, "rejected")
        said = "2 positive and 0 negative templates, 1 verdicts, round 1 with 60 of 60 patches"
        assert repr(explorer.session) == f"<Session: {said}>"
        assert repr(explorer) == f"<Explorer: no scene, session 'not saved', <Session: {said}>>"
        assert "60 patches, 12 numbers each" in repr(stored_table)
        assert str(stored_table.path) in repr(stored_table)
        assert len(repr(stored_table)) < 250

    def test_a_wrong_table_is_an_error(self, tmp_path):
        with pytest.raises(TableError, match="no such file"):
            Explorer(tmp_path / "none.parquet")

    def test_a_wrong_scene_or_labels_is_said_and_the_rest_opens(self, small_table, tmp_path):
        explorer = Explorer(small_table, scene=tmp_path / "no.tif", labels=str(tmp_path / "no.csv"))
        assert "no.tif" in explorer.status.line.value
        assert "no.csv" in explorer.status.line.value
        assert explorer.scene is None
        assert explorer.session.mines is None


@pytest.mark.slow
class TestKeyboard:
    @pytest.fixture
    def explorer(self, small_table):
        explorer = Explorer(small_table)
        return explorer

    def press(self, explorer, *names):
        for name in names:
            assert name in explorer.keyboard.listener.names
            explorer.keyboard.receive({"key": name})

    def test_marks_what_is_under_the_pointer(self, explorer):
        explorer.session.hovered = 4
        self.press(explorer, "p")
        explorer.session.hovered = 5
        self.press(explorer, "n")
        assert (explorer.session.positives, explorer.session.negatives) == ((4,), (5,))
        self.press(explorer, "Ctrl+z", "u", "y")
        assert explorer.session.positives == (4,)

    def test_reviews_without_a_mouse(self, explorer):
        explorer.session.mark(0, "positive")
        self.press(explorer, "r")
        assert explorer.front == "Review"
        given = []
        for key, verdict in (("c", "confirmed"), ("x", "rejected"), ("k", "skipped")):
            given.append((explorer.session.under_review, verdict))
            self.press(explorer, key)
        assert dict(explorer.session.decisions.verdicts) == dict(given)
        passed = explorer.session.under_review
        self.press(explorer, "ArrowRight")
        assert explorer.session.under_review != passed
        self.press(explorer, "ArrowLeft")
        assert explorer.session.under_review == passed
        self.press(explorer, "p")
        assert passed in explorer.session.positives
        self.press(explorer, "r")
        assert explorer.front == "Mark"

    def test_judge_only_what_is_on_the_screen(self, explorer):
        explorer.session.mark(0, "positive")
        explorer.session.under_review = 7
        for key in ("c", "x", "k", "w", "ArrowRight", "ArrowLeft"):
            self.press(explorer, key)
            assert "The review is not open" in explorer.session.message
        self.press(explorer, "n")
        assert "No patch is under the pointer" in explorer.session.message
        assert not explorer.session.decisions.verdicts
        assert explorer.session.under_review == 7

    def test_what_cannot_be_done_is_said(self, explorer):
        self.press(explorer, "f")
        assert "no scores yet" in explorer.status.line.value
        self.press(explorer, "p")
        assert "No patch is under the pointer" in explorer.status.line.value

    def test_help_lists_every_key(self, explorer):
        self.press(explorer, "?")
        assert explorer.keyboard.help.layout.display is None
        assert set(explorer.keyboard.keys) < set(explorer.keyboard.listener.names)
        for name in explorer.keyboard.keys:
            shown = {"ArrowRight": "→", "ArrowLeft": "←"}.get(name, name)
            assert f"<kbd>{shown}</kbd>" in explorer.keyboard.help.value
        self.press(explorer, "?")
        assert explorer.keyboard.help.layout.display == "none"

    def test_sign_opacity_and_bands(self, explorer):
        explorer.map.opacity.value = 0.6
        self.press(explorer, "s", "]", "b")
        assert explorer.session.sign == "negative"
        assert explorer.map.opacity.value == pytest.approx(0.7)
        assert explorer.session.bands is None


@pytest.mark.slow
class TestSessions:
    def test_the_explorer_comes_back_as_it_was(self, small_table):
        first = Explorer(small_table)
        marked(first.session).refine()
        second = Explorer(small_table)
        assert second.session.positives == (0,)
        np.testing.assert_array_equal(second.session.active, first.session.active)
        assert "as you left it" in second.status.line.value
        assert max(second.map.bridge.levels) > 0

    def test_another_session_begins_empty_and_the_first_is_kept(self, small_table):
        workspace = Workspace(small_table)
        panel, session = SessionPanel(workspace), workspace.session
        panel.open("default")
        marked(session)
        panel.name.value = "valley east"
        panel.create.click()
        assert session.positives == ()
        assert not session.can_undo
        session.mark(9, "positive")
        assert set(panel.saved.options) == {"default", "valley east"}
        panel.saved.value = "default"
        assert (session.positives, session.negatives) == ((0,), (1,))
        panel.saved.value = "valley east"
        assert session.positives == (9,)

    @pytest.mark.parametrize("name", ["../x", "default"])
    def test_a_name_that_does_not_do_is_said(self, small_table, name):
        workspace = Workspace(small_table)
        panel, session = SessionPanel(workspace), workspace.session
        panel.open("default")
        marked(session)
        panel.name.value = name
        panel.create.click()
        assert name in session.message
        assert session.positives == (0,)

    def test_nothing_is_kept_without_a_name(self, small_table):
        explorer = Explorer(small_table, name=None)
        explorer.session.mark(0, "positive")
        assert Explorer(small_table).session.positives == ()


class TestExport:
    @pytest.mark.slow
    @pytest.mark.parametrize("choice", CHOICES)
    def test_every_choice_is_a_download(self, labelled, choice):
        panel = ExportPanel(marked(labelled), None, lambda: "valley 'east'")
        labelled.judge(4, "confirmed")
        panel.choice.value = choice
        panel.export.click()
        what, suffix = CHOICES[choice]
        assert f"download='valley &#x27;east&#x27;-{what}{suffix}'" in panel.link.value
        content = base64.b64decode(panel.link.value.split("base64,")[1].split("'")[0])
        assert len(content) > 100

    def test_what_cannot_be_written_is_said(self, session):
        panel = ExportPanel(session, None, lambda: "empty")
        panel.choice.value = "verdicts (CSV)"
        panel.export.click()
        assert session.message
        assert panel.link.value == ""

    def test_what_nobody_foresaw_is_said_too(self, labelled, monkeypatch):
        panel = ExportPanel(marked(labelled), None, lambda: "hunt")

        def broken(*_, **__):
            raise ValueError("no such glyph")

        monkeypatch.setattr("rareearth_explorer.widgets.export_panel.export", broken)
        panel.export.click()
        said = "hunt-candidates.geojson was not written (ValueError: no such glyph)"
        assert labelled.message.startswith(said)
        assert panel.link.value == ""
