"""From decoded places to the footprints of patches: four corners each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places import MAP_END, beyond_map, in_one_frame, squares_around
from rareearth_explorer.data.places.longitudes import around_pole, continuous
from rareearth_explorer.data.places.squares import rectangles
from rareearth_explorer.errors import TableError

Corners = npt.NDArray[np.float64]


def corners_of(
    shapes: npt.NDArray[np.object_],
    name: object,
    spacing: float | None,
    *,
    usual: float | None = None,
) -> Corners:
    """Make footprints of shapes, with continuous longitudes.

    Parameters
    ----------
    shapes
        (N,) in lon/lat, none missing.
    name
        What to call the file in errors.
    spacing
        Side in metres of the squares around points, as asked.
    usual
        The same as the product has it; without either, their distance.

    Returns
    -------
    (N, 4, 2) lon/lat in order around each: the four corners of a quadrilateral, the square around a
    point, and the bounding box of any other shape.

    Raises
    ------
    TableError
        Points are mixed with other shapes, a shape has no area, holds a pole, or reaches beyond
        the map.
    """
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    if points.all():
        places = shapely.get_coordinates(shapes)
        require_on_map(places, name)
        corners = squares_around(places, spacing or usual)
        require_on_map(corners, name)
        return in_one_frame(corners)
    if spacing is not None:
        raise TableError(f"{name}: its places are no points; leave --spacing out.")
    corners = _quadrilaterals(shapes)
    if (polar := around_pole(corners)).any():
        raise TableError(
            f"{name}: the footprint in row {int(polar.argmax()) + 1} holds a pole, which "
            "longitude and latitude cannot show; remove it."
        )
    require_on_map(corners, name)
    corners = in_one_frame(corners)
    flat = (np.ptp(corners, axis=1) == 0).any(axis=1)
    if flat.any():
        raise TableError(
            f"{name}: the footprint in row {int(flat.argmax()) + 1} has no area; "
            "give all rows polygons, or all rows points."
        )
    return corners


def require_on_map(corners: Corners, name: object) -> None:
    """Check that the map can show footprints, (N, K, 2) lon/lat, or points, (N, 2).

    Raises
    ------
    TableError
        One reaches beyond 85.05 degrees north or south; the message calls the table `name`.
    """
    lat = corners[..., 1].reshape(len(corners), -1)
    off = np.flatnonzero((np.abs(lat) > MAP_END).any(axis=1))
    if len(off):
        row = lat[off[0]]
        raise TableError(
            f"{name}: the place in row {off[0] + 1} is too near to a pole: "
            f"{beyond_map(row.min(), row.max())}; leave out such rows ({len(off):,} of "
            f"{len(lat):,})."
        )


def _quadrilaterals(shapes: npt.NDArray[np.object_]) -> Corners:
    """Corners of footprints: their own four, or those of the bounding box for other shapes."""
    four = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & (
        shapely.get_num_coordinates(shapes) == 5
    )
    corners = np.empty((len(shapes), 4, 2))
    corners[four] = shapely.get_coordinates(shapes[four]).reshape(-1, 5, 2)[:, :4]
    if not four.all():
        corners[~four] = rectangles(*shapely.bounds(continuous(shapes[~four])).T)
    return corners
