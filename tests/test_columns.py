"""Sums of columns, kept from click to click: the same as computed anew, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rareearth_explorer.score import columns as module
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.scorers import SCORERS, kernel
from rareearth_explorer.score.whitening import Whitening

N, D = 90, 8
ROWS = np.random.default_rng(3).normal(size=(N, D))
UNITS = (ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)).astype(np.float32)
PLAIN, WHITENED = "contrast", "kernel-contrast"
EXPECTED = {
    PLAIN: UNITS.astype(np.float64) @ UNITS.astype(np.float64).T,
    WHITENED: kernel((w := Whitening.fit(UNITS).apply(UNITS)) @ w.T).astype(np.float64),
}

few = st.frozensets(st.integers(0, N - 1), max_size=6)
many = st.frozensets(st.integers(0, N - 1), max_size=N)
wishes = st.lists(
    st.tuples(
        st.sampled_from([PLAIN, WHITENED]), st.sampled_from(["positive", "negative"]), few | many
    ),
    max_size=12,
)


def test_there_is_a_scorer_of_either_kind():
    assert [SCORERS[name].whitened for name in (PLAIN, WHITENED)] == [False, True]


@pytest.mark.slow
@given(wishes)
def test_the_mean_is_that_of_the_columns_whatever_was_asked_before(wished):
    kept = Columns(UNITS)
    for scorer, sign, templates in wished:
        mean = kept.mean(scorer, sign, templates)
        if not templates:
            assert mean is None
            continue
        assert mean.dtype == np.float32
        expected = EXPECTED[scorer][:, sorted(templates)].mean(axis=1)
        np.testing.assert_allclose(mean, expected, atol=2e-6)


@pytest.mark.slow
@given(st.lists(few, min_size=1, max_size=12))
def test_clicks_leave_no_trace(wished):
    kept = Columns(UNITS)
    for templates in wished:
        mean = kept.mean(PLAIN, "positive", templates)
    anew = Columns(UNITS).mean(PLAIN, "positive", wished[-1])
    np.testing.assert_array_equal(mean, anew)


def test_the_mean_is_as_exact_as_single_precision():
    templates = [*range(40)]
    mean = Columns(UNITS).mean(PLAIN, "positive", templates)
    expected = EXPECTED[PLAIN][:, templates].mean(axis=1)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=1e-7)


def test_what_is_returned_is_not_changed_by_the_next_click():
    kept = Columns(UNITS)
    first = kept.mean(PLAIN, "positive", [1, 2])
    before = first.copy()
    kept.mean(PLAIN, "positive", [1, 2, 3])
    np.testing.assert_array_equal(first, before)


@pytest.fixture
def products(monkeypatch):
    """Count the columns that are computed."""
    computed, product = [], Columns._product

    def counted(self, scorer, templates):
        computed.extend(templates)
        return product(self, scorer, templates)

    monkeypatch.setattr(Columns, "_product", counted)
    return computed


def test_a_click_costs_one_column_and_taking_it_back_none(products):
    kept = Columns(UNITS)
    kept.mean(PLAIN, "positive", range(40))
    products.clear()
    kept.mean(PLAIN, "positive", range(41))
    assert products == [40]
    kept.mean(PLAIN, "positive", range(40))
    kept.mean(PLAIN, "negative", [40])
    assert products == [40]


def test_the_columns_used_last_are_kept_and_no_more(products):
    kept = Columns(UNITS)
    for template in range(module.RECENT):
        kept.mean(PLAIN, "positive", [template])
    kept.mean(PLAIN, "negative", [0])  # used again, so 1 is the next to go
    kept.mean(PLAIN, "positive", [50])
    products.clear()
    kept.mean(PLAIN, "negative", [0, 2])
    assert products == []
    kept.mean(PLAIN, "negative", [0, 2, 1])
    assert products == [1]
    for template in range(N):
        kept.mean(PLAIN, "positive", [template])
    assert len(kept._recent) == module.RECENT


def test_many_templates_are_computed_in_blocks(monkeypatch):
    sizes, product = [], Columns._product

    def sized(self, scorer, templates):
        sizes.append(len(templates))
        return product(self, scorer, templates)

    monkeypatch.setattr(Columns, "_product", sized)
    Columns(UNITS).mean(PLAIN, "positive", range(module.BLOCK + 1))
    assert sizes == [module.BLOCK, 1]


def test_far_from_what_is_known_the_sum_is_begun_anew(products):
    kept = Columns(UNITS)
    kept.mean(PLAIN, "positive", range(80))
    products.clear()
    kept.mean(PLAIN, "positive", [0, 85])
    assert products == [0, 85]


def test_embeddings_are_whitened_once_and_when_they_are_needed(monkeypatch):
    fitted, fit = [], Whitening.fit

    def counted(units):
        fitted.append(units)
        return fit(units)

    monkeypatch.setattr(Whitening, "fit", counted)
    kept = Columns(UNITS)
    assert kept.ready(PLAIN)
    assert not kept.ready(WHITENED)
    kept.mean(PLAIN, "positive", [1])
    assert not fitted
    kept.prepare(WHITENED)
    kept.mean(WHITENED, "positive", [1])
    kept.prepare(WHITENED)
    assert kept.ready(WHITENED)
    assert len(fitted) == 1
