"""What panels derive from states: summaries of rounds, layers, and what a step changed."""

from __future__ import annotations

import numpy as np
import pytest
from test_state import BETWEEN, EAST, NORTH, table_of

from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.layers import rank_change, score_layer
from rareearth_explorer.hunt.views.round_summary import summaries
from rareearth_explorer.hunt.views.step_change import StepChange, step_change


@pytest.fixture
def session(small_table):
    session = Session(small_table, np.arange(60) % 3 == 0)
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


def refined(session, share=0.3):
    session.refine(float(np.quantile(session.scores[session.active], share)))


def given(session):
    return [(row.confirmed, row.rejected) for row in summaries(session.state)]


def test_a_verdict_counts_in_the_round_in_which_it_was_given(session):
    best = session.ranking[:4].tolist()
    session.judge(best[:3], "confirmed")
    session.judge(best[3], "skipped")
    refined(session)
    assert given(session) == [(3, 0), (0, 0)]


def test_a_changed_verdict_counts_again_in_the_round_of_the_change(session):
    best = session.ranking[:3].tolist()
    session.judge(best[:2], "confirmed")
    refined(session)
    session.judge(best[0], "rejected")
    session.judge(best[2], "confirmed")
    assert given(session) == [(2, 0), (1, 1)]
    refined(session)
    session.judge(best[0], "confirmed")
    assert given(session) == [(2, 0), (1, 1), (1, 0)]


def test_a_summary_is_of_its_round(session):
    session.mark(3, "negative")
    refined(session)
    session.mark([6, 9], "positive")
    refined(session, 0.4)
    mines, rows = session.mines, [*summaries(session.state)]
    assert [row.threshold for row in rows] == [r.threshold for r in session.decisions.rounds]
    assert [(row.positives, row.negatives) for row in rows] == [(1, 2), (3, 2), (3, 2)]
    for row, round_ in zip(rows, session.decisions.rounds, strict=True):
        held = (mines & round_.active).sum()
        assert row.patches == round_.active.sum()
        assert row.recall == held / 20
        assert row.precision == held / round_.active.sum()
        assert row.auc is not None


def test_yield_is_the_share_that_confirms(session):
    session.judge(session.ranking[:3], "confirmed")
    session.judge(session.ranking[3], "rejected")
    (row,) = summaries(session.state)
    assert row.yield_ == 0.75


def test_only_active_patches_are_painted(session):
    refined(session)
    layer = score_layer(session.state)
    np.testing.assert_array_equal(np.isnan(layer.values), ~session.active)
    np.testing.assert_array_equal(layer.values[session.active], session.scores[session.active])
    np.testing.assert_array_equal(layer.levels == 0, ~session.active)


def test_a_change_of_rank_is_painted_where_a_patch_was_in_play_in_either_round(session):
    refined(session)
    refined(session)
    second, third = session.state.line[1:]
    values = rank_change(second, third, "").values
    np.testing.assert_array_equal(np.isnan(values), ~second.active)
    assert (second.active & ~third.active).any()


def test_the_frame_says_in_which_round_a_patch_was_last_in_play(session):
    refined(session)
    refined(session)
    frame = session.to_geodataframe()
    for number, round_ in enumerate(session.decisions.rounds, start=1):
        np.testing.assert_array_equal(frame["round"] >= number, round_.active)


# What a step changed ------------------------------------------------------------------------


def test_a_patch_at_the_threshold_is_above_it_before_and_after():
    session = Session(table_of([EAST, NORTH, BETWEEN]))
    session.mark(0, "positive")
    one, at = session.state, float(session.scores[2])
    session.mark(1, "positive")  # 1, 0, at -> 0.5, 0.5, 0.7
    other = session.state
    there, back = step_change(one, other, at), step_change(other, one, at)
    assert (there.risen, there.fallen) == (0, 1)
    assert (back.risen, back.fallen) == (1, 0)


def test_only_patches_in_play_before_and_after_cross_the_threshold(session):
    before = session.state
    refined(session, 0.6)
    session.mark(3, "negative")
    session.mark(8, "positive")
    after = session.state
    at = float(np.median(after.scores))
    effect = step_change(before, after, at)
    both = after.active
    assert effect.risen == (both & (before.scores < at) & (after.scores >= at)).sum()
    assert effect.fallen == (both & (before.scores >= at) & (after.scores < at)).sum()
    everywhere = ((before.scores < at) != (after.scores < at)).sum()
    assert effect.risen + effect.fallen < everywhere  # otherwise nothing was tried


def test_scores_of_different_scorers_cross_no_threshold(session):
    before = session.state
    session.score_by("kernel-contrast")
    effect = step_change(before, session.state, 0.0)
    assert (effect.risen, effect.fallen) == (None, None)


def test_known_are_the_confirmed_and_the_positives_of_both_states(session):
    before = session.state
    session.mark([9, 12], "positive")
    assert step_change(before, session.state, 0.0).known == 1
    session.judge([20, 0], "confirmed")
    session.judge(21, "rejected")
    effect = step_change(before, session.state, 0.0)
    ranks = before.ranks[[0, 20]], session.state.ranks[[0, 20]]
    assert effect.known == 2
    assert effect.median_rank_before == np.median(ranks[0])
    assert effect.median_rank_after == np.median(ranks[1])
    assert effect.worsened == (ranks[1] > ranks[0]).sum()


def test_a_weight_presses_only_where_there_are_negatives_and_it_is_raised(small_table):
    session = Session(small_table)
    session.mark(0, "positive")
    session.score_by(weight=0.5)
    before = session.state
    session.score_by(weight=1)
    assert not step_change(before, session.state, 0.0).pressed
    session.mark(1, "negative")
    raised = session.state
    session.score_by(weight=0.25)
    lowered = session.state
    assert not step_change(raised, lowered, 0.0).pressed
    assert step_change(lowered, raised, 0.0).pressed


def test_the_same_state_or_one_without_scores_changed_nothing(session):
    assert step_change(session.state, session.state, 0.0) is None
    assert step_change(Session(session.table).state, session.state, 0.0) is None


def test_half_of_the_known_are_not_most_of_them():
    assert not StepChange(0, 0, 8, 5.0, 6.0, 4, pressed=True).harmful
    assert StepChange(0, 0, 8, 5.0, 6.0, 5, pressed=True).harmful
    assert not StepChange(0, 0, 8, 5.0, 5.0, 5, pressed=True).harmful
