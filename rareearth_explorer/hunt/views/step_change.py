"""The effect of a step: patches that crossed the threshold, and ranks of known positives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.state import State
from rareearth_explorer.hunt.views.standing import known_positives
from rareearth_explorer.score.contrast import ScoreKind


@dataclass(frozen=True)
class StepChange:
    """The effect of a step on scores and ranks.

    Attributes
    ----------
    risen, fallen
        Numbers of active patches that rose above the threshold, and that fell below it; None if
        the scores before and after are of different kinds.
    known
        Number of known positives: confirmed patches, and positive templates in both states.
    median_rank_before, median_rank_after
        Median rank of the known positives; 1 is the best. None if there are none.
    worsened
        Number of known positives whose rank became worse.
    pressed
        Whether the step added a negative, restored a muted one, or raised their weight.
    """

    risen: int | None
    fallen: int | None
    known: int
    median_rank_before: float | None
    median_rank_after: float | None
    worsened: int
    pressed: bool

    @property
    def harmful(self) -> bool:
        """Whether negatives made most known positives lose ranks, and worsened their median rank.

        Small exchanges of ranks do not count, nor effects of another positive or scorer.
        """
        if not self.pressed or self.median_rank_before is None or self.median_rank_after is None:
            return False
        fell = self.median_rank_after > self.median_rank_before
        return fell and 2 * self.worsened > self.known


def step_change(before: State, after: State, threshold: float) -> StepChange | None:
    """Return the effect of a step between two states; None if one of them has no scores."""
    if ScoreKind.NONE in (before.kind, after.kind) or before is after:
        return None
    comparable = (
        before.kind is after.kind
        and before.decisions.scoring.scorer == after.decisions.scoring.scorer
    )
    both = before.active & after.active
    above, now = before.scores >= np.float32(threshold), after.scores >= np.float32(threshold)
    known = _known(before, after)
    ranks, new = before.ranks[known], after.ranks[known]
    return StepChange(
        risen=int((both & ~above & now).sum()) if comparable else None,
        fallen=int((both & above & ~now).sum()) if comparable else None,
        known=len(known),
        median_rank_before=float(np.median(ranks)) if len(known) else None,
        median_rank_after=float(np.median(new)) if len(known) else None,
        worsened=int((new > ranks).sum()),
        pressed=_pressed(before, after),
    )


def _pressed(before: State, after: State) -> bool:
    """Whether a negative was added or restored, or the weight of the negatives was raised."""
    was, is_ = before.decisions, after.decisions
    counted, now = (set(d.templates.negatives) - d.muted for d in (was, is_))
    return bool(now - counted) or (bool(now) and is_.scoring.weight > was.scoring.weight)


def _known(before: State, after: State) -> npt.NDArray[np.int64]:
    was, is_ = before.decisions, after.decisions
    unconfirmed = set(is_.templates.positives) - set(was.templates.positives)
    unconfirmed -= {p for p, verdict in is_.verdicts.items() if verdict == "confirmed"}
    known = known_positives(is_)
    known[list(unconfirmed)] = False  # marked by this very step
    return np.flatnonzero(known)
