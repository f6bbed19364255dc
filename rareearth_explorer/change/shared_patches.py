"""Which patches two tables share: by their patch grid, or else by their footprints."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import TableError

Pairs = npt.NDArray[np.int64]

TOLERANCE = 0.05
"""Largest shift between two grids in pixels, or of a corner in widths of the patch."""


def shared_patches(earlier: PatchTable, later: PatchTable) -> Pairs:
    """Find the patches in both tables: (n, 2) their row numbers in each, ascending in the first.

    Raises
    ------
    TableError
        The tables share no patch, lie on different grids, or have several rows at one place.
    """
    if earlier.grid is None or later.grid is None:
        pairs = _by_footprint(earlier, later)
    else:
        pairs = _by_grid(earlier, later)
    if not len(pairs):
        raise TableError(
            f"{later.path}: it shares no patch with {earlier.path}; use one area, and patches at "
            "the same places."
        )
    return pairs


def _by_grid(earlier: PatchTable, later: PatchTable) -> Pairs:
    here, there = _keys(earlier), _keys(later)
    if not _one_grid(earlier.grid, later.grid):
        raise TableError(
            f"{later.path}: its patches are not on the grid of {earlier.path}; embed scenes with "
            "the same upper left corner, pixels and patch size."
        )
    _, first, second = np.intersect1d(here, there, assume_unique=True, return_indices=True)
    return np.stack([first, second], axis=-1)


def _by_footprint(earlier: PatchTable, later: PatchTable) -> Pairs:
    """Pair the patches whose corners lie within `TOLERANCE` of each other, in any order."""
    from scipy.spatial import KDTree

    middle = float(earlier.centroids[0, 0])
    here, there = _places(earlier, middle), _places(later, middle)
    for table, places in ((earlier, here), (later, there)):
        closest = np.asarray(KDTree(places[:, :2]).query(places[:, :2], k=[2])[0])[:, 0]
        if (closest < TOLERANCE * places[:, 2:].min(axis=1)).any():
            raise TableError(
                f"{table.path}: it has several patches at one place; import one date of it with "
                "'rareearth-explorer import --date'."
            )
    second = np.asarray(KDTree(there[:, :2]).query(here[:, :2])[1])
    # Centre and size together tell how far an edge is off.
    off = np.abs(here - there[second])
    edges = off[:, :2] + off[:, 2:] / 2
    first = np.flatnonzero((edges < TOLERANCE * here[:, 2:]).all(axis=1))
    return np.stack([first, second[first]], axis=-1)


def _places(table: PatchTable, middle: float) -> npt.NDArray[np.float64]:
    """Centre, width and height of each footprint, (N, 4), in degrees of latitude.

    Longitudes count from `middle`, so that tables in other turns of the longitudes match.
    """
    low, high = table.corners.min(axis=1), table.corners.max(axis=1)
    across = np.cos(np.radians((low[:, 1:] + high[:, 1:]) / 2))
    centre, size = (low + high) / 2, high - low
    centre[:, 0] = (centre[:, 0] - middle + 180) % 360 - 180
    scale = np.concatenate([across, np.ones_like(across)], axis=1)
    return np.concatenate([centre * scale, size * scale], axis=1)


def _keys(table: PatchTable) -> npt.NDArray[np.int64]:
    """One number for the row and column of each patch, (N,)."""
    if table.row is None or table.column is None:
        raise TableError(
            f"{table.path}: it has a patch grid, and no rows and columns in it; embed the scene "
            "again."
        )
    return table.row.astype(np.int64) * 2**32 + table.column


def _one_grid(first: PatchGrid | None, second: PatchGrid | None) -> bool:
    """Whether patches of the same row and column lie at the same place."""
    if first is None or second is None:
        return False
    pixel = first.transform.a
    step = np.subtract(tuple(first.transform)[:6], tuple(second.transform)[:6]) / pixel
    return (
        first.crs == second.crs
        and first.patch_px == second.patch_px
        and bool(np.abs(step).max() < TOLERANCE)
    )
