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


def window_of(bbox: Bbox, crs: Any, transform: Affine, width: int, height: int) -> Window | None:
    """Find the pixels that a box touches; None if it touches none.

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
    return Window(first, above, last - first, below - above)


def transform_of(window: Window, transform: Affine) -> Affine:
    """Return the transform of a window's own pixels, of a raster with this transform."""
    return transform @ Affine.translation(window.col_off, window.row_off)
