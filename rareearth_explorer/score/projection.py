"""Two-dimensional projections of embeddings: UMAP on principal components."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from umap import UMAP

COMPONENTS = 50
"""Principal components kept before UMAP; the result is as good in a fraction of the time."""

NEIGHBOURS = 15
MIN_DIST = 0.1
SEED = 0
REFIT_EPOCHS = 100

Coordinates = npt.NDArray[np.float32]


def _umap(**options: Any) -> UMAP:
    """Build a seeded UMAP with our parameters, and silence its warnings about intended choices."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorflow is not installed
        import umap
    # One thread: with several, the seeded result would depend on their timing.
    return umap.UMAP(
        n_neighbors=NEIGHBOURS,
        min_dist=MIN_DIST,
        metric="cosine",
        random_state=SEED,
        n_jobs=1,
        **options,
    )


def principal_components(
    unit_embeddings: npt.NDArray[np.float32], components: int = COMPONENTS
) -> npt.NDArray[np.float32]:
    """Project rows on the directions of largest variance, (N, at most `components`) float32.

    The D x D covariance is summed over blocks of rows, so a memory-mapped table is read twice
    and never loaded whole.
    """
    count, dim = unit_embeddings.shape
    mean = unit_embeddings.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((dim, dim))
    blocks = [unit_embeddings[start : start + 8192] for start in range(0, count, 8192)]
    for block in blocks:
        centred = block - mean
        covariance += centred.T @ centred
    axes = np.linalg.eigh(covariance)[1][:, ::-1][:, : min(components, count, dim)]
    # The sign of an eigenvector is arbitrary. Fix it, or two runs give mirrored pictures.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return np.concatenate([(block - mean) @ axes for block in blocks]).astype(np.float32)


def parameters() -> dict[str, Any]:
    """Return what `umap_projection` depends on, to be recorded in the table."""
    return {
        "method": "UMAP",
        "version": version("umap-learn"),
        "components": COMPONENTS,
        "n_neighbors": NEIGHBOURS,
        "min_dist": MIN_DIST,
        "metric": "cosine",
        "random_state": SEED,
    }


def umap_projection(
    unit_embeddings: npt.NDArray[np.float32], tqdm_kwds: dict[str, Any] | None = None
) -> Coordinates:
    """Fit UMAP on the principal components, seeded: (N, 2) float32.

    Parameters
    ----------
    unit_embeddings
        (N, D) rows of length 1.
    tqdm_kwds
        Arguments of tqdm for the progress of the epochs; None shows no progress.
    """
    points = principal_components(unit_embeddings)
    if len(points) <= NEIGHBOURS:
        return first_two(points)
    options = {"tqdm_kwds": tqdm_kwds} if tqdm_kwds else {}
    return np.asarray(_umap(**options).fit_transform(points), np.float32)


def refit(unit_embeddings: npt.NDArray[np.float32], initial: Coordinates) -> Coordinates:
    """Fit UMAP again on the patches that remain after a refinement, starting where they are.

    Exact nearest neighbours and a few epochs from the previous coordinates take a tenth of the
    time of a new fit, and patches stay near their previous positions.

    Parameters
    ----------
    unit_embeddings
        (n, D) rows of length 1 of the remaining patches.
    initial
        (n, 2) their present coordinates.

    Returns
    -------
    (n, 2) float32
    """
    if len(unit_embeddings) <= NEIGHBOURS:
        return initial
    from sklearn.neighbors import NearestNeighbors

    points = principal_components(unit_embeddings)
    search = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine", algorithm="brute")
    distances, indices = search.fit(points).kneighbors(points)
    model = _umap(
        n_epochs=REFIT_EPOCHS, init=_spread(initial), precomputed_knn=(indices, distances)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # new patches are never projected
        return np.asarray(model.fit_transform(points), np.float32)


def warm_up() -> None:
    """Import and compile what `refit` needs, so that the first refinement does not wait for it."""
    rng = np.random.default_rng(SEED)
    refit(rng.random((4 * NEIGHBOURS, 8), np.float32), rng.random((4 * NEIGHBOURS, 2), np.float32))


def first_two(points: npt.NDArray[np.float32]) -> Coordinates:
    """First two columns, with zeros where there is only one: (N, 2)."""
    padded = np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))
    return np.ascontiguousarray(padded, np.float32)


def _spread(initial: Coordinates) -> Coordinates:
    """Scale coordinates to UMAP's usual range of 10, which its step sizes expect."""
    low, high = initial.min(axis=0), initial.max(axis=0)
    return np.asarray(10 * (initial - low) / np.maximum(high - low, 1e-9), np.float32)
