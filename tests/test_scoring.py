"""The choice of a scorer: what it computes, that it can be undone, and its two controls."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.scorers import kernel, weighted_contrast
from rareearth_explorer.score.whitening import Whitening
from rareearth_explorer.widgets.scoring_panel import ScoringPanel

POSITIVES, NEGATIVES = [3, 4], [7]


@pytest.fixture
def session(small_table):
    session = Session(small_table)
    session.mark(POSITIVES, "positive")
    session.mark(NEGATIVES, "negative")
    return session


def means(units, column=lambda cosines: cosines):
    return (
        np.mean([column(units @ units[t]) for t in ts], axis=0) for ts in (POSITIVES, NEGATIVES)
    )


def test_the_negatives_weigh_as_much_as_is_wished(session):
    session.score_by(weight=0.25)
    expected = weighted_contrast(*means(session.table.unit_embeddings), 0.25)
    np.testing.assert_allclose(session.scores, expected, atol=1e-6)
    assert session.state.score_name == "Cosine Contrast, weight of the negatives 0.25"


def test_kernel_contrast_scores_whitened_embeddings(session):
    session.score_by("kernel-contrast")
    rows = session.table.unit_embeddings
    positive, negative = means(Whitening.fit(rows).apply(rows), kernel)
    expected = (positive - negative) / (positive + negative)
    np.testing.assert_allclose(session.scores, expected, atol=1e-5)
    assert session.state.score_name == "Kernel Contrast"


def test_a_choice_can_be_undone_and_marks_after_it_follow_it(session):
    before = session.scores
    session.score_by("kernel-contrast", 0.5)
    session.mark(20, "negative")
    assert session.decisions.scoring.scorer == "kernel-contrast"
    session.undo()
    session.undo()
    np.testing.assert_array_equal(session.scores, before)
    assert session.state.score_name == "Cosine Contrast"


def test_the_same_choice_again_is_no_step(session):
    before = session.state
    session.score_by("contrast", 1)
    assert session.state is before


@pytest.mark.parametrize(
    ("choice", "said"), [(("cosines",), "no scorer 'cosines'"), ((None, 1.5), "0 to 1, not 1.5")]
)
def test_what_there_is_not_is_said(session, choice, said):
    with pytest.raises(SessionError, match=said):
        session.score_by(*choice)


def test_the_panel_follows_and_leads(session):
    panel = ScoringPanel(session)
    panel.weight.value = 0.5
    panel.scorer.value = "kernel-contrast"
    assert (session.decisions.scoring.scorer, session.decisions.scoring.weight) == (
        "kernel-contrast",
        0.5,
    )
    session.undo()
    session.undo()
    assert (panel.scorer.value, panel.weight.value) == ("contrast", 1)


def test_a_weight_without_negatives_is_not_offered(small_table):
    session = Session(small_table)
    panel = ScoringPanel(session)
    assert panel.weight.disabled
    session.mark(1, "negative")
    assert not panel.weight.disabled


async def prepared():
    """Wait until what is computed beside has ended and its result has been taken."""
    await asyncio.get_running_loop().shutdown_default_executor()


@pytest.mark.parametrize("dropped", [False, True])
def test_what_takes_long_is_prepared_beside_and_can_be_dropped(session, dropped):
    async def choose():
        panel = ScoringPanel(session)
        panel.scorer.value = "kernel-contrast"
        assert "Preparing" in session.notice
        session.mark(9, "positive")
        assert panel.scorer.value == "kernel-contrast"
        if dropped:
            panel.scorer.value = "contrast"
            assert session.notice == ""
        await prepared()
        return session.decisions.scoring.scorer

    assert asyncio.run(choose()) == ("contrast" if dropped else "kernel-contrast")
    assert 9 in session.positives


def test_means_over_many_templates_are_kept_up_to_date(small_table):
    rng = np.random.default_rng(0)
    units = rng.normal(size=(3000, 8)).astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    columns = Columns(units)
    wanted = set(range(700))
    for patch in (900, 901, 3, 699):
        wanted ^= {patch}
        mean = columns.mean("contrast", "positive", wanted)
        np.testing.assert_allclose(mean, (units @ units[sorted(wanted)].T).mean(axis=1), atol=1e-6)


def test_one_more_template_costs_one_more_column_however_many_there_are(session, monkeypatch):
    asked = []
    session.mark(range(30), "negative")
    assert np.isfinite(session.scores).all()
    compute = Columns._product
    monkeypatch.setattr(Columns, "_product", lambda *a: (asked.extend(a[2]), compute(*a))[1])
    for step in (
        lambda: session.mark(40, "negative"),
        lambda: session.unmark(4),
        lambda: session.mute(5),
        lambda: session.unmark(40),  # its column is still known
        session.undo,
    ):
        step()
        assert np.isfinite(session.scores).all()
    assert asked == [40, 4, 5]


def test_what_is_taken_away_leaves_no_trace(session):
    before = session.scores
    session.mark([20, 21], "positive")
    session.unmark([21, 20])
    np.testing.assert_array_equal(session.scores, before)


def test_what_cannot_be_prepared_is_said(session, monkeypatch):
    def prepare(scorer):
        raise MemoryError("Unable to allocate 84 MiB")

    monkeypatch.setattr(session.columns, "prepare", prepare)

    async def choose():
        panel = ScoringPanel(session)
        panel.scorer.value = "kernel-contrast"
        await prepared()
        return panel.scorer.value

    assert asyncio.run(choose()) == "contrast"
    assert session.message == (
        "The patches cannot be prepared for Kernel Contrast (Unable to allocate 84 MiB); the "
        "scores have not changed."
    )


def test_another_message_outlives_the_wish(session):
    async def choose():
        panel = ScoringPanel(session)
        panel.scorer.value = "kernel-contrast"
        session.message = "There is no active patch in this shape."
        panel.scorer.value = "contrast"
        await prepared()

    asyncio.run(choose())
    assert session.message == "There is no active patch in this shape."
