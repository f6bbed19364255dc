"""Scorers, whitening and orders of review, against their formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.covariance import ShrunkCovariance

from rareearth_explorer.score.contrast import ScoreKind, contrast_of, cosine_contrast, score
from rareearth_explorer.score.scorers import SCORERS, kernel, weighted_contrast
from rareearth_explorer.score.whitening import Whitening

shares = hnp.arrays(np.float32, 30, elements=st.floats(2**-6, 1, width=32))


@pytest.fixture
def rows():
    """300 rows that vary a thousand times more along one direction than along another."""
    rng = np.random.default_rng(0)
    loose = rng.normal(size=(300, 5)) * [1, 0.3, 0.1, 0.03, 0.001] + 2
    return (loose / np.linalg.norm(loose, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("signs", [([], []), ([3, 4], []), ([], [7]), ([3, 4], [7])])
def test_the_default_is_the_score_of_the_app(rows, signs):
    columns = [[rows @ rows[t] for t in templates] for templates in signs]
    expected, kind = score(*columns, len(rows))
    scores, said = SCORERS["contrast"].score(*columns, len(rows))
    np.testing.assert_array_equal(scores, expected)
    assert said is kind
    assert SCORERS["contrast"].name(kind) == kind.value


def test_scorers_say_what_their_scores_are():
    scorer = SCORERS["kernel-contrast"]
    assert scorer.name(ScoreKind.CONTRAST) == "Kernel Contrast"
    assert scorer.name(ScoreKind.POSITIVES) == "mean kernel to the positives"


def columns_of(scorer, units, templates):
    return np.mean([scorer.column(units @ units[t]) for t in templates], axis=0)


def test_the_first_scorer_is_the_papers(rows):
    paper = next(iter(SCORERS.values()))
    means = (columns_of(paper, rows, templates) for templates in ([3, 4], [7]))
    np.testing.assert_allclose(paper.combine(*means), cosine_contrast(rows, [3, 4], [7]), atol=1e-6)
    assert not paper.whitened


def test_kernel_contrast_is_equation_3_of_kernels_of_whitened_cosines(rows):
    scorer = SCORERS["kernel-contrast"]
    assert scorer.whitened
    units = Whitening.fit(rows).apply(rows)
    scores = scorer.combine(*(columns_of(scorer, units, t) for t in ([3, 4], [7])))
    for patch in (0, 3, 7, 100):
        cosine = {t: float(units[patch].astype(float) @ units[t]) for t in (3, 4, 7)}
        near = {t: np.exp(5 * (c - 1)) for t, c in cosine.items()}
        p, n = (near[3] + near[4]) / 2, near[7]
        assert scores[patch] == pytest.approx((p - n) / (p + n), abs=1e-5)
    assert scores[3] > 0 > scores[7]


@pytest.mark.parametrize("name", SCORERS)
def test_scores_are_bounded_finite_and_float32(rows, name):
    scorer = SCORERS[name]
    units = Whitening.fit(rows).apply(rows) if scorer.whitened else rows
    means = [columns_of(scorer, units, templates) for templates in ([3], [7, 8])]
    for weight in (0.0, 0.25, 1.0):
        scores = scorer.weighted(weight).combine(*means)
        assert scores.dtype == np.float32
        assert (np.abs(scores) <= 1).all()


@given(shares, shares, st.floats(0.05, 1))
def test_a_factor_on_the_negatives_would_not_change_the_ranking(p, n, weight):
    factored = contrast_of(p.astype(float), weight * n.astype(float))
    order = np.argsort(contrast_of(p.astype(float), n.astype(float)), kind="stable")
    assert (np.diff(factored[order]) >= -1e-12).all()


@given(shares, shares)
def test_weights_lead_from_the_positives_alone_to_contrast(p, n):
    np.testing.assert_array_equal(weighted_contrast(p, n, 1), contrast_of(p, n))
    alone = weighted_contrast(p, n, 0)
    assert (np.diff(alone[np.argsort(p)]) >= -1e-6).all()
    # The average patch scores 0.
    assert alone[p > p.mean() + 1e-3].min(initial=0) >= 0
    assert alone[p < p.mean() - 1e-3].max(initial=0) <= 0


def test_several_hunts_at_once_score_as_each_alone():
    p, n = np.random.default_rng(1).random((2, 3, 40), np.float32)
    together = weighted_contrast(p, n, 0.5)
    for row, (a, b) in enumerate(zip(p, n, strict=True)):
        np.testing.assert_allclose(together[row], weighted_contrast(a, b, 0.5), rtol=1e-6)


def test_kernel_is_one_at_the_template_and_positive_everywhere():
    near = kernel(np.float32([1, 0, -1]))
    assert near[0] == 1
    assert (np.diff(near) < 0).all()
    assert near[-1] > 0


def test_whitening_is_mahalanobis_with_a_shrunken_covariance(rows):
    whitening = Whitening.fit(rows, shrinkage=0.25)
    # scikit-learn's shrinkage s mixes (1 - s) C + s mean(C); ours adds 0.25 mean(C) to C.
    shrunk = ShrunkCovariance(shrinkage=0.2).fit(rows.astype(float)).covariance_ / 0.8
    centred = rows - rows.mean(axis=0, dtype=float)
    expected = centred @ np.linalg.inv(shrunk) @ centred.T
    length = np.sqrt(np.diag(expected))
    whitened = whitening.apply(rows)
    np.testing.assert_allclose(
        whitened @ whitened.T, expected / np.outer(length, length), atol=1e-4
    )


def test_whitening_does_not_depend_on_the_blocks(rows, monkeypatch):
    whole = Whitening.fit(rows).apply(rows)
    monkeypatch.setattr("rareearth_explorer.score.whitening.ROWS", 7)
    np.testing.assert_allclose(Whitening.fit(rows).apply(rows), whole, atol=1e-5)


@pytest.mark.parametrize("rows", [np.ones((4, 3)), np.eye(3)[:2], np.zeros((5, 2))])
def test_whitening_survives_rows_that_say_little(rows):
    whitened = Whitening.fit(rows.astype(np.float32)).apply(rows.astype(np.float32))
    assert np.isfinite(whitened).all()
