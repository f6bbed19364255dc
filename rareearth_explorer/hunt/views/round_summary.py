"""Rounds summed up: what each kept, what reviewing it yielded, and how well it ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rareearth_explorer.hunt.state import Mask, State
from rareearth_explorer.hunt.views.round_curve import curve_of


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


def summaries(present: State, truth: Mask | None) -> Iterator[RoundSummary]:
    """Sum up the rounds that lead to the present one, and this one as it stands."""
    known: dict[int, str] = {}
    for state in present.line:
        verdicts = state.opinions.verdicts
        active = state.active
        new = [v for patch, v in verdicts.items() if known.get(patch) != v and active[patch]]
        known = dict(verdicts)
        mines = None if truth is None else int((truth & active).sum())
        curve = None if truth is None else curve_of(state, truth)
        yield RoundSummary(
            threshold=state.rounds[-1].threshold,
            patches=int(active.sum()),
            positives=len(state.templates.positives),
            negatives=len(state.templates.negatives),
            confirmed=new.count("confirmed"),
            rejected=new.count("rejected"),
            recall=mines / truth.sum() if truth is not None and mines is not None else None,
            precision=None if mines is None else mines / active.sum(),
            auc=None if curve is None else curve.auc,
        )
