"""Where rasters lie: their bounds in degrees, patch grids over them, and shifts between them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import ProjError
from rasterio.transform import array_bounds

from rareearth_explorer.data.grid import (
    WGS84,
    PatchGrid,
    ground_sample_distance,
    transformer,
    turn_to,
)
from rareearth_explorer.data.scene.raster_checks import Bounds, require_on_map
from rareearth_explorer.errors import SceneError

ALIGNMENT = 0.05
"""Largest shift between grids in pixels; a shift this small does not affect a patch."""


class Laid(Protocol):
    """Pixels on a straight grid, north up."""

    @property
    def transform(self) -> Affine:
        """From pixel (column, row) to coordinates."""
        ...

    @property
    def width(self) -> int:
        """In pixels."""
        ...

    @property
    def height(self) -> int:
        """In pixels."""
        ...


def lonlat_bounds(path: Path, crs: CRS, pixels: Laid) -> Bounds:
    """Find the box of pixels in WGS 84 degrees; east is above 180 across the antimeridian.

    Raises
    ------
    SceneError
        The coordinates lie outside the Earth; the message names `path`.
    """
    try:
        there = transformer(crs.to_wkt(), WGS84)
        west, south, east, north = there.transform_bounds(
            *array_bounds(pixels.height, pixels.width, pixels.transform)
        )
    except ProjError:
        west = south = east = north = math.inf
    if not (-360 <= west <= 360 and -90 <= south < north <= 90):
        raise SceneError(
            f"{path}: its coordinates lie outside the Earth in its coordinate reference system, "
            f"{crs.name}; assign the right one with 'rio edit-info --crs EPSG:... FILE'."
        )
    if east <= west:
        east += 360
    turns = 360 * math.floor((west + 180) / 360)  # longitudes may be counted from 0 to 360
    return (south, west - turns), (north, east - turns)


def grid_over(path: Path, crs: CRS, pixels: Laid, bounds: Bounds, patch_size: float) -> PatchGrid:
    """Make the grid of patches of `patch_size` metres over pixels.

    Raises
    ------
    SceneError
        No patch fits, the size is not above 0, or the pixels reach beyond the map; the message
        names `path`.
    """
    require_on_map(path, bounds)
    if not 0 < patch_size < math.inf:
        raise SceneError(f"{path}: a patch cannot be {patch_size} m wide; choose a size above 0.")
    where = (crs, pixels.transform, pixels.width, pixels.height)
    grid = PatchGrid.for_raster(*where, patch_size)
    if len(grid) == 0:
        gsd = ground_sample_distance(*where)
        raise SceneError(
            f"{path}: a patch of {patch_size:g} m is larger than the scene of "
            f"{pixels.width * gsd:.0f} x {pixels.height * gsd:.0f} m; choose a smaller patch."
        )
    return grid


class MisfitError(ValueError):
    """Two grids of pixels are not parts of one; the text says how they differ, a clause."""


def place_on(crs: CRS, pixels: Laid, first_crs: CRS, first: Laid) -> tuple[int, int]:
    """Find the upper left pixel of one raster on the grid of another: left, top.

    Raises
    ------
    MisfitError
        Their CRSs, sizes of pixels, or alignments differ.
    """
    here, there = pixels.transform, first.transform
    if not crs.equals(first_crs, ignore_axis_order=True):
        raise MisfitError(f"its coordinates are in {crs.name}, unlike")
    if not np.allclose((here.a, here.e), (there.a, there.e), rtol=1e-6, atol=0):
        raise MisfitError("its pixels differ in size from")
    turn = turn_to(
        here.c + here.a * pixels.width / 2,
        there.c + there.a * first.width / 2,
        first_crs.to_wkt(),
    )
    column, row = ~there @ (here.c + turn, here.f)
    left, top = round(column), round(row)
    if max(abs(column - left), abs(row - top)) > ALIGNMENT:
        raise MisfitError("its pixels are not aligned with")
    return left, top
