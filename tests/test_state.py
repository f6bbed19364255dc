"""What follows from decisions: scores, ranks and rounds, on tables whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.state import scores_of
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.contrast import ScoreKind, cosine_contrast


def table_of(directions):
    """Make a table of these embeddings, each on a place of its own."""
    west = np.arange(len(directions)) * 0.01
    corners = np.stack([west, west * 0, west + 0.01, west * 0, west + 0.01, west * 0 + 0.01], -1)
    corners = np.concatenate([corners, np.stack([west, west * 0 + 0.01], -1)], -1)
    return PatchTable.from_arrays(np.array(directions, np.float32), corners.reshape(-1, 4, 2))


EAST, NORTH, BETWEEN = (1, 0), (0, 1), (0.6, 0.8)


def test_equal_patches_keep_the_order_of_the_table():
    kinds = np.random.default_rng(0).integers(0, 3, 500)
    kinds[:3] = [0, 1, 2]
    session = Session(table_of([(EAST, NORTH, BETWEEN)[kind] for kind in kinds]))
    for mark in ([0], [0, 2]):
        session.mark(mark, "positive")
        scores = session.scores.tolist()
        expected = sorted(range(500), key=lambda patch: (-scores[patch], patch))
        assert session.ranking.tolist() == expected
        assert len(set(scores)) <= 3


def test_without_a_score_the_order_is_that_of_the_table(small_table):
    assert Session(small_table).ranking.tolist() == [*range(60)]


def test_a_patch_at_the_threshold_is_kept():
    session = Session(table_of([EAST, NORTH, BETWEEN]))
    session.mark(0, "positive")
    at = float(session.scores[2])
    session.refine(at)
    assert session.active.tolist() == [True, False, True]
    session.undo()
    session.refine(float(np.nextafter(np.float32(at), np.float32(1))))
    assert session.active.tolist() == [True, False, False]


def test_a_threshold_is_compared_in_the_precision_of_scores():
    """A slider says 0.7 where the score is the single precision number next to it."""
    decimals = np.arange(1, 100) / 100
    between = zip(decimals, np.sqrt(1 - decimals**2), strict=True)
    session = Session(table_of([EAST, *between, NORTH]))
    session.mark(0, "positive")
    scores = session.scores[1:-1]
    below = (scores == decimals.astype(np.float32)) & (scores.astype(np.float64) < decimals)
    assert below.any()
    for at in np.flatnonzero(below):
        session.refine(float(decimals[at]))
        assert session.active[1 + at]
        session.undo()


def test_no_score_lifts_what_was_discarded_above_what_was_kept():
    session = Session(table_of([EAST, NORTH, BETWEEN, (0.8, 0.6)]))
    session.mark(0, "positive")
    session.mark(1, "negative")
    session.refine(0.0)
    assert session.active.tolist() == [True, False, False, True]
    session.mark(0, "negative")
    session.mark(1, "positive")
    assert session.scores[[0, 1]].tolist() == [-1, 1]  # as far apart as scores can be
    assert session.ranking.tolist() == [3, 0, 1, 2]
    assert session.state.ranks.tolist() == [2, 3, 4, 1]


def test_no_round_is_begun_that_discards_nothing_or_all(small_table):
    session = Session(small_table)
    session.mark(0, "positive")
    session.refine(float(np.median(session.scores)))
    lowest = float(session.scores[session.active].min())
    for threshold, said in ((lowest, "no patch would be discarded"), (1.5, "no patch would be")):
        before = session.state
        with pytest.raises(SessionError, match=said):
            session.refine(threshold)
        assert session.state is before


def test_what_is_muted_does_not_count(small_table):
    session = Session(small_table)
    session.mark([0, 4], "positive")
    session.mark([1, 3], "negative")
    for muted, positives, negatives in ((3, [0, 4], [1]), (1, [0, 4], []), (0, [4], [])):
        assert session.scores is session.scores
        session.mute(muted)
        expected = cosine_contrast(small_table.embeddings, positives, negatives)
        np.testing.assert_allclose(session.scores, expected, atol=1e-6)
    assert session.state.kind is ScoreKind.POSITIVES
    session.mute(4)
    assert session.state.kind is ScoreKind.NONE


def test_a_muted_template_that_turns_counts_again_with_its_new_sign(small_table):
    session = Session(small_table)
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.mute(4)
    session.judge(4, "rejected", mark=True)
    expected = cosine_contrast(small_table.embeddings, [0], [1, 4])
    np.testing.assert_allclose(session.scores, expected, atol=1e-6)
    assert session.decisions.muted == frozenset()


def test_scores_that_were_read_are_kept_while_they_hold(small_table):
    session = Session(small_table)
    session.mark([0, 2], "positive")
    session.mark(1, "negative")
    scores, ranking = session.scores, session.ranking
    session.judge(7, "confirmed")
    assert session.scores is scores
    assert session.ranking is ranking
    session.refine(float(np.median(scores)))
    assert session.scores is scores
    assert session.ranking is not ranking
    assert (session.active == session.decisions.active).all()


def test_each_round_is_left_with_its_own_scores_and_labels(small_table):
    mines = np.arange(60) % 2 == 0
    session, left = Session(small_table, mines), []
    session.mark(0, "positive")
    for negative in (1, 3, 5):
        session.mark(negative, "negative")
        left.append((session.scores.copy(), session.ranking.copy(), session.active))
        session.refine(float(np.quantile(session.scores[session.active], 0.3)))
    fresh = Session(small_table, mines).state.following(session.decisions)  # as a file is opened
    for line in (session.state.line, fresh.line):
        assert len(line) == 4
        for state, (scores, ranking, active) in zip(line, left, strict=False):
            np.testing.assert_array_equal(state.scores, scores)
            np.testing.assert_array_equal(state.ranking, ranking)
            np.testing.assert_array_equal(state.active, active)
            np.testing.assert_array_equal(state.mines, mines)
    assert [len(state.line) for state in fresh.line] == [1, 2, 3, 4]


def test_the_roc_curve_leaves_templates_out(small_table):
    mines = np.arange(60) % 2 == 0
    session = Session(small_table, mines)
    session.mark([0, 2], "positive")
    session.mark([1, 4], "negative")
    rest = np.setdiff1d(np.arange(60), [0, 1, 2, 4])
    scores, wins = session.scores, []
    for one in rest[mines[rest]]:
        others = scores[rest[~mines[rest]]]
        wins += [*(scores[one] > others), *(0.5 * (scores[one] == others))]
    total = len(rest[mines[rest]]) * len(rest[~mines[rest]])
    assert session.state.roc_curve.auc == pytest.approx(sum(wins) / total)


def test_without_anything_to_compare_there_is_no_roc_curve(small_table):
    only_templates = np.zeros(60, dtype=int)
    only_templates[3] = 2
    session = Session(small_table, only_templates)
    assert session.state.roc_curve is None
    session.mark(3, "positive")
    assert session.state.roc_curve is None
    session.mark(5, "negative")
    assert session.state.roc_curve is None
    session.mark(3, "negative")
    session.unmark(3)
    assert session.state.roc_curve is not None


def test_one_pool_makes_a_mine(small_table):
    assert Session(small_table, np.arange(60) == 5).mines.sum() == 1


def test_a_click_with_the_other_sign_turns_the_template(small_table):
    session = Session(small_table)
    session.toggle(3, "positive")
    session.toggle(3, "negative")
    assert (session.positives, session.negatives) == ((), (3,))


def test_back_without_a_number_is_one_round(small_table):
    session = Session(small_table)
    session.mark(0, "positive")
    for _ in range(3):
        session.refine(float(np.quantile(session.scores[session.active], 0.3)))
    second = session.decisions.rounds[2]
    session.back()
    assert session.decisions.rounds[-1] is second


def test_a_selection_is_in_order_and_holds_each_once(small_table):
    session = Session(small_table)
    session.select([5, 3, 5, 1])
    assert session.selection == (1, 3, 5)
    assert not session.can_undo


@pytest.mark.parametrize(("given", "held"), [(-3, -1), (3, 1), (0.5, 0.5)])
def test_the_threshold_is_a_score(small_table, given, held):
    session = Session(small_table, threshold=given)
    assert session.threshold == held


def test_scores_that_were_read_follow_the_scorer_its_weight_and_the_muted(small_table):
    """Each of them is part of what the scores depend on, also where scores are known already."""
    session = Session(small_table)
    session.mark([0, 2], "positive")
    session.mark([1, 3], "negative")
    known = [session.scores.copy()]
    for change in (
        lambda: session.score_by(weight=0.25),
        lambda: session.score_by("kernel-contrast"),
        lambda: session.mute(3),
    ):
        change()
        assert not any(np.array_equal(session.scores, scores) for scores in known)
        known.append(session.scores.copy())
    for scores in reversed(known[:-1]):
        session.undo()
        np.testing.assert_array_equal(session.scores, scores)


def test_decisions_about_the_second_of_two_tables_score_by_its_patches(small_table):
    """As the comparison of two dates does, which scores both tables at once."""
    session = Session(small_table)
    session.mark([3, 8], "positive")
    session.mark(1, "negative")
    units = small_table.unit_embeddings
    other = np.roll(units, 5, axis=1)
    scores, _ = scores_of(session.decisions, Columns(np.concatenate([other, units])), start=60)
    np.testing.assert_allclose(scores[60:], session.scores, atol=1e-6)
    assert not np.allclose(scores[:60], session.scores)
