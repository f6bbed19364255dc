"""Measures of a ranking, against scikit-learn and against the definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from rareearth_explorer.score.evaluation import (
    Ranking,
    roc,
    roc_corners,
    scored_patches,
    spatial_blocks,
)

# Few distinct scores, so that most are tied.
PATCHES = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), min_size=2, max_size=60)


def columns(patches):
    scores, pools = map(np.array, zip(*patches, strict=True))
    assume(0 < np.count_nonzero(pools) < len(pools))
    return scores.astype(np.float32), pools


@given(PATCHES)
def test_curve_and_area_agree_with_scikit_learn(patches):
    scores, pools = columns(patches)
    mines = pools > 0
    curve = roc(scores, mines)
    fpr, tpr, _ = metrics.roc_curve(mines, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fpr, fpr)
    np.testing.assert_allclose(curve.tpr, tpr)
    assert curve.auc == pytest.approx(metrics.roc_auc_score(mines, scores), abs=1e-12)


@given(PATCHES)
def test_corners_are_the_same_curve(patches):
    scores, pools = columns(patches)
    mines = pools > 0
    whole, corners = roc(scores, mines), roc_corners(scores[mines], scores[~mines])
    assert corners.auc == pytest.approx(whole.auc, abs=1e-12)
    assert np.trapezoid(corners.tpr, corners.fpr) == pytest.approx(whole.auc, abs=1e-12)
    assert set(zip(corners.fpr, corners.tpr, strict=True)) <= set(
        zip(whole.fpr, whole.tpr, strict=True)
    )


@pytest.mark.slow
@given(
    hnp.arrays(np.float32, st.integers(1, 30), elements=st.floats(-1, 1, width=32)),
    hnp.arrays(np.float32, st.integers(1, 30), elements=st.floats(-1, 1, width=32)),
)
def test_corners_of_any_float32_scores(mines, others):
    is_mine = np.r_[np.ones(len(mines), bool), np.zeros(len(others), bool)]
    expected = metrics.roc_auc_score(is_mine, np.r_[mines, others])
    assert roc_corners(mines, others).auc == pytest.approx(expected, abs=1e-12)


def test_scores_that_differ_in_the_last_bit_only_are_no_tie():
    low = np.float32(0.75)
    high = np.nextafter(low, np.float32(1))
    assert roc_corners(np.array([high]), np.array([low])).auc == 1
    assert roc_corners(np.array([low]), np.array([low])).auc == 0.5
    assert Ranking.of(np.array([high, low]), [1, 0]).auc == 1


@pytest.mark.slow
@given(PATCHES)
def test_average_precision_agrees_with_scikit_learn(patches):
    scores, pools = columns(patches)
    expected = metrics.average_precision_score(pools > 0, scores)
    assert Ranking.of(scores, pools).average_precision == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
@given(PATCHES, st.sampled_from([-9, -1, 0, 0.5, 2, 9]))
def test_decisions_agree_with_scikit_learn(patches, threshold):
    scores, pools = columns(patches)
    mines, kept = pools > 0, scores >= threshold
    decision = Ranking.of(scores, pools).at(threshold)
    for name, expected in {
        "accuracy": metrics.accuracy_score(mines, kept),
        "precision": metrics.precision_score(mines, kept, zero_division=0),
        "recall": metrics.recall_score(mines, kept),
        "f1": metrics.f1_score(mines, kept, zero_division=0),
        "patches_gone": 1 - kept.mean(),
    }.items():
        assert getattr(decision, name) == pytest.approx(expected, abs=1e-12), name


@pytest.mark.slow
@given(PATCHES)
def test_no_threshold_gives_a_higher_f1_than_the_best(patches):
    scores, pools = columns(patches)
    best = Ranking.of(scores, pools).best()
    tried = [metrics.f1_score(pools > 0, scores >= t) for t in np.unique(scores)]
    assert best.f1 == pytest.approx(max(tried), abs=1e-12)
    assert best.f1 == pytest.approx(metrics.f1_score(pools > 0, scores >= best.threshold))


@given(PATCHES, st.sampled_from([0.01, 0.1, 0.2, 0.5, 1.0]), st.integers(0, 3))
def test_found_is_the_mean_over_the_orders_of_tied_patches(patches, share, seed):
    scores, pools = columns(patches)
    mines, found = Ranking.of(scores, pools).found(share)
    count = int(np.ceil(share * len(scores) - 1e-9))
    if len(np.unique(scores)) == len(scores):
        first = np.argsort(-scores)[:count]
        assert found == pytest.approx(pools[first].sum() / pools.sum())
        assert mines == pytest.approx((pools[first] > 0).sum() / (pools > 0).sum())
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(len(scores)) for _ in range(300)]
    tries = [pools[o][np.argsort(-scores[o], kind="stable")][:count].sum() for o in shuffled]
    assert found == pytest.approx(np.mean(tries) / pools.sum(), abs=0.15)


@given(PATCHES, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_depth_is_the_first_place_where_the_share_is_found(patches, share):
    scores, pools = columns(patches)
    ranking = Ranking.of(scores, pools)
    depth = ranking.depth(share)
    assert ranking.found(depth)[1] >= share - 1e-9
    before = depth - 1 / len(scores)
    if before > 1e-9:
        assert ranking.found(before)[1] < share


def test_a_hand_made_ranking():
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
    ranking = Ranking.of(scores, [3, 0, 6, 0, 0, 1, 0, 0, 0, 0])
    assert ranking.found(0.1) == pytest.approx((1 / 3, 0.3))
    assert ranking.found(0.2) == pytest.approx((1 / 3, 0.3))
    assert ranking.found(0.25) == pytest.approx((2 / 3, 0.9))  # 2.5 patches are 3
    assert ranking.depth(0.9) == pytest.approx(0.3)
    assert ranking.depth(0.91) == pytest.approx(0.6)
    assert ranking.at(0.65).precision == pytest.approx(2 / 3)
    assert ranking.best().threshold == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("scores", "labels", "what"),
    [
        ([np.nan, 1.0], [1, 0], "NaN"),
        ([1.0], [1, 0], "same length"),
        ([1.0, 2.0], [1, 1], "patches with and without a mine"),
        ([1.0, 2.0], [0, 0], "patches with and without a mine"),
    ],
)
def test_refuses_what_cannot_be_measured(scores, labels, what):
    with pytest.raises(ValueError, match=what):
        Ranking.of(scores, labels)
    with pytest.raises(ValueError, match=what):
        roc(scores, labels)


def test_templates_are_not_judged_by_unless_asked():
    assert scored_patches(5, [1, 3]).tolist() == [True, False, True, False, True]
    assert scored_patches(5, [1, 3], include_templates=True).all()


def test_blocks_that_hold_a_template_are_left_out_whole():
    places = np.array([[0, 0], [90, 90], [110, 0], [0, 110], [250, 250]], float)
    blocks = spatial_blocks(places, 100)
    assert len(set(blocks[:2])) == 1
    assert len(set(blocks)) == 4
    kept = scored_patches(5, [1], blocks=blocks)
    assert kept.tolist() == [False, False, True, True, True]
