"""Cosine similarity to templates and Cosine Contrast (equations 1 to 3 of the paper).

A higher score always means a more mine-like patch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

__all__ = [
    "ScoreKind",
    "contrast_of",
    "cosine_contrast",
    "cosine_to",
    "mean_cosine",
    "score",
    "score_of_means",
]

Vector = npt.NDArray[np.float32]


class ScoreKind(StrEnum):
    """Kind of a score; it depends on which signs the templates have."""

    NONE = "no score"
    POSITIVES = "mean cosine to the positives"
    NEGATIVES = "minus the mean cosine to the negatives"
    CONTRAST = "Cosine Contrast"

    @classmethod
    def of(cls, positives: int, negatives: int) -> ScoreKind:
        """Kind of score for these numbers of positive and negative templates."""
        if positives and negatives:
            return cls.CONTRAST
        return cls.POSITIVES if positives else cls.NEGATIVES if negatives else cls.NONE


def cosine_to(unit_embeddings: npt.NDArray[np.float32], template: int) -> Vector:
    """Cosine of every patch to one template (equation 1).

    Parameters
    ----------
    unit_embeddings
        (N, D) rows of length 1.
    template
        Row number of the template.

    Returns
    -------
    (N,) float32 in [-1, 1]; 1 is the same direction.
    """
    # One matrix-vector product, at memory bandwidth; a product with several templates at once is
    # a skinny matrix product and slower by two to four times.
    return np.asarray(unit_embeddings @ unit_embeddings[template], dtype=np.float32)


def mean_cosine(columns: Iterable[Vector]) -> Vector | None:
    """Mean of the templates' cosine columns, (N,) float32 in [-1, 1] (equation 2).

    None if there are no templates.
    """
    columns = list(columns)
    if not columns:
        return None
    total = columns[0].copy()
    for column in columns[1:]:
        total += column
    total /= np.float32(len(columns))
    return total


def contrast_of(mean_positive: Vector, mean_negative: Vector) -> Vector:
    """Cosine Contrast of mean cosines (equation 3), kept finite near zero.

    The paper divides by ``mean_positive + mean_negative``, which is bounded only while both are
    at least 0, and diverges where they cancel. Dividing by ``|mean_positive| + |mean_negative|``
    gives the same number wherever both are at least 0, and stays within bounds everywhere.

    Returns
    -------
    (N,) float32 in [-1, 1]; above 0 is closer to the positives, 0 where both means are 0.
    """
    size = np.abs(mean_positive) + np.abs(mean_negative)
    difference = mean_positive - mean_negative
    contrast = np.zeros_like(difference)
    np.divide(difference, size, out=contrast, where=size > 0)
    return contrast


def score(
    positives: Sequence[Vector], negatives: Sequence[Vector], patches: int
) -> tuple[Vector, ScoreKind]:
    """Score all patches from the cosine columns of the templates.

    Parameters
    ----------
    positives, negatives
        Cosine columns, each (N,), one per template.
    patches
        N, for the case without templates.

    Returns
    -------
    scores
        (N,) float32 in [-1, 1], higher is more mine-like: Cosine Contrast with both signs, the
        mean cosine with positives alone, its negative with negatives alone, NaN with neither.
    kind
        The kind of these scores.
    """
    return score_of_means(mean_cosine(positives), mean_cosine(negatives), patches)


def score_of_means(
    mean_positive: Vector | None,
    mean_negative: Vector | None,
    patches: int,
    combine: Callable[[Vector, Vector], Vector] = contrast_of,
) -> tuple[Vector, ScoreKind]:
    """Score all patches from the means of the templates' columns, as `score` does.

    Parameters
    ----------
    mean_positive, mean_negative
        (N,) each; None without templates of that sign.
    patches
        N.
    combine
        Function that gives the scores from both means; used if both exist.
    """
    if mean_positive is not None and mean_negative is not None:
        return combine(mean_positive, mean_negative), ScoreKind.CONTRAST
    if mean_positive is not None:
        return mean_positive, ScoreKind.POSITIVES
    if mean_negative is not None:
        return -mean_negative, ScoreKind.NEGATIVES
    return np.full(patches, np.nan, np.float32), ScoreKind.NONE


def cosine_contrast(
    embeddings: npt.ArrayLike, positives: Sequence[int], negatives: Sequence[int]
) -> Vector:
    """Cosine Contrast of every patch, from embeddings and template row numbers.

    Parameters
    ----------
    embeddings
        (N, D); rows of any length.
    positives, negatives
        Row numbers of the templates. If one sign is missing, see `score`.

    Returns
    -------
    (N,) float32 in [-1, 1], higher is more mine-like.

    Raises
    ------
    IndexError
        A template is not a row of `embeddings`.

    Examples
    --------
    >>> cosine_contrast([[1, 0], [1, 1], [0, 1]], positives=[0], negatives=[2]).tolist()
    [1.0, 0.0, -1.0]
    """
    rows = np.asarray(embeddings, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    units = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    columns = [[cosine_to(units, t) for t in templates] for templates in (positives, negatives)]
    return score(columns[0], columns[1], len(units))[0]
