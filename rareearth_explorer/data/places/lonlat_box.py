"""Boxes in longitude and latitude, which may cross the antimeridian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rareearth_explorer.data.grid import Bbox

Mask = npt.NDArray[np.bool_]


def holds(box: Bbox, points: npt.NDArray[np.float64]) -> Mask:
    """Tell which points (..., 2) lon/lat lie in the box, (...), in any turn of the longitudes."""
    west, south, _, north = box
    lon, lat = np.moveaxis(points, -1, 0)
    return np.asarray((south <= lat) & (lat <= north) & ((lon - west) % 360 <= _width(box)))


def meets(box: Bbox, bounds: npt.NDArray[np.float64], margin: float = 0.0) -> Mask:
    """Tell which bounds (N, 4), west, south, east and north, share a point with the box, (N,).

    Bounds wider than half a turn are those of a shape that crosses the antimeridian, whose true
    longitudes are not known: they share a point where their latitudes do. NaN shares none. The
    box is larger by `margin` degrees on each side.
    """
    west, south, east, north = bounds.T
    here = (south <= box[3] + margin) & (north >= box[1] - margin)
    ahead = (west - box[0] + margin) % 360
    beside = (ahead <= _width(box) + 2 * margin) | (ahead + (east - west) >= 360)
    return np.asarray(here & (beside | (east - west > 180)))


def _width(box: Bbox) -> float:
    """Width of a box in degrees; a whole turn is one, not none."""
    return 360.0 if box[2] - box[0] >= 360 else (box[2] - box[0]) % 360
