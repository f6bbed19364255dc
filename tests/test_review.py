"""Orders of review, effects of a click, and how many were missed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review import missed, queue
from rareearth_explorer.hunt.review_order import Order
from rareearth_explorer.hunt.views.step_change import StepChange, step_change
from rareearth_explorer.score.estimation import clopper_pearson


@pytest.fixture
def session(small_table):
    session = Session(small_table)
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


def order(session, how, **options):
    return queue(session.state, how, session.table.unit_embeddings, **options)


@pytest.mark.parametrize("how", [order for order in Order if order is not Order.AUDIT])
def test_every_order_shows_each_open_patch_once(session, how):
    session.judge([5, 6], "skipped")
    session.refine()
    rows = order(session, how)
    expected = set(np.flatnonzero(session.active)) - {0, 1, 5, 6}
    assert sorted(rows) == sorted(expected)
    assert len(order(session, how, length=3)) == 3


def test_best_follows_the_ranking_and_uncertain_the_threshold(session):
    best = order(session, Order.BEST)
    assert (np.diff(session.scores[best]) <= 0).all()
    uncertain = order(session, Order.UNCERTAIN, threshold=0.05)
    assert (np.diff(np.abs(session.scores[uncertain] - np.float32(0.05))) >= 0).all()


def test_diverse_is_the_least_alike_each_time(session):
    units = session.table.unit_embeddings
    rows = order(session, Order.DIVERSE)
    seen = [0, 1]
    for step in range(5):
        likeness = (units[rows[step:]] @ units[seen].T).max(axis=1)
        assert likeness[0] == pytest.approx(likeness.min(), abs=1e-6)
        seen.append(rows[step])


def test_random_keeps_its_order_while_patches_are_judged(session):
    before = order(session, Order.RANDOM)
    session.judge(int(before[0]), "rejected")
    np.testing.assert_array_equal(order(session, Order.RANDOM), before[1:])


def test_audit_estimates_what_was_discarded(session):
    with pytest.raises(SessionError, match="No patch is discarded"):
        session.audit()
    session.refine(float(np.median(session.scores)))
    discarded = set(np.flatnonzero(~session.active))
    session.audit(10)
    drawn = order(session, Order.AUDIT)
    assert len(drawn) == 10
    assert set(drawn) <= discarded
    assert missed(session.state) is None
    session.judge(drawn[:2], "confirmed")
    session.judge(drawn[2:8], "rejected")
    session.judge(drawn[8], "skipped")
    said, pile = missed(session.state), len(discarded)
    assert said.estimate.expected == clopper_pearson(2, 8, pile).expected
    assert said.estimate.low == clopper_pearson(2, 9, pile).low, "the skipped one may be none"
    assert said.estimate.high == clopper_pearson(3, 9, pile).high, "or a mine"
    assert (said.pile, said.reviewed, said.skipped, said.known) == (pile, 9, 1, 0)
    assert list(order(session, Order.AUDIT)) == [drawn[9]]


def test_a_sample_is_drawn_at_random(session):
    session.refine(float(np.median(session.scores)))
    drawn = set()
    for _ in range(3):
        session.audit(20)
        drawn.add(session.decisions.audit.sample)
    assert len(drawn) == 3


def test_skipped_patches_widen_the_estimate_to_both_sides():
    """In a pile so large that the patches found do not bound the estimate themselves."""
    rng = np.random.default_rng(0)
    session = Session(PatchTable.from_arrays(rng.random((3000, 4)), np.zeros((3000, 4, 2))))
    session.mark(0, "positive")
    session.refine(float(np.median(session.scores)))
    session.audit(40)
    sample = session.decisions.audit.sample
    session.judge(sample[:10], "confirmed")
    session.judge(sample[10:30], "rejected")
    session.judge(sample[30:], "skipped")
    estimate, pile = missed(session.state).estimate, int((~session.active).sum())
    assert estimate.expected == clopper_pearson(10, 30, pile).expected
    assert estimate.low == clopper_pearson(10, 40, pile).low < clopper_pearson(10, 30, pile).low
    assert estimate.high == clopper_pearson(20, 40, pile).high > clopper_pearson(10, 30, pile).high


def test_patches_judged_before_are_no_part_of_an_audit(session):
    session.refine(float(np.median(session.scores)))
    chosen = np.flatnonzero(~session.active)[:6].tolist()
    session.judge(chosen[:2], "confirmed")
    session.judge(chosen[2:5], "rejected")
    session.judge(chosen[5], "skipped")
    session.audit(100)
    assert not set(session.decisions.audit.sample) & set(chosen[:5])
    assert chosen[5] in session.decisions.audit.sample
    assert missed(session.state) is None, "nothing of the sample was looked at"
    session.judge(session.decisions.audit.sample[0], "rejected")
    assert missed(session.state).known == 2
    assert missed(session.state).pile == 25


def test_only_the_beginning_of_an_audit_counts(session):
    session.refine(float(np.median(session.scores)))
    session.audit(10)
    sample = session.decisions.audit.sample
    session.judge(sample[5], "confirmed")
    assert missed(session.state) is None, "a patch picked out of it is no random sample"
    session.judge(sample[0], "rejected")
    assert missed(session.state).reviewed == 1


def test_an_audit_says_when_more_was_discarded_since(session):
    session.refine(float(np.quantile(session.scores, 0.25)))
    session.audit(3)
    session.judge(session.decisions.audit.sample, "rejected")
    assert not missed(session.state).grown
    session.refine(float(np.median(session.scores)))
    assert missed(session.state).grown
    assert "draw a new sample" in missed(session.state).summary


def test_effect_counts_what_crossed_the_threshold(session):
    before = session.state
    session.mark(3, "negative")
    effect = step_change(before, session.state, 0.0)
    assert effect.risen == ((before.scores < 0) & (session.scores >= 0)).sum()
    assert effect.fallen == ((before.scores >= 0) & (session.scores < 0)).sum()


def test_effect_does_not_warn_of_known_patches_that_change_places():
    ranks = {"median_rank_before": 5.0, "median_rank_after": 5.0}
    assert not StepChange(risen=0, fallen=0, known=9, worsened=8, pressed=True, **ranks).harmful
    assert StepChange(0, 0, 9, 5.0, 6.0, 8, pressed=True).harmful
    assert not StepChange(0, 0, 9, 5.0, 6.0, 8, pressed=False).harmful
    assert not StepChange(0, 0, 9, 5.0, 6.0, 4, pressed=True).harmful
    assert not StepChange(0, 0, 0, None, None, 0, pressed=True).harmful


def test_effect_blames_negatives_only_for_what_they_did(session):
    """From the first negative on; not for what a positive, a verdict or a scorer did."""
    session.resume()
    session.mark(0, "positive")
    pressed = {}
    for name, step in (
        ("positive", lambda: session.mark(9, "positive")),
        ("negative", lambda: session.mark(3, "negative")),
        ("muted", lambda: session.mute(3)),
        ("counted again", session.undo),
        ("lighter", lambda: session.score_by(weight=0.25)),
        ("heavier", lambda: session.score_by(weight=0.5)),
        ("confirmed", lambda: session.judge(20, "confirmed", mark=True)),
        ("scorer", lambda: session.score_by("kernel-contrast")),
    ):
        before = session.state
        step()
        pressed[name] = step_change(before, session.state, 0.0).pressed
    assert [name for name, did in pressed.items() if did] == [
        "negative",
        "counted again",
        "heavier",
    ]


def test_scores_of_different_kinds_cross_no_threshold(session):
    session.resume()
    session.mark(0, "positive")
    before = session.state
    session.mark(3, "negative")
    effect = step_change(before, session.state, 0.0)
    assert (effect.risen, effect.fallen) == (None, None)
    assert effect.median_rank_before == 1


def test_effect_warns_when_a_look_alike_lowers_the_known(small_table):
    session = Session(small_table)
    session.mark([0, 2, 4], "positive")
    session.mark(1, "negative")
    before = session.state
    nearest = int(np.argmax(small_table.unit_embeddings @ small_table.unit_embeddings[0]
                            + (np.isin(np.arange(60), [0, 2, 4]) * -2)))  # fmt: skip
    session.mark(nearest, "negative")
    effect = step_change(before, session.state, 0.0)
    assert effect.known == 3
    expected = (session.state.ranks[[0, 2, 4]] > before.ranks[[0, 2, 4]]).sum()
    assert effect.worsened == expected
    assert effect.harmful == (expected >= 2)


def test_muting_is_a_way_to_see_what_a_template_does(session):
    before = session.scores.copy()
    session.mark(3, "negative")
    changed = session.scores.copy()
    session.mute(3)
    np.testing.assert_array_equal(session.scores, before)
    assert session.negatives == (1, 3)
    session.mute(3, False)
    np.testing.assert_array_equal(session.scores, changed)


def test_judging_can_mark_in_the_same_step(session):
    session.judge(7, "confirmed", mark=True)
    assert session.positives == (0, 7)
    session.undo()
    assert session.positives == (0,)
    assert dict(session.decisions.verdicts) == {}


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from([0.9, 0.95, 0.99]))
def test_interval_is_clopper_and_pearsons(sampled, found, confidence):
    found = min(found, sampled)
    estimate = clopper_pearson(found, sampled, 10_000, confidence)
    tail = (1 - confidence) / 2
    low = beta.ppf(tail, found, sampled - found + 1) if found else 0
    high = beta.ppf(1 - tail, found + 1, sampled - found) if found < sampled else 1
    assert estimate.low == pytest.approx(max(low * 10_000, found), rel=1e-6, abs=1e-6)
    assert estimate.high == pytest.approx(min(high * 10_000, 10_000 - sampled + found), rel=1e-6)
    assert estimate.low <= estimate.expected <= estimate.high


def test_without_a_sample_nothing_is_known():
    estimate = clopper_pearson(0, 0, 20)
    assert np.isnan(estimate.expected)
    assert (estimate.low, estimate.high) == (0, 20)


def test_reviewing_everything_leaves_no_doubt():
    estimate = clopper_pearson(3, 20, 20)
    assert (estimate.low, estimate.expected, estimate.high) == (3, 3, 3)
    with pytest.raises(ValueError, match="cannot be"):
        clopper_pearson(5, 4, 10)
