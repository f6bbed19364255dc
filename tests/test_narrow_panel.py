"""The narrowing: the histogram of scores, the threshold, the best N, the rounds."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.narrow import NarrowPanel


@pytest.fixture
def session(small_table: PatchTable) -> Session:
    return Session(small_table, np.arange(60) % 7 == 0)


def marked(session: Session) -> Session:
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


def test_buttons_are_the_verbs(session: Session) -> None:
    panel = NarrowPanel(session)
    assert panel.refine.disabled
    marked(session)
    panel.refine.click()
    assert len(session.decisions.rounds) == 2
    panel.back.click()
    assert len(session.decisions.rounds) == 1


def test_says_what_a_refinement_keeps(session: Session) -> None:
    panel = NarrowPanel(session)
    assert "60 of 60 (100%) patches kept" in panel.counts.value
    assert "9 of 9 (100%) with mines" in panel.counts.value
    assert "Mark a mine first" in panel.keeps.value
    marked(session)
    kept = session.scores >= 0
    assert f"keeps <b>{kept.sum()}</b> of 60" in panel.keeps.value
    assert f"({(kept & session.mines).sum()} of 9 known mines)" in panel.keeps.value


def test_the_line_previews_while_it_is_dragged_and_counts_when_it_is_released(
    session: Session,
) -> None:
    told: list[str] = []
    panel = NarrowPanel(marked(session))
    session.on_verb = lambda verb, _: told.append(verb)
    at = float(np.quantile(session.scores, 0.7))
    panel.histogram.at = at  # what dragging in the browser sets
    assert f"keeps <b>{(session.scores >= np.float32(at)).sum()}</b>" in panel.keeps.value
    assert (session.threshold, told) == (0, [])
    panel.receive({"chosen": at})
    assert session.threshold == at
    assert told == ["aim"]
    assert panel.best.value == (session.scores >= np.float32(at)).sum()


@pytest.mark.parametrize("negatives", [[], [1]])
def test_the_best_n_are_kept(session: Session, negatives: list[int]) -> None:
    session.mark(0, "positive")
    session.mark(negatives, "negative")
    panel = NarrowPanel(session)
    panel.best.value = 17
    panel.refine.click()
    assert session.active.sum() == 17
    assert set(np.flatnonzero(session.active)) == set(session.ranking[:17].tolist())


def test_the_histogram_is_of_the_active_patches(session: Session) -> None:
    panel = NarrowPanel(session)
    assert panel.histogram.counts == []
    marked(session)
    assert sum(panel.histogram.counts) == 60
    assert sum(panel.histogram.known) == 9
    assert panel.histogram.range == (
        pytest.approx(session.scores.min()), pytest.approx(session.scores.max())
    )  # fmt: skip
    session.refine(float(np.median(session.scores)))
    assert sum(panel.histogram.counts) == session.active.sum()
    without = NarrowPanel(marked(Session(session.table)))
    assert without.histogram.known == []
    assert "known" not in without.keeps.value


def test_strip_shows_rounds_and_returns_to_one(session: Session) -> None:
    panel = NarrowPanel(session)
    marked(session).refine()
    session.refine(float(np.median(session.scores[session.active])))
    counts = [int(r.active.sum()) for r in session.decisions.rounds]
    assert [label for label, _ in panel.strip.options] == [
        f"{n}: {count}" for n, count in enumerate(counts, start=1)
    ]
    assert panel.strip.value == 2
    panel.strip.value = 0
    assert len(session.decisions.rounds) == 1
    assert panel.strip.value == 0


def test_threshold_is_the_sessions(session: Session) -> None:
    panel = NarrowPanel(session)
    panel.threshold.value = 0.25
    assert session.threshold == panel.histogram.at == 0.25
    session.threshold = 0.5
    assert panel.threshold.value == panel.histogram.at == 0.5


def test_what_cannot_be_done_is_said(session: Session) -> None:
    panel = NarrowPanel(session)
    marked(session)
    session.threshold = 1
    panel.refine.click()
    panel.refine.click()
    assert "no patch would be" in session.message
