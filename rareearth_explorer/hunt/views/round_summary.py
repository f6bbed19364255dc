"""Summaries of the rounds: patches kept, result of the review, quality of the ranking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from immutables import Map

from rareearth_explorer.hunt.decisions import Verdict
from rareearth_explorer.hunt.state import State


@dataclass(frozen=True)
class RoundSummary:
    """The summary of one round.

    Attributes
    ----------
    threshold
        Patches that scored below it were discarded to begin the round; None in the first.
    patches
        Number of active patches.
    positives, negatives
        Numbers of templates at the end of the round.
    confirmed, rejected
        Numbers of verdicts given in the round to active patches; verdicts on the audit sample do
        not count.
    recall
        Share of the mines that are active, in [0, 1]; None without labels.
    precision
        Share of the active patches that are mines, in [0, 1]; None without labels.
    auc
        Area under the ROC curve at the end of the round, without the templates; None without
        labels or scores.
    """

    threshold: float | None
    patches: int
    positives: int
    negatives: int
    confirmed: int
    rejected: int
    recall: float | None
    precision: float | None
    auc: float | None

    @property
    def yield_(self) -> float | None:
        """Share of the verdicts that are confirmed, in [0, 1]; None without verdicts."""
        given = self.confirmed + self.rejected
        return self.confirmed / given if given else None


def summaries(present: State) -> Iterator[RoundSummary]:
    """Summarise the earlier rounds, and the present one as it is now."""
    judged: Map[int, Verdict] = Map()
    for state in present.line:
        decisions, active, mines = state.decisions, state.active, state.mines
        given = [v for p, v in decisions.verdicts.items() if judged.get(p) != v and active[p]]
        judged = decisions.verdicts
        held = None if mines is None else int((mines & active).sum())
        curve = state.roc_curve
        yield RoundSummary(
            threshold=decisions.rounds[-1].threshold,
            patches=int(active.sum()),
            positives=len(decisions.templates.positives),
            negatives=len(decisions.templates.negatives),
            confirmed=given.count("confirmed"),
            rejected=given.count("rejected"),
            recall=None if mines is None or held is None else held / mines.sum(),
            precision=None if held is None else held / active.sum(),
            auc=None if curve is None else curve.auc,
        )
