"""Receiver operating characteristic (ROC) curves (Fig. 3b of the paper)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.score.evaluation.ranking import Ranking

BUCKETS = 2**16
"""Equal parts of the range of the mines' scores; few other patches share a part with a mine."""


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Receiver operating characteristic of a ranking.

    Attributes
    ----------
    fpr, tpr
        (K,) false and true positive rate, from (0, 0) to (1, 1).
    auc
        Area under the curve in [0, 1]: the probability that a mine patch ranks above another
        patch; ties count half. 0.5 is chance, higher is better.
    """

    fpr: npt.NDArray[np.float64]
    tpr: npt.NDArray[np.float64]
    auc: float


def roc(scores: npt.ArrayLike, mines: npt.ArrayLike) -> RocCurve:
    """Compute the ROC curve with a point for every distinct score, and its area, exactly.

    Parameters
    ----------
    scores
        (N,) higher is more mine-like; no NaN.
    mines
        (N,) True for the mine patches.

    Raises
    ------
    ValueError
        The lengths differ, a score is NaN, or `mines` holds only one class.

    Examples
    --------
    >>> roc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]).auc
    0.875
    """
    ranking = Ranking.of(scores, np.asarray(mines, dtype=bool))
    others = ranking.patches - ranking.mines
    tpr, fpr = (np.append(0, counts) / counts[-1] for counts in (ranking.mines, others))
    return RocCurve(fpr, tpr, ranking.auc)


def roc_corners(mines: npt.NDArray[Any], others: npt.NDArray[Any]) -> RocCurve:
    """Compute the same curve from its corners alone, two for each mine patch.

    The curve rises at a mine and is level between two mines. With few mines among many patches
    it has few corners, and finding them needs almost no sorting.

    Parameters
    ----------
    mines, others
        Scores of the patches with and without a mine, of one dtype, at least one each; no NaN.
    """
    step, size = np.unique(mines, return_counts=True)
    below, tied = _count_below(others, step)
    reached = np.cumsum(size[::-1])[::-1]  # count of mines at or above each step
    area = float((size * (below + tied / 2)).sum() / (len(mines) * len(others)))
    ahead = len(others) - below
    fpr = np.stack([ahead - tied, ahead])[:, ::-1].T.ravel() / len(others)
    tpr = np.stack([reached - size, reached])[:, ::-1].T.ravel() / len(mines)
    return RocCurve(np.r_[0, fpr, 1], np.r_[0, tpr, 1], area)


def _count_below(
    scores: npt.NDArray[Any], steps: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count the scores below each of some ascending steps, and those equal to it.

    Scores are first rounded into equal buckets. Rounding keeps their order, so only scores that
    share a bucket with a step must be compared with it. Sorting all scores takes three times as
    long.
    """
    low, span = steps[0], float(steps[-1] - steps[0])
    scale = min(BUCKETS / span, 1e30) if span else 1.0  # the result is the same with any

    def bucket(numbers: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        return np.asarray(np.clip((numbers - low) * scale, -1, BUCKETS).astype(np.intp) + 1)

    holds, wanted = bucket(scores), bucket(steps)
    shared = np.zeros(BUCKETS + 2, dtype=bool)
    shared[wanted] = True
    counts = np.bincount(holds, minlength=BUCKETS + 2)
    counts[shared] = 0
    near = np.sort(scores[shared[holds]])
    below, not_above = (np.searchsorted(near, steps, side=side) for side in ("left", "right"))
    return np.cumsum(counts)[wanted] + below, not_above - below
