"""The session: every verb, and what must never be lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.errors import LabelsError, SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import ScoreKind, cosine_contrast


@pytest.fixture
def session(small_table):
    return Session(small_table)


def test_begins_with_no_score_and_everything_active(session):
    assert session.positives == session.negatives == ()
    assert session.active.all()
    assert np.isnan(session.scores).all()
    assert session.state.kind is ScoreKind.NONE
    assert sorted(session.ranking) == list(range(len(session.table)))


def test_scores_are_the_cosine_contrast_of_the_templates(session):
    session.mark(3, "positive")
    session.mark([5, 8], "negative")
    expected = cosine_contrast(session.table.embeddings, [3], [5, 8])
    np.testing.assert_allclose(session.scores, expected, atol=1e-6)
    assert session.scores.dtype == np.float32


def test_marking_with_the_other_sign_moves_a_template(session):
    session.mark(3, "positive")
    session.mark(3, "negative")
    assert (session.positives, session.negatives) == ((), (3,))


def test_toggle_marks_and_takes_back(session):
    session.toggle(3, "positive")
    session.toggle(3, "positive")
    assert session.positives == ()


def test_marking_what_is_marked_is_no_step(session):
    session.mark(3, "positive")
    session.mark(3, "positive")
    session.undo()
    assert session.positives == ()


def test_refine_keeps_what_scores_at_least_the_threshold(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    scores = session.scores.copy()
    session.refine(0.0)
    np.testing.assert_array_equal(session.active, scores >= 0)
    assert len(session.decisions.rounds) == 2


def test_refinements_only_ever_discard(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    session.refine()
    first = session.active
    session.mark(int(session.ranking[-1]), "positive")
    session.refine(float(np.median(session.scores[session.active])))
    assert not (session.active & ~first).any()


def test_later_discarded_rank_above_earlier_discarded(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    stages = [session.active]
    for _ in range(3):
        session.refine(float(np.quantile(session.scores[session.active], 0.3)))
        stages.append(session.active)
    stayed = np.sum(stages, axis=0)[session.ranking]
    assert (np.diff(stayed) <= 0).all()
    for stage in np.unique(stayed):
        within = session.scores[session.ranking][stayed == stage]
        assert (np.diff(within) <= 0).all()


def test_refine_says_why_it_cannot(session):
    with pytest.raises(SessionError, match="mark a positive template first"):
        session.refine()
    session.mark(0, "positive")
    with pytest.raises(SessionError, match="no patch would be left"):
        session.refine(1.01)
    with pytest.raises(SessionError, match="no patch would be discarded"):
        session.refine(-1)


def test_back_restores_patches_and_keeps_templates(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    session.refine()
    session.mark(2, "negative")
    session.back()
    assert session.active.all()
    assert session.negatives == (1, 2)
    with pytest.raises(SessionError, match="first round"):
        session.back()


def test_back_to_any_earlier_round(session):
    session.mark(0, "positive")
    session.mark(1, "negative")
    for _ in range(3):
        session.refine(float(np.quantile(session.scores[session.active], 0.2)))
    second = session.decisions.rounds[1].active
    with pytest.raises(SessionError, match="choose one from 1 to 3"):
        session.back(7)
    session.back(1)
    np.testing.assert_array_equal(session.active, second)
    assert len(session.decisions.rounds) == 2


@pytest.mark.parametrize("patch", [-1, 10_000])
def test_there_must_be_such_a_patch(session, patch):
    with pytest.raises(SessionError, match=f"no patch {patch}"):
        session.mark(patch, "positive")


def test_there_are_two_signs(session):
    with pytest.raises(SessionError, match="'maybe'"):
        session.mark(1, "maybe")


def test_threshold_stays_within_scores(session):
    session.threshold = 7
    assert session.threshold == 1


def test_labels_may_be_counts(small_table):
    pools = np.arange(len(small_table)) % 3
    assert Session(small_table, pools).mines.sum() == (pools > 0).sum()
    with pytest.raises(LabelsError, match="one number for each patch"):
        Session(small_table, [1, 2, 3])


def test_observers_hear_of_each_verb_once(session):
    heard = []
    session.observe(lambda change: heard.append(change.new), "state")
    session.mark([0, 1, 2], "positive")
    session.unmark(1)
    session.undo()
    assert len(heard) == 3
    assert heard[-1] is session.state


verbs = st.sampled_from(
    ["positive", "negative", "unmark", "clear", "refine", "back", "undo", "redo"]
)


@given(steps=st.lists(st.tuples(verbs, st.integers(0, 59)), max_size=25))
def test_undo_walks_back_through_every_state_and_redo_forward(small_table, steps):
    session = Session(small_table)
    seen = [(session.decisions, session.scores.copy(), session.ranking.copy())]
    for verb, patch in steps:
        if verb in ("undo", "redo"):
            continue
        before = session.state
        try:
            if verb in ("positive", "negative"):
                session.mark(patch, verb)
            elif verb == "unmark":
                session.unmark(patch)
            else:
                getattr(session, verb)()
        except SessionError:
            assert session.state is before
        if session.state is not before:
            seen.append((session.decisions, session.scores.copy(), session.ranking.copy()))
    for state in reversed(seen[:-1]):
        session.undo()
        is_again(session, *state)
    assert not session.can_undo
    for state in seen[1:]:
        session.redo()
        is_again(session, *state)
    assert not session.can_redo


def is_again(session, decisions, scores, ranking):
    assert session.decisions is decisions
    np.testing.assert_array_equal(session.scores, scores)
    np.testing.assert_array_equal(session.ranking, ranking)


def test_a_template_marked_again_has_its_effect_again(session):
    session.mark([3, 4], "positive")
    session.mute(4)
    session.unmark(4)
    session.mark(4, "positive")
    assert not session.decisions.muted
    session.mute(4)
    session.mark(4, "negative")
    assert not session.decisions.muted


def test_only_templates_can_be_switched_off(session):
    with pytest.raises(SessionError, match="not a template"):
        session.mute(7)


def test_a_branch_comes_back_with_what_was_switched_off(session):
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.refine(float(np.median(session.scores)))
    session.mute(4)
    left = session.scores
    session.back()
    session.mute(4, muted=False)
    session.visit(0)
    np.testing.assert_array_equal(session.scores, left)
    assert session.decisions.muted == {4}
