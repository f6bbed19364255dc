"""In what order to look at patches: which click comes next.

An order gives every patch a priority, and the patch not yet looked at that has the highest is
next. Which order finds mines with the fewest clicks is measured by
`rareearth-explorer study`.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


class ReviewOrder(StrEnum):
    """Orders of review; the values are what people call them."""

    BEST = "best first"
    UNCERTAIN = "most uncertain first"
    DIVERSE = "most different first"
    RANDOM = "random"

    def priority(
        self,
        scores: Vector,
        nearest: Vector,
        rng: np.random.Generator,
        threshold: float = 0.0,
    ) -> Vector:
        """Priority of every patch; the highest is looked at next.

        Parameters
        ----------
        scores
            (..., N) higher is more mine-like.
        nearest
            (..., N) highest cosine of each patch to any that was looked at; only the most
            different first asks for it.
        rng
            Only the random order asks it.
        threshold
            Score of which it is uncertain whether there is a mine.
        """
        match self:
            case ReviewOrder.BEST:
                return scores
            case ReviewOrder.UNCERTAIN:
                return np.asarray(-np.abs(scores - np.float32(threshold)))
            case ReviewOrder.DIVERSE:
                return -nearest
            case ReviewOrder.RANDOM:
                return rng.random(scores.shape, np.float32)


RECOMMENDED = ReviewOrder.BEST
"""The order that reached 80 % of the mines with the fewest clicks in the simulated study."""
