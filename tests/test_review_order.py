"""Orders of review, and that the simulated analyst of the study looks where the app does."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review import queue
from rareearth_explorer.hunt.review_order import (
    CANDIDATES,
    OF_THE_ACTIVE,
    RECOMMENDED,
    Order,
    next_patches,
)
from rareearth_explorer.study.candidates import CONTRAST
from rareearth_explorer.study.hunting import clicks_to_find
from rareearth_explorer.study.labelled import Labelled


def first(order, scores, *, nearest=None, luck=None, open_=None, length=1, threshold=0.0):
    scores = np.array(scores, np.float32)
    alike = np.zeros(len(scores), np.float32) if nearest is None else np.array(nearest, np.float32)
    return next_patches(
        order,
        scores,
        np.ones(len(scores), bool) if open_ is None else np.array(open_),
        length,
        unit_embeddings=np.eye(len(scores), dtype=np.float32),
        nearest=alike.__getitem__,
        luck=scores if luck is None else np.array(luck),
        threshold=threshold,
    ).tolist()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_each_order_puts_first_what_it_is_called_by(length):
    scores, nearest = [0.9, -0.1, 0.5, -0.8], [0.2, 0.9, 0.8, 0.1]
    assert first(Order.BEST, scores, length=length) == [0, 2, 1, 3][:length]
    assert first(Order.UNCERTAIN, scores, length=length) == [1, 2, 3, 0][:length]
    at = first(Order.UNCERTAIN, scores, threshold=0.6, length=length)
    assert at == [2, 0, 1, 3][:length]
    assert first(Order.DIVERSE, scores, nearest=nearest, length=length) == [3, 0, 2, 1][:length]
    luck = [3, 0, 9, 5]
    assert first(Order.RANDOM, scores, luck=luck, length=length) == [2, 3, 0, 1][:length]
    assert RECOMMENDED in OF_THE_ACTIVE


@pytest.mark.parametrize("order", OF_THE_ACTIVE)
@pytest.mark.parametrize("length", [1, 2, 4])
def test_of_equal_patches_the_better_then_the_earlier_comes_first(order, length):
    rows = first(order, [-0.5, 0.5, 0.5, -0.5, 0.5], luck=[1] * 5, length=length)
    assert rows == [1, 2, 4, 0][:length]


@pytest.mark.parametrize("order", OF_THE_ACTIVE)
def test_only_open_patches_come(order):
    assert first(order, [0.3, 0.2, 0.1], open_=[False, True, False], length=3) == [1]
    assert first(order, [0.3, 0.2, 0.1], open_=[False] * 3) == []


def test_the_most_different_is_sought_among_the_best_only():
    scores = -np.arange(CANDIDATES + 1)
    nearest = np.full(CANDIDATES + 1, 0.9)
    nearest[[CANDIDATES - 1, CANDIDATES]] = 0.5, 0.1
    assert first(Order.DIVERSE, scores, nearest=nearest) == [CANDIDATES - 1]


@pytest.fixture(scope="module")
def large():
    """20,001 patches, 30 of them mines that are no easy find."""
    rng = np.random.default_rng(3)
    rows = rng.random((20_001, 8), np.float32) + 0.2
    mines = rng.choice(len(rows), 30, replace=False)
    rows[mines, 0] += 0.6
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return Labelled("made up", units, np.isin(np.arange(len(rows)), mines).astype(np.int64))


def session_of(data):
    corners = np.random.default_rng(0).random((len(data.pools), 4, 2))
    return Session(PatchTable.from_arrays(data.embeddings, corners))


def looked_at_by_the_app(data, beginning, order, clicks):
    session, patches = session_of(data), [beginning]
    for _ in range(clicks):
        patch = patches[-1]
        session.mark(patch, "positive" if data.pools[patch] else "negative")
        patches += queue(session.state, order, session.table.unit_embeddings, length=1).tolist()
    return patches


@pytest.fixture
def looked_at_by_the_study(monkeypatch):
    def hunt(data, order, clicks, page=1):
        looked, columns = [], Labelled.columns

        def noted(data, patches, whitened):
            looked.extend(patches.tolist())
            return columns(data, patches, whitened)

        monkeypatch.setattr(Labelled, "columns", noted)
        clicks_to_find(data, CONTRAST, [order], hunts=1, limit=clicks, page=page)
        return list(dict.fromkeys(looked))  # a most different one is asked for twice

    return hunt


@pytest.mark.slow
@pytest.mark.parametrize("order", [Order.BEST, Order.UNCERTAIN, Order.DIVERSE])
def test_the_simulated_analyst_looks_where_the_app_does(large, order, looked_at_by_the_study):
    looked = looked_at_by_the_study(large, order, 25)
    assert len(looked) == 26
    assert looked_at_by_the_app(large, looked[0], order, 25) == looked


@pytest.mark.slow
def test_a_page_of_the_study_is_a_page_of_the_app(large, looked_at_by_the_study):
    looked = looked_at_by_the_study(large, Order.DIVERSE, 20, page=20)
    session = session_of(large)
    session.mark(looked[0], "positive")
    page = queue(session.state, Order.DIVERSE, session.table.unit_embeddings, length=20)
    assert looked == [looked[0], *page.tolist()]
