"""What one step changed: patches that crossed the threshold, and known positives that moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.state import State
from rareearth_explorer.score.contrast import ScoreKind


@dataclass(frozen=True)
class StepChange:
    """Difference between two states.

    Attributes
    ----------
    risen, fallen
        Numbers of active patches that came to lie above the threshold, and below it; None where
        the scores before and after are of different kinds.
    known
        Number of patches known to be mines: confirmed, or positive templates in both states.
    median_rank_before, median_rank_after
        Median rank of these; 1 is the best. None without any.
    worsened
        Number of these whose rank became worse.
    pressed
        Whether negatives count that did not before, or count for more.
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
        """Whether negatives made most known positives lose ranks, and their median with them.

        A few that change places do not count, nor what another positive or scorer did.
        """
        if not self.pressed or self.median_rank_before is None or self.median_rank_after is None:
            return False
        fell = self.median_rank_after > self.median_rank_before
        return fell and 2 * self.worsened > self.known


def step_change(before: State, after: State, threshold: float) -> StepChange | None:
    """Compare two states; None where one of them holds no scores."""
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
    """Whether a negative was added or switched on, or the weight of all was raised."""
    was, is_ = before.decisions, after.decisions
    counted, now = (set(d.templates.negatives) - d.muted for d in (was, is_))
    return bool(now - counted) or (bool(now) and is_.scoring.weight > was.scoring.weight)


def _known(before: State, after: State) -> npt.NDArray[np.int64]:
    was, is_ = before.decisions, after.decisions
    templates = set(was.templates.positives) & set(is_.templates.positives)
    confirmed = {p for p, verdict in is_.verdicts.items() if verdict == "confirmed"}
    return np.array(sorted(templates | confirmed), dtype=np.int64)
