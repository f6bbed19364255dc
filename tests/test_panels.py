"""Each panel both ways, without a browser: change the session and read the widget, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rareearth_explorer.app import Explorer
from rareearth_explorer.background import Worker
from rareearth_explorer.contrast import ScoreKind
from rareearth_explorer.errors import TableError
from rareearth_explorer.panels.map import MapPanel
from rareearth_explorer.panels.map.bridge import mercator_offsets
from rareearth_explorer.panels.roc import RocPanel
from rareearth_explorer.panels.rounds import RoundsPanel
from rareearth_explorer.panels.status import StatusPanel
from rareearth_explorer.panels.templates import TemplatesPanel
from rareearth_explorer.panels.umap import UmapPanel
from rareearth_explorer.session import Session


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


class TestUmap:
    def test_without_a_stored_projection_says_what_it_shows(self, session):
        panel = UmapPanel(session, HeldWorker())
        assert "principal components" in panel.note.value
        assert panel.coordinates.shape == (60, 2)

    def test_follows_scores(self, session):
        panel = UmapPanel(session, HeldWorker())
        assert panel.scatter.widget.color_by is None
        marked(session)
        assert panel.scatter.widget.color_by == "valueA"

    def test_shows_pools_red_and_sized(self, labelled):
        panel = UmapPanel(labelled, HeldWorker())
        panel.colour_by.value = "pools"
        assert panel.scatter.widget.size_by == "valueB"

    def test_offers_pools_only_with_labels(self, session):
        assert [value for _, value in UmapPanel(session, HeldWorker()).colour_by.options] == [
            "score"
        ]

    def test_selection_goes_both_ways(self, session):
        panel = UmapPanel(session, HeldWorker())
        panel.scatter.widget.selection = np.array([9, 2])
        assert session.selection == (2, 9)
        session.select([4])
        assert list(panel.scatter.widget.selection) == [4]
        panel.clear.click()
        assert session.selection == ()

    def test_selection_can_be_marked_in_one_step(self, session):
        panel = UmapPanel(session, HeldWorker())
        session.select([4, 5])
        panel.mark_negative.click()
        assert session.negatives == (4, 5)
        session.undo()
        assert session.negatives == ()

    def test_says_how_many_are_selected(self, session):
        panel = UmapPanel(session, HeldWorker())
        assert panel.mark_positive.disabled
        session.select([4, 5])
        assert panel.clear.description == "clear 2 selected"
        assert not panel.mark_positive.disabled

    def test_refinement_projects_what_is_left_and_undo_brings_all_back(self, session):
        worker = HeldWorker()
        panel = UmapPanel(session, worker)
        home = panel.coordinates
        marked(session).refine()
        assert worker.busy
        assert "Projecting" in panel.note.value
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
        expected = roc_auc_score(labelled.truth[rest], labelled.scores[rest])
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

    def test_picture_is_png(self, session):
        assert bytes(RocPanel(session).image.value[:4]) == b"\x89PNG"


class TestRounds:
    def test_buttons_are_the_verbs(self, session):
        panel = RoundsPanel(session)
        assert panel.refine.disabled
        assert panel.undo.disabled
        marked(session)
        panel.refine.click()
        assert len(session.state.rounds) == 2
        panel.back.click()
        assert len(session.state.rounds) == 1
        panel.undo.click()
        assert len(session.state.rounds) == 2
        panel.redo.click()
        assert session.active.all()

    def test_counts(self, labelled):
        panel = RoundsPanel(labelled)
        assert "60 of 60 (100%) patches kept" in panel.counts.value
        assert "9 of 9 (100%) with mines" in panel.counts.value
        marked(labelled)
        assert f"would keep {(labelled.scores >= 0).sum()}" in panel.counts.value

    def test_threshold_is_the_sessions(self, session):
        panel = RoundsPanel(session)
        panel.threshold.value = 0.25
        assert session.threshold == 0.25
        session.threshold = 0.5
        assert panel.threshold.value == 0.5

    def test_what_cannot_be_done_is_said(self, session):
        panel = RoundsPanel(session)
        marked(session)
        session.threshold = 1
        panel.refine.click()
        panel.refine.click()
        assert "no patch would be" in session.message


class TestTemplates:
    def test_lists_what_is_marked_and_takes_it_back(self, session):
        panel = TemplatesPanel(session)
        marked(session)
        assert len(panel.list.children) == 2
        assert "1 positive" in panel.heading.value
        panel.list.children[0].children[-1].click()
        assert session.positives == ()
        assert len(panel.list.children) == 1
        panel.clear.click()
        assert panel.list.children == ()

    def test_cards_of_other_templates_are_kept(self, session):
        panel = TemplatesPanel(session)
        marked(session)
        before = panel.list.children
        session.mark(5, "positive")
        assert panel.list.children[0] is before[0]
        assert panel.list.children[2] is before[1]


class TestStatus:
    def test_says_what_was_wrong_until_something_works(self, session):
        panel = StatusPanel(session)
        session.message = "No <b>such</b> patch."
        assert "No &lt;b&gt;such&lt;/b&gt; patch." in panel.line.value
        session.mark(1, "positive")
        assert "Ready" in panel.line.value


class TestExplorer:
    def test_every_panel_follows_the_session(self, small_table):
        explorer = Explorer(small_table, labels=np.arange(60) % 5 == 0)
        explorer.umap.worker = HeldWorker()
        explorer.session.mark(0, "positive")
        assert explorer.session.state.kind is ScoreKind.POSITIVES
        assert max(explorer.map.bridge.levels) > 0
        assert explorer.roc.curves
        assert explorer.templates.list.children
        assert explorer._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]

    def test_a_wrong_table_is_an_error(self, tmp_path):
        with pytest.raises(TableError, match="no such file"):
            Explorer(tmp_path / "none.parquet")

    def test_a_wrong_scene_or_labels_is_said_and_the_rest_opens(self, small_table, tmp_path):
        explorer = Explorer(small_table, scene=tmp_path / "no.tif", labels=str(tmp_path / "no.csv"))
        assert "no.tif" in explorer.status.line.value
        assert "no.csv" in explorer.status.line.value
        assert explorer.scene is None
        assert explorer.session.truth is None
