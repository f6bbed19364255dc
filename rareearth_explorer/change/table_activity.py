"""Activity of patches: one robust number for the pixels of each patch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.windows import Window

from rareearth_explorer.change.activity_index import Index
from rareearth_explorer.change.deviation import VALID_DATES
from rareearth_explorer.change.stack import Stack
from rareearth_explorer.change.welford import LEAST_DATES
from rareearth_explorer.data.grid import windows_over
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.table import PatchTable, add_activity, open_table
from rareearth_explorer.errors import SceneError

PERCENTILE = 99.9
"""Percentile of the pixels in a patch. A patch of 250 m has some 7,000 pixels of 3 m, a pool
13: the median misses pools, the maximum reacts to every flaw, this is the seventh highest."""


def patch_activity(
    raster: str | Path,
    table: PatchTable,
    percentile: float = PERCENTILE,
    *,
    progress: bool = True,
) -> npt.NDArray[np.float32]:
    """Summarise the activity raster's index within each patch.

    Parameters
    ----------
    raster
        Activity raster from `write_activity`.
    table
        The patches, N. If their footprints have another CRS than the raster, the smallest window
        that holds each footprint is used.
    percentile
        Percentile of the standard deviations of the index over time, among the pixels of a patch
        with two valid dates or more.
    progress
        Whether to show rate and time left on standard error.

    Returns
    -------
    (N,) float32, at least 0, higher varied more; NaN if less than half of a patch's pixels are
    valid.

    Raises
    ------
    SceneError
        The raster is none of ours, or holds no patch.
    """
    path = Path(raster)
    activity = np.full(len(table), np.nan, np.float32)
    with rasterio.open(path) as dataset:
        if not dataset.descriptions or dataset.descriptions[-1] != VALID_DATES:
            raise SceneError(
                f"{path}: this is no activity raster; make one with 'rareearth-explorer activity'."
            )
        windows = _windows(dataset, table)
        with progress_bar("activity of patches", "patch", len(windows), shown=progress) as bar:
            for number, window, size in windows:
                index, count = dataset.read([dataset.count - 1, dataset.count], window=window)
                valid = np.isfinite(index) & (count >= LEAST_DATES)
                if valid.sum() >= 0.5 * size:
                    activity[number] = np.percentile(index[valid], percentile)
                bar.update()
    if np.isnan(activity).all():
        raise SceneError(
            f"{path}: it covers almost no patch of {table.path or 'the table'}; give "
            "the table of the same place."
        )
    return activity


def store_activity(
    table: Path,
    raster: Path,
    stack: Stack,
    index: Index,
    *,
    normalised: bool = False,
    progress: bool = True,
) -> int:
    """Summarise an activity raster within each patch of a table, as its column `activity`.

    Parameters
    ----------
    table, raster
        The patch table, and the raster from `write_activity`.
    stack, index, normalised
        Source of the raster; recorded in the table.
    progress
        As for `patch_activity`.

    Returns
    -------
    Number of patches whose activity is known.

    Raises
    ------
    SceneError, TableError
        The raster is none of ours or of another place, or the table cannot be written.
    """
    activity = patch_activity(raster, open_table(table), progress=progress)
    record = {
        "raster": raster.name,
        "dates": [day.isoformat() for day in stack.dates],
        "index": index.name,
        "percentile": PERCENTILE,
        "normalised": normalised,
    }
    add_activity(table, activity, record)
    return int(np.isfinite(activity).sum())


def _windows(dataset: Any, table: PatchTable) -> list[tuple[int, Window, float]]:
    """Windows of the patches within the raster, in an order that reads it once.

    Each comes with the patch's row number and its number of pixels, also beyond the raster.
    """
    windows, sizes = windows_over(
        table.corners, dataset.crs.to_wkt(), dataset.transform, dataset.width, dataset.height
    )
    found = [(k, window, float(sizes[k])) for k, window in enumerate(windows) if window is not None]
    return sorted(found, key=lambda each: (each[1].row_off, each[1].col_off))
