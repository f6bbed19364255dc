"""From shapes of any kind to labels: points and polygons, one for each pool."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places.longitudes import continuous

Shapes = npt.NDArray[np.object_]

LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING)


def labels_of(shapes: Shapes) -> tuple[Shapes, dict[str, int], tuple[str, ...]]:
    """Take points and polygons apart, and tell what else there was.

    Parameters
    ----------
    shapes
        (N,) in lon/lat; None where a row has none.

    Returns
    -------
    labels
        (M,) points and valid polygons. Each part of a multi-geometry or collection counts, and a
        line that ends where it begins counts as the polygon within.
    left_out
        Numbers of what is no label, by what it is.
    notes
        A clause about lines taken as polygons.
    """
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    parts = _parts(_mended(shapes[~missing]))
    line = np.isin(shapely.get_type_id(parts), LINES)
    ring = line & shapely.is_closed(parts) & (shapely.get_num_coordinates(parts) >= 4)
    parts = parts.copy()
    parts[ring] = [shapely.Polygon(each.coords) for each in parts[ring]]
    areal = shapely.get_dimensions(parts) == 2
    parts[areal] = shapely.make_valid(parts[areal])  # no valid area to compare otherwise
    flat = areal & (shapely.get_dimensions(parts) < 2)
    closed = int((ring & ~flat).sum())
    counts = {
        "rows without a place": int(missing.sum()),
        "open lines": int((line & ~ring).sum()),
        "polygons without an area": int(flat.sum()),
    }
    chosen = parts[(~line | ring) & ~flat]
    said = (f"closed lines taken as polygons: {closed:,}",) if closed else ()
    return continuous(chosen), {what: n for what, n in counts.items() if n}, said


def _mended(shapes: Shapes) -> Shapes:
    """Join the two parts of a polygon that a file holds cut at the antimeridian."""
    west, _, east, _ = shapely.bounds(shapes).T
    cut = (west == -180) & (east == 180)
    cut &= shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON
    if not cut.any():
        return shapes
    made = shapes.copy()
    made[cut] = shapely.union_all(continuous(shapes[cut])[:, None], axis=1)
    return made


def _parts(shapes: Shapes) -> Shapes:
    """Take multi-geometries and collections apart, however deep, without what is empty."""
    while (shapely.get_type_id(shapes) >= shapely.GeometryType.MULTIPOINT).any():
        shapes = shapely.get_parts(shapes)
    return shapes[~shapely.is_empty(shapes)]
