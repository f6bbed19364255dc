"""Rounds as history: branches, summaries, and the rank change on the map."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.views.layers import rank_change
from rareearth_explorer.hunt.views.round_summary import summaries
from rareearth_explorer.widgets.map import MapPanel
from rareearth_explorer.widgets.rounds_tab import RoundsTab


@pytest.fixture
def session(small_table):
    """Two rounds, the mines being the 30 patches of the first cluster."""
    session = Session(small_table, np.arange(60) % 2 == 0)
    session.mark(0, "positive")
    session.mark(1, "negative")
    session.judge(2, "confirmed")
    session.judge(3, "rejected")
    session.refine(-0.05)
    session.mark(4, "positive")
    session.judge(6, "confirmed")
    return session


def test_verdicts_on_the_discarded_are_no_yield_of_the_round(session):
    before = list(summaries(session.state))[-1]
    session.audit(10)
    session.judge(session.decisions.audit.sample, "rejected")
    after = list(summaries(session.state))[-1]
    assert (after.confirmed, after.rejected) == (before.confirmed, before.rejected)


def test_rounds_left_by_going_back_can_be_gone_on_from(session):
    left = session.state
    session.back()
    session.refine(0.0)
    other = session.state
    assert session.decisions.branches == (left.decisions,)
    session.visit(0)
    assert session.decisions.rounds == left.decisions.rounds
    assert session.positives == (0, 4)
    np.testing.assert_array_equal(session.scores, left.scores)
    assert session.decisions.branches == (other.decisions,)
    session.undo()
    assert session.decisions is other.decisions


def test_a_branch_that_continues_the_present_rounds_replaces_them(session):
    session.back()
    session.visit(0)
    assert session.decisions.branches == ()


def test_verdicts_do_not_belong_to_a_branch(session):
    session.back()
    session.judge(9, "rejected")
    session.visit(0)
    assert session.decisions.verdicts[9] == "rejected"


def test_a_branch_that_is_not_there(session):
    with pytest.raises(SessionError, match="no branch 1; there are 0"):
        session.visit(0)


def test_branches_come_back_from_the_journal(small_table):
    first, second = Session(small_table), Session(small_table)
    Journal.named(small_table, "branches").attach(first)
    first.mark(0, "positive")
    first.mark(1, "negative")
    first.refine(0.0)
    first.back()
    first.mark(3, "negative")
    first.visit(0)
    Journal.named(small_table, "branches").attach(second)
    assert second.decisions.templates.by_sign == first.decisions.templates.by_sign
    assert len(second.decisions.branches) == len(first.decisions.branches) == 1
    np.testing.assert_array_equal(second.scores, first.scores)


def test_a_summary_counts_what_happened_in_the_round(session):
    first, second = summaries(session.state)
    mines, active = session.mines, session.active
    assert (first.patches, first.threshold, first.recall, first.precision) == (60, None, 1.0, 0.5)
    assert (first.confirmed, first.rejected, first.yield_) == (1, 1, 0.5)
    assert (second.confirmed, second.rejected, second.yield_) == (1, 0, 1.0)
    assert second.threshold == -0.05
    assert second.recall == (mines & active).sum() / 30
    assert second.precision == (mines & active).sum() / active.sum()
    assert (second.positives, second.negatives) == (2, 1)


def test_without_labels_and_verdicts_a_summary_says_less(small_table):
    (only,) = summaries(Session(small_table).state)
    assert (only.yield_, only.recall, only.precision, only.auc) == (None, None, None, None)


def test_the_change_of_rank_is_above_zero_for_what_rose(session):
    before, after = session.state.line
    layer = rank_change(before, after, "change")
    risen = before.ranks > after.ranks
    np.testing.assert_array_equal(layer.values > 0, risen)
    np.testing.assert_allclose(layer.values * 60, before.ranks - after.ranks, atol=1e-4)


def test_the_map_shows_the_rank_change_of_two_rounds(session):
    panel, map_panel = RoundsTab(session), MapPanel(session)
    scores = map_panel.bridge.levels
    panel.rank_change.value = True
    assert map_panel.bridge.levels == rank_change(*session.state.line, "").levels.tobytes()
    assert "Rank, round 1 → 2" in map_panel.legend.value
    panel.rank_change.value = False
    assert map_panel.bridge.levels == scores
    assert "Cosine Contrast" in map_panel.legend.value


def test_the_comparison_follows_the_session_and_ends_with_its_rounds(session):
    panel = RoundsTab(session)
    panel.rank_change.value = True
    before = session.layer
    session.mark(11, "negative")
    assert session.layer is not before
    session.back()
    assert session.layer is None
    assert not panel.rank_change.value
    assert panel.rank_change.disabled


def test_the_button_lets_go_when_something_else_is_painted(session):
    panel = RoundsTab(session)
    panel.rank_change.value = True
    session.layer = None
    assert not panel.rank_change.value


def test_the_panel_lists_rounds_and_goes_on_from_a_branch(session):
    panel = RoundsTab(session)
    assert "<td>2</td>" in panel.table.value
    session.back()
    assert panel.branch.options[0][0].startswith("2 rounds")
    panel.visit.click()
    assert len(session.decisions.rounds) == 2
    assert panel.visit.disabled


def test_undo_and_redo_name_the_step(session: Session) -> None:
    session.mark([3, 4], "positive")
    session.judge(5, "rejected", mark=True)
    session.note(6, "smoke")
    history = session.history
    assert (history.undo_name, history.redo_name) == ("note on 6", "")
    session.undo()
    assert (history.undo_name, history.redo_name) == ("reject 5", "note on 6")
    session.undo()
    assert (history.undo_name, history.redo_name) == ("mark 2 patches as positive", "reject 5")
    session.redo()
    assert history.undo_name == "reject 5"
    session.mute(5)
    assert (history.undo_name, history.redo_name) == ("mute 5", "")
