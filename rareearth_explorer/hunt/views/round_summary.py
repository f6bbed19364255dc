"""Rounds summed up: what each kept, what reviewing it yielded, and how well it ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from immutables import Map

from rareearth_explorer.hunt.decisions import Verdict
from rareearth_explorer.hunt.state import State


@dataclass(frozen=True)
class RoundSummary:
    """One round.

    Attributes
    ----------
    threshold
        Scores below it were discarded to begin the round; None in the first.
    patches
        Number of patches in play.
    positives, negatives
        Numbers of templates when it was left.
    confirmed, rejected
        Numbers of verdicts given in it to patches in play; those on a sample of the discarded
        are no yield of the round.
    recall
        Share of the patches with labelled pools that are in play, in [0, 1]; None without labels.
    precision
        Share of the patches in play that hold labelled pools, in [0, 1]; None without labels.
    auc
        Of the ranking in which it was left, templates left out; None without labels or scores.
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
        """Share of the verdicts given in it that confirm, in [0, 1]; None before there are any."""
        given = self.confirmed + self.rejected
        return self.confirmed / given if given else None


def summaries(present: State) -> Iterator[RoundSummary]:
    """Sum up the rounds that lead to the present one, and this one as it stands."""
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
