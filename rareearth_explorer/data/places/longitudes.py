"""Longitudes on a round Earth: continuous across the antimeridian, and wrapped for people.

Inside the program, the longitudes of one table are continuous: no footprint is 360 degrees wide,
and where a table crosses the antimeridian its longitudes go on above 180. What people read, and
every exported file, has longitudes from -180 to 180.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Degrees = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

WIDEST_GAP = 1.0
"""Degrees by which another gap must exceed the one at 180 before a table is cut there instead."""


def wrapped(lon: npt.ArrayLike) -> Degrees:
    """Bring longitudes into [-180, 180]; those that are there already keep every bit.

    Examples
    --------
    >>> wrapped([99.5, 180.0, 180.25, 260.75]).tolist()
    [99.5, 180.0, -179.75, -99.25]
    """
    degrees = np.asarray(lon, np.float64)
    return np.where(np.abs(degrees) <= 180, degrees, (degrees + 180) % 360 - 180)


def near(lon: npt.ArrayLike, middle: npt.ArrayLike, turn: float = 360.0) -> Degrees:
    """Count longitudes so that they lie within half a turn of `middle`, in degrees by default."""
    lon = np.asarray(lon, np.float64)
    return np.asarray(lon - turn * np.round((lon - middle) / turn))


def in_one_frame(corners: npt.ArrayLike) -> Degrees:
    """Make the longitudes of footprints continuous, within each and from one to the next.

    Parameters
    ----------
    corners
        (N, K, 2) lon/lat; longitudes in any convention, from -180 to 180 or from 0 to 360.

    Returns
    -------
    (N, K, 2)
        The same places. Centres lie in [-180, 180], or, where the footprints cross the
        antimeridian, from the first one east of their widest gap on, thus also above 180.
    """
    places = np.array(corners, np.float64)
    if not len(places):
        return places
    lon = places[..., 0]
    lon[...] = near(lon, lon[:, :1])
    centres = lon.mean(axis=1)
    lon += (wrapped(centres) - centres).round()[:, None]  # by whole turns, thus exact
    centres = lon.mean(axis=1)
    start = _west_end(centres)
    if start is not None:
        lon += np.where(centres < start, 360.0, 0.0)[:, None]
    return places


def _west_end(centres: Degrees) -> float | None:
    """Longitude at which footprints begin, if they cross the antimeridian; else None."""
    if np.ptp(centres) < 180:
        return None
    around = np.unique(centres)
    gaps = np.diff(around)
    at = int(np.argmax(gaps))
    across = around[0] + 360 - around[-1]
    return float(around[at + 1]) if gaps[at] > across + WIDEST_GAP else None


def around_pole(corners: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which footprints hold a pole, (N,), from their corners (N, K, 2) lon/lat.

    Longitudes around such a footprint add up to a whole turn, so it is no polygon in degrees.
    """
    lon = np.asarray(corners, np.float64)[..., 0]
    steps = np.roll(lon, -1, axis=1) - lon
    turn = near(steps, 0.0).sum(axis=1)
    return np.asarray(np.abs(turn) > 180)


def continuous(shapes: Shapes) -> Shapes:
    """Make each shape continuous, with its centre in [-180, 180].

    A shape crosses the antimeridian if it is more than 180 degrees wide, and less once its
    vertices in the west are moved 360 degrees to the east.
    """
    west, _, east, _ = shapely.bounds(shapes).T
    made = shapes.copy()
    wide = np.flatnonzero(east - west > 180)
    if len(wide):
        moved = _moved(made[wide], lambda lon: np.where(lon < 0, lon + 360, lon))
        west, _, east, _ = shapely.bounds(moved).T
        torn = (east - west > 0) & (east - west < 180)
        made[wide[torn]] = moved[torn]
        west, _, east, _ = shapely.bounds(made).T
    centres = (west + east) / 2
    turns = (wrapped(centres) - centres).round()
    for turn in np.unique(turns[np.isfinite(turns) & (turns != 0)]):
        off = turns == turn
        made[off] = _moved(made[off], lambda lon, turn=turn: lon + turn)
    return made


def near_frame(lon: npt.ArrayLike, west: float, east: float) -> Degrees:
    """Move longitudes by whole turns to where they lie nearest to the middle of a frame.

    Examples
    --------
    >>> near_frame([-179.5, 179.5, 260.0], west=179.0, east=181.0).tolist()
    [180.5, 179.5, 260.0]
    """
    return near(lon, (west + east) / 2)


def turned(shapes: Shapes, degrees: float) -> Shapes:
    """Move shapes east by `degrees`."""
    return _moved(shapes, lambda lon: lon + degrees)


def crosses_antimeridian(shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Tell which continuous shapes lie on both sides of 180 degrees east or west, (N,)."""
    west, _, east, _ = shapely.bounds(shapes).T
    return np.asarray(((west < 180) & (east > 180)) | ((west < -180) & (east > -180)))


def split_at_antimeridian(shapes: Shapes) -> Shapes:
    """Bring continuous shapes into [-180, 180], cut in two at the antimeridian where they cross it.

    RFC 7946 asks for this in GeoJSON, and other formats and programs understand nothing else.
    """
    west, _, east, _ = shapely.bounds(shapes).T
    outside = (west < -180) | (east > 180)
    if not outside.any():
        return shapes
    made = shapes.copy()
    made[outside] = [_within_180(shape) for shape in shapes[outside]]
    return made


def _within_180(shape: Any) -> Any:
    """Cut a shape at 180 degrees, and move the parts beyond it by a whole turn."""
    pieces = []
    for turn in (-360, 0, 360):
        here = shapely.intersection(shape, shapely.box(-180 - turn, -90, 180 - turn, 90))
        parts = np.asarray(shapely.get_parts(here))
        same = shapely.get_dimensions(parts) == shapely.get_dimensions(shape)
        pieces.append(turned(parts[same & ~shapely.is_empty(parts)], turn))
    together = np.concatenate(pieces)
    if len(together) == 1:
        return together[0]
    match int(shapely.get_dimensions(shape)):
        case 0:
            return shapely.multipoints(together)
        case 1:
            return shapely.multilinestrings(together)
        case _:
            return shapely.multipolygons(together)


def _moved(shapes: Shapes, move: Any) -> Shapes:
    def of(places: Degrees) -> Degrees:
        return np.stack([move(places[:, 0]), places[:, 1]], axis=-1)

    return np.asarray(shapely.transform(shapes, of))
