"""A simulated analyst who refines, as the paper does, and what each round comes to."""

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
"""Patches that the analyst looks at in every round after the first."""


def refined_states(
    judge: Judge, positives: Sequence[int], negatives: Sequence[int], rounds: int = ROUNDS
) -> Iterator[State]:
    """Refine round by round with the labels as the analyst's knowledge; the state of each round.

    After every round, patches that score below 0 are discarded and the best of the rest that are
    no templates yet are looked at: mines among them become positive templates, the others
    negative ones. It ends early where nothing or everything would be discarded.
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
        session.mark(looked_at[judge.truth[looked_at]].tolist(), "positive")
        session.mark(looked_at[~judge.truth[looked_at]].tolist(), "negative")
        yield session.state


def refine(
    judge: Judge, positives: Sequence[int], negatives: Sequence[int]
) -> list[dict[str, Any]]:
    """Measure every round of one hunt: the templates then, and how all patches rank by them.

    Patches discarded in earlier rounds rank below those that were not, whatever they score, and
    no threshold keeps them. The hunt ends early where the analyst has found all there is.

    Raises
    ------
    LabelsError
        The first templates leave nothing to judge by.
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
