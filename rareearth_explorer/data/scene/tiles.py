"""Web Mercator tiles: find the scene's pixels for a tile, and warp them to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.windows import Window

from rareearth_explorer.data.grid import pixels_under
from rareearth_explorer.data.scene.raster_checks import Bounds

if TYPE_CHECKING:
    from rareearth_explorer.data.scene.scene import Scene

WEB_MERCATOR = "EPSG:3857"

EARTH_RADIUS = 6_378_137.0
"""Radius of Web Mercator's sphere, in metres."""

DENSITY = 21
"""Points a side of a tile that are looked up in the scene, as many as GDAL takes."""

Box = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True)
class View:
    """The part of a scene that a tile shows, at the tile's resolution.

    Attributes
    ----------
    window
        Pixels to read, within the scene.
    shape
        (h, w) to read them into, never finer than the pixels.
    """

    window: Window
    shape: tuple[int, int]

    @property
    def coarseness(self) -> float:
        """Scene pixels per pixel read, at least 1."""
        return float(max(self.window.height / self.shape[0], self.window.width / self.shape[1]))


def tile_bounds(z: int, x: int, y: int) -> Box:
    """Web Mercator metres of an XYZ tile: column x from 180 degrees west, row y from the north."""
    half = math.pi * EARTH_RADIUS
    side = 2 * half / 2**z
    west, north = x * side - half, half - y * side
    return west, north - side, west + side, north


def near_scene(x: int, z: int, bounds: Bounds) -> int:
    """Column of a tile moved around the Earth, to where a scene counts its longitudes.

    East of the antimeridian, a map and a scene may be a whole turn apart.

    Parameters
    ----------
    x, z
        Column and zoom of the tile.
    bounds
        (south, west), (north, east) of the scene in degrees.
    """
    (_, west), (_, east) = bounds
    turns = ((x + 0.5) / 2**z - 0.5) - (west + east) / 720
    return x - int(round(turns) * 2**z)


def view_of(scene: Scene, tile: Box, size: int) -> View | None:
    """Find the part of a scene in a tile of `size` pixels a side; None if they do not overlap."""
    meeting = _intersection(tile, _mercator(scene))
    if meeting is None:
        return None
    reached = _pixels_of(meeting, scene)
    if reached is None:
        return None
    left, top, right, bottom = reached
    per_metre = size / (tile[2] - tile[0])
    columns = _span(left, right, (meeting[2] - meeting[0]) * per_metre, scene.width)
    rows = _span(top, bottom, (meeting[3] - meeting[1]) * per_metre, scene.height)
    if columns is None or rows is None:
        return None
    window = Window(columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])
    return View(window, (rows[2], columns[2]))


def warp(
    picture: npt.NDArray[np.uint8], scene: Scene, view: View, tile: Box, size: int
) -> npt.NDArray[np.uint8]:
    """Warp a (4, h, w) picture of a view to its tile, (size, size, 4), transparent outside.

    Each pixel of the tile takes the pixel under its centre; the picture is as fine as the tile,
    or shows the scene's own pixels. GDAL's warper is faster (4 ms instead of 13), but rasterio
    changes the warning filters of the process to set it up, which threads must not do.
    """
    height, width = view.shape
    corner = Affine.translation(view.window.col_off, view.window.row_off)
    coarser = Affine.scale(view.window.width / width, view.window.height / height)
    centres = (np.arange(size) + 0.5) * (tile[2] - tile[0]) / size
    x, y = np.meshgrid(tile[0] + centres, tile[3] - centres)
    column, row = pixels_under(
        x, y, WEB_MERCATOR, scene.crs.to_wkt(), scene.transform @ corner @ coarser, width
    )
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    warped = np.zeros((size, size, 4), np.uint8)
    warped[inside] = picture[:, row[inside].astype(int), column[inside].astype(int)].T
    return warped


def _pixels_of(box: Box, scene: Scene) -> Box | None:
    """Left, top, right and bottom pixel of a scene under a box; None if its CRS ends before.

    Each of many points is found by itself, because corners alone say nothing about a box that
    holds a pole, and longitudes count on from -180 where it crosses the antimeridian.
    """
    x, y = np.meshgrid(np.linspace(box[0], box[2], DENSITY), np.linspace(box[1], box[3], DENSITY))
    column, row = pixels_under(x, y, WEB_MERCATOR, scene.crs.to_wkt(), scene.transform, scene.width)
    found = np.isfinite(column) & np.isfinite(row)
    if not found.any():
        return None
    column, row = column[found], row[found]
    return float(column.min()), float(row.min()), float(column.max()), float(row.max())


def _mercator(scene: Scene) -> Box:
    (south, west), (north, east) = np.radians(scene.bounds)
    bottom, top = np.arcsinh(np.tan([south, north]))
    return EARTH_RADIUS * west, EARTH_RADIUS * bottom, EARTH_RADIUS * east, EARTH_RADIUS * top


def _intersection(a: Box, b: Box) -> Box | None:
    west, south = max(a[0], b[0]), max(a[1], b[1])
    east, north = min(a[2], b[2]), min(a[3], b[3])
    return (west, south, east, north) if west < east and south < north else None


def _span(start: float, stop: float, wanted: float, limit: int) -> tuple[int, int, int] | None:
    """First pixel, last pixel + 1, and number to read, along one axis of the scene.

    `start` to `stop` fills `wanted` pixels of the tile; one more is read on each side, so that
    none is missing at the tile's edge.
    """
    coarseness = max(1.0, (stop - start) / wanted)
    first = max(0, math.floor(start - coarseness))
    last = min(limit, math.ceil(stop + coarseness))
    return (first, last, math.ceil((last - first) / coarseness)) if first < last else None
