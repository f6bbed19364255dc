"""How good a ranking is, measured against labelled patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Receiver operating characteristic of a ranking.

    Attributes
    ----------
    fpr, tpr
        (K,) false and true positive rate, from (0, 0) to (1, 1), one point per distinct score.
    auc
        Area under the curve in [0, 1]: the chance that a patch with a mine is ranked above one
        without, ties counted half. 0.5 is a coin, higher is better.
    """

    fpr: npt.NDArray[np.float64]
    tpr: npt.NDArray[np.float64]
    auc: float


def roc(scores: npt.ArrayLike, truth: npt.ArrayLike) -> RocCurve:
    """Compute the ROC curve and its area, exactly, ties included (Fig. 3b of the paper).

    Parameters
    ----------
    scores
        (N,) higher is more mine-like; no NaN.
    truth
        (N,) True where the patch holds a mine.

    Raises
    ------
    ValueError
        The lengths differ, a score is NaN, or `truth` holds only one class.
    """
    scores, truth = np.asarray(scores), np.asarray(truth, dtype=bool)
    if scores.shape != truth.shape or scores.ndim != 1:
        raise ValueError(f"scores {scores.shape} and truth {truth.shape} must be equally long")
    if np.isnan(scores).any():
        raise ValueError("scores hold NaN; score the patches first")
    mines = int(truth.sum())
    if mines in (0, len(truth)):
        raise ValueError("truth must hold both patches with and without a mine")
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last_of_tie = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    hits = np.cumsum(truth[order])[last_of_tie]
    tpr = np.append(0, hits) / mines
    fpr = np.append(0, last_of_tie + 1 - hits) / (len(truth) - mines)
    return RocCurve(fpr, tpr, float(np.trapezoid(tpr, fpr)))
