"""Simulate an analyst who refines as the paper does, and measure each round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rareearth_explorer.errors import LabelsError, SessionError
from rareearth_explorer.hunt import Session, State
from rareearth_explorer.study.measures import measures
from rareearth_explorer.study.reproduction import Judge

ROUNDS = 4
LOOKS = 10
"""Number of patches that the analyst reviews in every round after the first."""


def refined_states(
    judge: Judge, positives: Sequence[int], negatives: Sequence[int], rounds: int = ROUNDS
) -> Iterator[State]:
    """Refine round by round, with the labels as the analyst's knowledge; yield each round's state.

    After every round, the analyst discards the patches that score below 0 and reviews the best of
    the others that are not yet templates: mines become positive templates, the others negative
    ones. The hunt ends early if a refinement would discard no patch or all patches.
    """
    session = Session(judge.table)
    session.mark(positives, "positive")
    session.mark(negatives, "negative")
    yield session.state
    for _ in range(rounds - 1):
        try:
            session.refine(0.0)
        except SessionError:
            return
        ranked = session.ranking[session.active[session.ranking]]
        looked_at = ranked[~np.isin(ranked, [*session.positives, *session.negatives])][:LOOKS]
        session.mark(looked_at[judge.mines[looked_at]].tolist(), "positive")
        session.mark(looked_at[~judge.mines[looked_at]].tolist(), "negative")
        yield session.state


def refine(
    judge: Judge, positives: Sequence[int], negatives: Sequence[int]
) -> list[dict[str, Any]]:
    """Measure every round of one hunt: its templates, and the ranking of all patches by them.

    Patches discarded in earlier rounds rank below all others, whatever they score, and no
    threshold keeps them. The hunt ends early if the analyst has found all mines.

    Raises
    ------
    LabelsError
        The first templates leave no patches to evaluate.
    """
    measured: list[dict[str, Any]] = []
    for state in refined_states(judge, positives, negatives):
        templates = state.decisions.templates
        try:
            scored = judge.scored([*templates.positives, *templates.negatives])
        except LabelsError:
            if not measured:
                raise
            break
        kept = np.where(state.active, state.scores, -2.0)  # below every score
        ranking, deciding = (judge.ranking(order, scored) for order in (state.ordering, kept))
        measured.append(
            {
                "round": len(state.decisions.rounds),
                "positives": list(templates.positives),
                "negatives": list(templates.negatives),
                "patches_active": int(state.active.sum()),
                "contrast": measures(ranking, deciding),
            }
        )
    return measured
