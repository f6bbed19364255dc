"""The scorers that the study compares: those of the app, and common alternatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve

from rareearth_explorer.score.contrast import Vector
from rareearth_explorer.score.scorers import SCORERS, Scorer
from rareearth_explorer.study.labelled import Labelled

Rows = npt.NDArray[np.float32]


def positives_alone(mean_positive: Vector, mean_negative: Vector) -> Vector:
    """Mean cosine to the positives; the negatives are ignored."""
    return mean_positive


def difference(mean_positive: Vector, mean_negative: Vector) -> Vector:
    """Twice the mean of the positives minus the mean of the negatives, as in other tools."""
    return 2 * mean_positive - mean_negative


@dataclass(frozen=True)
class Probe:
    """A direction fitted to the templates; the score is the dot product with it.

    Attributes
    ----------
    title
        Name in the tables.
    fit
        Direction, (D,), from the data and the rows of the positives and of the negatives.
    whitened
        Whether it uses the whitened embeddings.
    """

    title: str
    fit: Callable[[Labelled, Rows, Rows], npt.NDArray[np.float64]]
    whitened: bool = False


Candidate = Scorer | Probe


def fit_ridge(data: Labelled, positives: Rows, negatives: Rows) -> npt.NDArray[np.float64]:
    """Fit ridge regression to +1 and -1, with equal total weight on both signs."""
    from sklearn.linear_model import Ridge

    rows, signs, weights = _supervised(positives, negatives)
    return np.asarray(Ridge(alpha=0.1).fit(rows, signs, weights).coef_)


def fit_logistic(data: Labelled, positives: Rows, negatives: Rows) -> npt.NDArray[np.float64]:
    """Fit logistic regression, with equal total weight on both signs."""
    from sklearn.linear_model import LogisticRegression

    rows, signs, weights = _supervised(positives, negatives)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(rows, signs, weights)
    return np.asarray(model.coef_[0])


def fit_discriminant(data: Labelled, positives: Rows, negatives: Rows) -> npt.NDArray[np.float64]:
    """Fisher's linear discriminant, with the shrunken covariance of all patches."""
    apart = positives.mean(axis=0, dtype=np.float64) - negatives.mean(axis=0, dtype=np.float64)
    return np.asarray(cho_solve((data.whitening.factor, True), apart))


def _supervised(
    positives: Rows, negatives: Rows
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Rows, signs and weights of the templates."""
    counts = [len(positives), len(negatives)]
    rows = np.concatenate([positives, negatives]).astype(np.float64)
    weights = np.repeat([1 / count for count in counts], counts) * sum(counts) / 2
    return rows, np.repeat([1.0, -1.0], counts), weights


COSINE = Scorer("cosine, positives alone", positives_alone)
CONTRAST, KERNEL_CONTRAST = SCORERS["contrast"], SCORERS["kernel-contrast"]

CANDIDATES: Sequence[Candidate] = (
    COSINE,
    CONTRAST,
    replace(CONTRAST.weighted(0.5), title="Cosine Contrast, weight 1/2"),
    replace(CONTRAST.weighted(0.25), title="Cosine Contrast, weight 1/4"),
    Scorer("2 mean(P) - mean(N)", difference),
    Probe("ridge probe", fit_ridge),
    Probe("logistic probe", fit_logistic),
    Probe("linear discriminant", fit_discriminant),
    Scorer("whitened cosine, positives alone", positives_alone, whitened=True),
    Scorer("whitened Cosine Contrast", whitened=True),
    Scorer("whitened 2 mean(P) - mean(N)", difference, whitened=True),
    Probe("ridge probe, whitened", fit_ridge, whitened=True),
    KERNEL_CONTRAST,
    replace(KERNEL_CONTRAST.weighted(0.5), title="Kernel Contrast, weight 1/2"),
)
