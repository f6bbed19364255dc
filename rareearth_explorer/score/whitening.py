"""Whitening: take out of embeddings what all patches of a scene share.

Embeddings of one scene differ along a few directions only, so cosines between them are near 1 and
say most about those directions: how bright, how rough, how ordinary a patch is. Whitening scales
every direction by how much the scene varies along it, so that rare differences count as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular

SHRINKAGE = 0.1
"""Added to every variance, as a share of their mean, so that noise is not blown up."""

ROWS = 8192
"""Rows held in float64 at once."""

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Whitening:
    """A linear map after which all directions vary alike.

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
        """Learn the map from (N, D) rows, such as a table's unit embeddings; no labels needed.

        Parameters
        ----------
        rows
            Read block by block, so that a memory-mapped table is never held.
        shrinkage
            Share of the mean variance that is added to each; more changes the rows less.
        """
        mean = rows.mean(axis=0, dtype=np.float64)
        covariance = np.zeros((len(mean), len(mean)))
        for block in _blocks(rows):
            centred = block - mean
            covariance += centred.T @ centred
        covariance /= len(rows)
        floor = shrinkage * np.trace(covariance) / len(mean)
        # Rows that are all the same have no variance; then any floor above 0 will do.
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
