"""Scorers: formulas that turn similarity to the templates into scores, fast enough to be live.

A scorer keeps one column for each template, computed from the template's cosines to all patches.
The score of a patch depends only on the mean of the positives' columns and the mean of the
negatives' columns. With every scorer, marking therefore costs one matrix-vector product and
unmarking costs nothing. `rareearth-explorer study` prints the evidence for each scorer;
docs/scorers.md explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from rareearth_explorer.score.contrast import ScoreKind, contrast_of, mean_cosine, score_of_means

__all__ = ["SCORERS", "Scorer", "kernel", "weighted_contrast"]

Vector = npt.NDArray[np.float32]

SHARPNESS = 5.0
"""Concentration of the kernel in whitened embeddings; see `kernel`."""


def kernel(cosines: Vector, sharpness: float = SHARPNESS) -> Vector:
    """Von Mises-Fisher kernel, ``exp(sharpness * (cosine - 1))``: 1 at the template itself.

    It is above 0 everywhere, so equation 3 is defined even where the cosines are negative. It
    falls off with the angle, so a negative affects only the patches close to it.
    """
    return np.asarray(np.exp(np.float32(sharpness) * (cosines - np.float32(1))))


def weighted_contrast(
    mean_positive: Vector, mean_negative: Vector, weight: float = 1.0
) -> npt.NDArray[np.float32]:
    """Cosine Contrast with less weight on the negatives.

    A plain factor has no effect: equation 3 with ``weight * mean_negative`` is a function of the
    same ratio and ranks the patches in the same order. Instead, the mean of the negatives is
    mixed with the scene's average of ``mean_positive``.

    Parameters
    ----------
    mean_positive, mean_negative
        (..., N) means of the templates' columns.
    weight
        1 is equation 3; 0 ranks like the positives alone, with the average patch at 0.

    Returns
    -------
    (..., N) float32 in [-1, 1], higher is more mine-like.
    """
    if weight == 1:
        return contrast_of(mean_positive, mean_negative)
    ordinary = mean_positive.mean(axis=-1, keepdims=True)
    diluted = np.float32(weight) * mean_negative + np.float32(1 - weight) * ordinary
    return contrast_of(mean_positive, diluted)


def _itself(cosines: Vector) -> Vector:
    return cosines


@dataclass(frozen=True)
class Scorer:
    """A score that depends on the means of the positives' and of the negatives' columns.

    Attributes
    ----------
    title
        Name of the scorer on screen.
    combine
        Scores of all patches from the two means, (N,) each.
    column
        Column of a template, (N,), from its cosines to all patches.
    whitened
        Whether the cosines are between whitened embeddings.
    likeness
        Word for the values of a column on screen.
    """

    title: str
    combine: Callable[[Vector, Vector], Vector] = contrast_of
    column: Callable[[Vector], Vector] = _itself
    whitened: bool = False
    likeness: str = "cosine"

    def weighted(self, weight: float) -> Scorer:
        """Return this scorer with another weight of the negatives, 0 to 1."""
        return replace(self, combine=partial(weighted_contrast, weight=weight))

    def score(
        self, positives: Sequence[Vector], negatives: Sequence[Vector], patches: int
    ) -> tuple[Vector, ScoreKind]:
        """Score all patches from the templates' columns; see `contrast.score`."""
        means = mean_cosine(positives), mean_cosine(negatives)
        return score_of_means(*means, patches, self.combine)

    def name(self, kind: ScoreKind) -> str:
        """Name of a score of this kind, for a legend."""
        if kind is ScoreKind.CONTRAST:
            return self.title
        return kind.value.replace("cosine", self.likeness)


SCORERS = {
    "contrast": Scorer("Cosine Contrast"),
    "kernel-contrast": Scorer("Kernel Contrast", column=kernel, whitened=True, likeness="kernel"),
}
"""The scorers in the app; the first is the paper's and the default."""
