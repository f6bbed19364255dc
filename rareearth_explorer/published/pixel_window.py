"""The window of a raster that a box of degrees covers, whichever way its rows run."""

from __future__ import annotations

import math
from typing import Any

from affine import Affine
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from rareearth_explorer.data.grid import WGS84, Bbox

EDGE = 1e-3
"""Part of a pixel that is rounding."""

CELL = 192
"""Pixels of the cells of a tile that are fetched whole.

Patches of 4, 8, 12, 16, 24, 32, 48, 64 or 96 pixels a side then lie where they lie in the whole
tile, so that a part gives the same patches as the whole.
"""


def window_of(bbox: Bbox, crs: Any, transform: Affine, width: int, height: int) -> Window | None:
    """Find the cells of pixels that a box touches, counted from the north-west; None if none.

    Parameters
    ----------
    bbox
        West, south, east and north in WGS 84 degrees.
    crs, transform, width, height
        Of the raster, whose rows may run from the south.
    """
    left, bottom, right, top = transform_bounds(WGS84, crs, *bbox)
    corners = [~transform @ corner for corner in ((left, bottom), (right, top))]
    columns, rows = (sorted(axis) for axis in zip(*corners, strict=True))
    first, last = max(0, math.floor(columns[0] + EDGE)), min(width, math.ceil(columns[1] - EDGE))
    above, below = max(0, math.floor(rows[0] + EDGE)), min(height, math.ceil(rows[1] - EDGE))
    if first >= last or above >= below:
        return None
    first, last = _cells(first, last, width)
    if transform.e > 0:  # rows from the south
        above, below = height - below, height - above
    above, below = _cells(above, below, height)
    if transform.e > 0:
        above, below = height - below, height - above
    return Window(first, above, last - first, below - above)


def _cells(start: int, stop: int, length: int) -> tuple[int, int]:
    return start // CELL * CELL, min(length, -(-stop // CELL) * CELL)


def transform_of(window: Window, transform: Affine) -> Affine:
    """Return the transform of a window's own pixels, of a raster with this transform."""
    return transform @ Affine.translation(window.col_off, window.row_off)
