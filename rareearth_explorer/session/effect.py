"""What one step changed: patches that crossed the threshold, and known positives that moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rareearth_explorer.contrast import ScoreKind
from rareearth_explorer.session.state import State


@dataclass(frozen=True)
class Effect:
    """Difference between two states.

    Attributes
    ----------
    risen, fallen
        Numbers of active patches that came to lie above the threshold, and below it.
    known
        Number of patches known to be mines: confirmed, or positive templates in both states.
    median_rank_before, median_rank_after
        Median rank of these; 1 is the best. None without any.
    worsened
        Number of these whose rank became worse.
    """

    risen: int
    fallen: int
    known: int
    median_rank_before: float | None
    median_rank_after: float | None
    worsened: int

    @property
    def harmful(self) -> bool:
        """Whether most known positives lost ranks, and their median with them.

        That is what a look-alike taken as negative can do; a few that change places do not count.
        """
        if self.median_rank_before is None or self.median_rank_after is None:
            return False
        fell = self.median_rank_after > self.median_rank_before
        return fell and 2 * self.worsened > self.known


def effect_of(before: State, after: State, threshold: float) -> Effect | None:
    """Compare two states; None where they hold no scores, or scores of different kinds."""
    if before.kind is not after.kind or after.kind is ScoreKind.NONE or before is after:
        return None
    both = before.active & after.active
    above, now = before.scores >= np.float32(threshold), after.scores >= np.float32(threshold)
    known = _known(before, after)
    ranks, new = before.ranks[known], after.ranks[known]
    return Effect(
        risen=int((both & ~above & now).sum()),
        fallen=int((both & above & ~now).sum()),
        known=len(known),
        median_rank_before=float(np.median(ranks)) if len(known) else None,
        median_rank_after=float(np.median(new)) if len(known) else None,
        worsened=int((new > ranks).sum()),
    )


def _known(before: State, after: State) -> npt.NDArray[np.int64]:
    templates = set(before.templates.positives) & set(after.templates.positives)
    confirmed = {p for p, verdict in after.opinions.verdicts.items() if verdict == "confirmed"}
    return np.array(sorted(templates | confirmed), dtype=np.int64)
