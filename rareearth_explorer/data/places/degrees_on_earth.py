"""From any CRS to longitude and latitude, and only such as there are on the Earth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places.place_source import PlaceSource, or_option
from rareearth_explorer.errors import first_line

if TYPE_CHECKING:
    from pyproj import CRS

Shapes = npt.NDArray[np.object_]

MAP_END = 85.05
"""Latitude at which a map in Web Mercator ends, north and south.

Patches beyond it could not be shown, and close to a pole no polygon in degrees has their shape.
"""


def in_degrees(
    source: PlaceSource, shapes: Shapes, crs: CRS | None, where: str, *, named: bool = False
) -> tuple[Shapes, tuple[str, ...]]:
    """Bring shapes to lon/lat and require that they lie on the Earth.

    `named` tells whether the names of the columns say that they are degrees.
    """
    bounds = shapely.bounds(shapes)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if (row := _first_not_finite(bounds, there)) is not None:
        source.refuse(f"the place in row {row + 1} is not finite; mend or remove it.")
    if shapely.has_z(shapes).any():
        shapes = shapely.force_2d(shapes)
    notes: tuple[str, ...] = ()
    if crs is None and source.strict and not named:
        source.refuse("it has no coordinate reference system; save it with one.")
    if crs is not None and crs.is_projected and there.any() and _could_be_degrees(bounds[there]):
        # The alternative would be metres within 360 m of the projection's origin.
        if source.strict:
            source.refuse(
                f"the coordinates look like degrees, but the file declares {crs.name}; "
                "set the coordinate reference system to EPSG:4326."
            )
        if source.crs is not None:
            source.refuse(
                f"the coordinates look like degrees, not like those of {crs.name}; "
                f"leave {source.option} out."
            )
        notes = (f"the coordinates are degrees, though the file declares {crs.name}",)
    elif crs is not None and not is_lonlat(crs):
        shapes = _transformed(source, shapes, crs)
        bounds = shapely.bounds(shapes)
    _check_range(source, bounds, there, crs, where)
    if crs is None and not named and there.any():
        notes = (f"no CRS is named, so {where} must be longitude and latitude in degrees",)
    return shapes, notes


def beyond_map(south: float, north: float) -> str:
    """Say that something reaches from latitude `south` to `north`, beyond the map."""
    farthest = north if north > -south else south
    side = "N" if farthest > 0 else "S"
    return f"it reaches {abs(farthest):.2f}° {side}, and the map ends at {MAP_END}° {side}"


def _first_not_finite(bounds: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]) -> int | None:
    """Row number of the first place whose bounds are not finite; None if all are."""
    off = there & ~np.isfinite(bounds).all(axis=1)
    return int(off.argmax()) if off.any() else None


def is_lonlat(crs: CRS) -> bool:
    """Whether coordinates in a CRS are longitude and latitude in WGS 84 as they stand."""
    return crs.to_authority() in (("EPSG", "4326"), ("OGC", "CRS84"), ("EPSG", "4979"))


def _could_be_degrees(bounds: npt.NDArray[np.float64]) -> bool:
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return bool(west >= -180 and east <= 360 and south >= -90 and north <= 90)


def _transformed(source: PlaceSource, shapes: Shapes, crs: CRS) -> Shapes:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        to_lonlat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except ProjError as fault:
        source.refuse(f"{crs.name} cannot be converted to degrees ({first_line(fault)}).")

    def of(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.stack(to_lonlat.transform(xy[:, 0], xy[:, 1]), axis=-1)

    made = np.asarray(shapely.transform(shapes, of))
    bounds = shapely.bounds(made)
    there = ~(shapely.is_missing(made) | shapely.is_empty(made))
    if (row := _first_not_finite(bounds, there)) is not None:
        source.refuse(
            f"the place in row {row + 1} lies outside the declared coordinate reference system, "
            f"{crs.name}; correct the CRS{or_option(source)}."
        )
    return made


def _check_range(
    source: PlaceSource, bounds: npt.NDArray[np.float64], there: npt.NDArray[np.bool_],
    crs: CRS | None, where: str,
) -> None:  # fmt: skip
    """Require longitudes from -180 to 360, and latitudes from -90 to 90."""
    if not there.any() or _could_be_degrees(bounds[there]):
        return
    west, south, east, north = bounds.T
    off = there & ((west < -180) | (east > 360) | (south < -90) | (north > 90))
    row = int(np.flatnonzero(off)[0])
    x, y = west[row] / 2 + east[row] / 2, south[row] / 2 + north[row] / 2
    said = f"the place in row {row + 1}, {x:.6g} and {y:.6g} in {where}, is not on the Earth"
    swapped = bounds[there][:, [1, 0, 3, 2]]
    if _could_be_degrees(swapped) and np.abs(bounds[there][:, [0, 2]]).max() <= 90:
        source.refuse(f"longitude and latitude look swapped in {where}; exchange them.")
    if crs is None and max(abs(x), abs(y)) > 360:
        source.refuse(
            f"{said} in degrees, and the file names no coordinate reference system; "
            f"write it with one, such as EPSG:4326{or_option(source)}."
        )
    source.refuse(f"{said}; mend or remove it.")
