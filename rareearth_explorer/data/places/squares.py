"""Squares around points, for tables that give only the centre of each patch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DEFAULT_SPACING = 250.0
"""Side in metres of the square around a point that is alone."""

RADIUS = 6_371_008.8
"""Mean radius of the Earth in metres."""


def squares_around(points: npt.ArrayLike, spacing: float | None = None) -> npt.NDArray[np.float64]:
    """Corners of squares around points: (N, 4, 2) lon/lat, clockwise from the north-west.

    Parameters
    ----------
    points
        (N, 2) lon/lat.
    spacing
        Side of the squares in metres; None takes the median distance of nearest neighbours, so
        that the squares of a regular grid lie edge to edge.

    Examples
    --------
    >>> corners = squares_around([[0.0, 60.0]], spacing=1000)
    >>> np.ptp(corners[0], axis=0).round(4).tolist()
    [0.018, 0.009]
    """
    places = np.asarray(points, np.float64).reshape(-1, 2)
    half = np.degrees((spacing or usual_spacing(places)) / 2 / RADIUS)
    lon, lat = places.T
    # A degree of longitude is shorter away from the equator; at a pole it has no length.
    across = half / np.maximum(np.cos(np.radians(lat)), 1e-6)
    west, east = lon - across, lon + across
    south, north = (np.clip(lat + side, -90, 90) for side in (-half, half))
    return rectangles(west, south, east, north)


def rectangles(
    west: npt.ArrayLike, south: npt.ArrayLike, east: npt.ArrayLike, north: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Corners of rectangles from their edges, (N,) each: (N, 4, 2), clockwise from north-west."""
    ring = ((west, north), (east, north), (east, south), (west, south))
    return np.stack([np.stack(corner, axis=-1) for corner in ring], axis=1)


def usual_spacing(points: npt.NDArray[np.float64]) -> float:
    """Median distance in metres from a point to its nearest other place, on the ground."""
    from scipy.spatial import KDTree

    lon, lat = np.radians(np.unique(points, axis=0)).T  # several dates have one place
    if len(lon) < 2:
        return DEFAULT_SPACING
    level = np.cos(lat)
    places = RADIUS * np.stack([level * np.cos(lon), level * np.sin(lon), np.sin(lat)], axis=-1)
    return float(np.median(np.asarray(KDTree(places).query(places, k=2)[0])[:, 1]))
