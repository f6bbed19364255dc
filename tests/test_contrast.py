"""Equations 1 to 3, against the formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rareearth_explorer.score.contrast import ScoreKind, contrast_of, cosine_contrast, score

finite = st.floats(-100, 100, width=32)
matrices = hnp.arrays(np.float32, st.tuples(st.integers(3, 12), st.integers(1, 6)), elements=finite)
cosines = hnp.arrays(np.float32, 8, elements=st.floats(-1, 1, width=32))


def written_out(embeddings, positives, negatives):
    """The paper's formulas, patch by patch in float64, with the bounded denominator."""

    def cosine(a, b):
        size = np.sqrt((a**2).sum()) * np.sqrt((b**2).sum())
        return (a * b).sum() / size if size else 0.0

    rows = embeddings.astype(float)
    out = []
    for row in rows:
        p = np.mean([cosine(row, rows[j]) for j in positives])
        n = np.mean([cosine(row, rows[j]) for j in negatives])
        out.append((p - n) / (abs(p) + abs(n)) if abs(p) + abs(n) else 0.0)
    return np.array(out)


def test_agrees_with_the_formula_written_out():
    embeddings = np.random.default_rng(0).random((40, 16), np.float32)
    ours = cosine_contrast(embeddings, [3, 5, 7], [1, 2])
    np.testing.assert_allclose(ours, written_out(embeddings, [3, 5, 7], [1, 2]), atol=1e-6)
    assert ours.dtype == np.float32


def test_is_the_papers_formula_where_means_are_positive():
    p, n = np.float32([0.9, 0.5, 0.2]), np.float32([0.3, 0.5, 0.4])
    np.testing.assert_allclose(contrast_of(p, n), (p - n) / (p + n), rtol=1e-6)


def test_stays_finite_where_the_papers_denominator_vanishes():
    assert contrast_of(np.float32([0.5, 0.0]), np.float32([-0.5, 0.0])).tolist() == [1.0, 0.0]


@given(cosines, cosines)
def test_is_bounded_and_antisymmetric(p, n):
    contrast = contrast_of(p, n)
    assert (np.abs(contrast) <= 1).all()
    np.testing.assert_array_equal(contrast, -contrast_of(n, p))


@given(matrices)
def test_any_embeddings_give_finite_scores(embeddings):
    scores = cosine_contrast(embeddings, [0], [1, 2])
    assert scores.shape == (len(embeddings),)
    assert np.isfinite(scores).all()


@given(st.floats(0.01, 100))
def test_length_of_embeddings_does_not_matter(factor):
    rows = np.random.default_rng(1).normal(size=(9, 5)).astype(np.float32)
    scaled = cosine_contrast(rows * np.float32(factor), [0], [1])
    np.testing.assert_allclose(scaled, cosine_contrast(rows, [0], [1]), atol=1e-4)


@pytest.mark.parametrize(
    ("positives", "negatives", "kind"),
    [
        ([], [], ScoreKind.NONE),
        ([1], [], ScoreKind.POSITIVES),
        ([], [1], ScoreKind.NEGATIVES),
        ([1], [2], ScoreKind.CONTRAST),
    ],
)
def test_says_which_score_it_is(positives, negatives, kind):
    columns = {1: np.float32([0.5, 1.0]), 2: np.float32([0.25, 0.5])}
    scores, said = score([columns[p] for p in positives], [columns[n] for n in negatives], 2)
    assert said is kind
    expected = {
        ScoreKind.NONE: [np.nan, np.nan],
        ScoreKind.POSITIVES: [0.5, 1.0],
        ScoreKind.NEGATIVES: [-0.5, -1.0],
        ScoreKind.CONTRAST: [1 / 3, 1 / 3],
    }
    np.testing.assert_allclose(scores, expected[kind], rtol=1e-6)


def test_columns_stay_as_they_are():
    columns = [np.array([0.5, 0.25], np.float32), np.array([1, 0], np.float32)]
    scores, _ = score(columns, [], 2)
    assert scores.tolist() == [0.75, 0.125]
    assert columns[0].tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("positives", "negatives", "kind"),
    [
        (2, 1, ScoreKind.CONTRAST),
        (2, 0, ScoreKind.POSITIVES),
        (0, 1, ScoreKind.NEGATIVES),
        (0, 0, ScoreKind.NONE),
    ],
)
def test_the_kind_is_told_by_the_numbers_of_templates(positives, negatives, kind):
    assert ScoreKind.of(positives, negatives) is kind
