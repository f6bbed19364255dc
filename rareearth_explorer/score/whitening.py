"""Whitening: remove from embeddings the part that all patches of a scene share.

Embeddings of one scene differ mainly along a few directions, such as brightness and roughness, so
the cosines between them are near 1 and depend mostly on these directions. Whitening divides every
direction by the standard deviation of the scene along it, so that rare differences count, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular

SHRINKAGE = 0.1
"""Share of the mean variance that is added to every variance, so that noise is not amplified."""

ROWS = 8192
"""Rows held in float64 at once."""

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Whitening:
    """Linear map after which all directions have the same variance.

    Attributes
    ----------
    mean
        (D,) mean of the rows.
    factor
        (D, D) lower Cholesky factor of their shrunken covariance.
    """

    mean: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]

    @classmethod
    def fit(cls, rows: Rows, shrinkage: float = SHRINKAGE) -> Self:
        """Fit the map on (N, D) rows, such as a table's unit embeddings; it needs no labels.

        Parameters
        ----------
        rows
            Read block by block, so that a memory-mapped table is never loaded whole.
        shrinkage
            Share of the mean variance that is added to each; a larger share changes the rows less.
        """
        mean = rows.mean(axis=0, dtype=np.float64)
        covariance = np.zeros((len(mean), len(mean)))
        for block in _blocks(rows):
            centred = block - mean
            covariance += centred.T @ centred
        covariance /= len(rows)
        floor = shrinkage * np.trace(covariance) / len(mean)
        # If all rows are equal, the variance is 0, and any floor above 0 is correct.
        covariance[np.diag_indices_from(covariance)] += floor or 1.0
        return cls(mean, cholesky(covariance, lower=True))

    def apply(self, rows: Rows) -> Rows:
        """Whiten (N, D) rows and scale them to length 1, so that a dot product is a cosine."""
        whitened = []
        for block in _blocks(rows):
            turned = solve_triangular(self.factor, (block - self.mean).T, lower=True).T
            length = np.linalg.norm(turned, axis=1, keepdims=True)
            whitened.append((turned / np.where(length > 0, length, 1)).astype(np.float32))
        return np.concatenate(whitened)


def _blocks(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
