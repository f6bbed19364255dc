"""Measures of a ranking against labels, from its cumulative counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decision:
    """Result of keeping the patches that score at least a threshold.

    Attributes
    ----------
    threshold
        Lowest kept score.
    hits, kept
        Mine patches among the kept patches, and all kept patches.
    mines, patches
        Mine patches, and all patches.
    """

    threshold: float
    hits: int
    kept: int
    mines: int
    patches: int

    @property
    def recall(self) -> float:
        """Share of the mine patches that are kept."""
        return self.hits / self.mines

    @property
    def precision(self) -> float:
        """Share of mine patches among the kept patches; 0 if none is kept."""
        return self.hits / self.kept if self.kept else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / (self.kept + self.mines)

    @property
    def accuracy(self) -> float:
        """Share of patches that are correctly kept or discarded."""
        return (self.patches - self.mines - self.kept + 2 * self.hits) / self.patches

    @property
    def accuracy_of_no_mine(self) -> float:
        """Accuracy of predicting 'no mine' everywhere; a useful accuracy exceeds it."""
        return 1 - self.mines / self.patches

    @property
    def patches_gone(self) -> float:
        """Share of all patches that are discarded."""
        return 1 - self.kept / self.patches


@dataclass(frozen=True, eq=False)
class Ranking:
    """Patches ranked by score, with their labels; equal scores form one step.

    Scores are compared at their own precision: two float32 are tied if they are equal.

    Attributes
    ----------
    scores
        (K,) the distinct scores, best first.
    patches, mines, pools
        (K,) numbers of patches, mine patches and pools that score at least as much.
    """

    scores: npt.NDArray[Any]
    patches: Counts
    mines: Counts
    pools: Counts

    @classmethod
    def of(cls, scores: npt.ArrayLike, pools: npt.ArrayLike) -> Self:
        """Rank patches.

        Parameters
        ----------
        scores
            (N,) higher is more mine-like; no NaN.
        pools
            (N,) pool count of each patch, or whether it is a mine.

        Raises
        ------
        ValueError
            The lengths differ, a score is NaN, or all patches, or none, hold a mine.
        """
        scores, pools = np.asarray(scores), np.asarray(pools, dtype=np.int64)
        if scores.shape != pools.shape or scores.ndim != 1:
            raise ValueError(
                f"scores {scores.shape} and labels {pools.shape} must have the same length"
            )
        if np.isnan(scores).any():
            raise ValueError("scores hold NaN; score the patches first")
        if not 0 < np.count_nonzero(pools) < len(pools):
            raise ValueError("labels must contain patches with and without a mine")
        order = np.argsort(scores)[::-1]
        ranked, pools = scores[order], pools[order]
        last_of_tie = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        return cls(
            ranked[last_of_tie],
            last_of_tie + 1,
            np.cumsum(pools > 0)[last_of_tie],
            np.cumsum(pools)[last_of_tie],
        )

    def __len__(self) -> int:
        """Count the patches."""
        return int(self.patches[-1])

    @property
    def auc(self) -> float:
        """Area under the ROC curve, in [0, 1]; 0.5 is chance, higher is better."""
        others = np.diff(self.patches - self.mines, prepend=0)
        above = self.mines - np.diff(self.mines, prepend=0) / 2
        return float((above * others).sum() / (self.mines[-1] * others.sum()))

    @property
    def average_precision(self) -> float:
        """Mean over the mine patches of the precision at their scores, in (0, 1]."""
        steps = np.diff(self.mines, prepend=0)
        return float((steps * self.mines / self.patches).sum() / self.mines[-1])

    def at(self, threshold: float) -> Decision:
        """Keep the patches that score at least `threshold`."""
        steps = len(self.scores) - int(np.searchsorted(self.scores[::-1], threshold))
        return self._decision(threshold, steps)

    def best(self) -> Decision:
        """Keep the patches with the highest F1; of equal choices, the fewest patches."""
        f1 = 2 * self.mines / (self.patches + self.mines[-1])
        best = int(f1.argmax())
        return self._decision(float(self.scores[best]), best + 1)

    def found(self, share: float) -> tuple[float, float]:
        """Shares of mine patches and of pools in the first part of the ranking.

        Parameters
        ----------
        share
            Part of the ranking in (0, 1], rounded up to whole patches. Where it ends within a
            tie, it is the mean over all orders of the tied patches.
        """
        count = math.ceil(share * len(self) - 1e-9)
        ends = np.append(0, self.patches)
        mines, pools = (
            float(np.interp(count, ends, np.append(0, found)) / found[-1])
            for found in (self.mines, self.pools)
        )
        return mines, pools

    def depth(self, share: float) -> float:
        """Part of the ranking, in (0, 1], to review for a share of the pools."""
        wanted = share * self.pools[-1] - 1e-9
        step = int(np.searchsorted(self.pools, wanted))
        start, found = (self.patches[step - 1], self.pools[step - 1]) if step else (0, 0)
        within = (wanted - found) / (self.pools[step] - found)
        return float(math.ceil(start + within * (self.patches[step] - start)) / len(self))

    def _decision(self, threshold: float, steps: int) -> Decision:
        hits, kept = (int(c[steps - 1]) if steps else 0 for c in (self.mines, self.patches))
        return Decision(threshold, hits, kept, int(self.mines[-1]), len(self))
