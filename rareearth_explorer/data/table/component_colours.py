"""A picture of a table without a scene: patches in the colours of their principal components."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize

from rareearth_explorer.data.grid import WGS84, transformer
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.data.scene.tiles import WEB_MERCATOR, tile_bounds
from rareearth_explorer.data.table.patch_table import PatchTable
from rareearth_explorer.score.projection import principal_components

STRETCH = (2.0, 98.0)
"""Percentiles of a component that are shown as the darkest and the brightest colour."""


class ComponentColours:
    """The patches of a table in three colours: similar embeddings have similar colours.

    Red, green and blue are the three leading principal components of the unit embeddings. They
    tell patches apart; what a colour stands for differs from table to table.

    Parameters
    ----------
    table
        The patches.

    Attributes
    ----------
    path
        File of the table, for errors.
    bounds
        (south, west), (north, east) of its patches in degrees.
    """

    def __init__(self, table: PatchTable) -> None:
        self._table = table
        self.path = table.path or Path("the table")
        self.bounds: Bounds = table.bounds

    def tile(
        self, z: int, x: int, y: int, *, size: int = 256, bands: Sequence[str] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Picture of a Web Mercator tile, as `Scene.tile`; transparent beside the patches.

        There are no `bands` to choose, so they are ignored.
        """
        west, south, east, north = tile_bounds(z, x, y)
        picture = np.zeros((size, size, 4), np.uint8)
        low, high = self._rings.min(axis=1), self._rings.max(axis=1)
        inside = (low < (east, north)).all(axis=1) & (high > (west, south)).all(axis=1)
        here = np.flatnonzero(inside)
        if len(here):
            scale = np.array([east - west, south - north]) / size
            patches = _patches((self._rings[here] - (west, north)) / scale, size)
            shown = patches > 0
            picture[shown, :3] = self.colours[here][patches[shown] - 1]
            picture[shown, 3] = 255
        return picture

    @cached_property
    def colours(self) -> npt.NDArray[np.uint8]:
        """Colour of each patch, (N, 3) RGB."""
        components = principal_components(self._table.unit_embeddings, 3)
        missing = 3 - components.shape[1]
        components = np.pad(components, ((0, 0), (0, missing)))
        low, high = np.percentile(components, STRETCH, axis=0)
        spread = np.where(high > low, high - low, 1)
        shares = np.clip((components - low) / spread, 0, 1)
        return np.asarray(np.round(shares * 255), np.uint8)

    @cached_property
    def _rings(self) -> npt.NDArray[np.float64]:
        """Corners in Web Mercator metres, (N, 4, 2); as continuous as the longitudes."""
        lon, lat = np.moveaxis(self._table.corners, -1, 0)
        turns = np.round(lon / 360)  # a whole turn apart, which the projection would fold
        x, y = transformer(WGS84, WEB_MERCATOR).transform(lon - 360 * turns, lat)
        whole = transformer(WGS84, WEB_MERCATOR).transform(180, 0)[0] * 2
        return np.stack([x + whole * turns, y], axis=-1)


def _patches(rings: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.int32]:
    """Find the ring at each pixel, counted from 1, (size, size); 0 where there is none.

    Parameters
    ----------
    rings
        (n, 4, 2) columns and rows of pixels.
    size
        Side of the picture.
    """
    if np.median(np.ptp(rings, axis=1), axis=0).max() < 1:
        return _at_centres(rings.mean(axis=1), size)
    shapes = np.asarray(shapely.polygons(rings), object)
    numbered = zip(shapes, range(1, len(rings) + 1), strict=True)
    burnt = rasterize(numbered, (size, size), dtype=np.int32)
    return np.asarray(burnt, np.int32)


def _at_centres(centres: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.int32]:
    """Put each patch at the pixel of its centre, where patches are smaller than pixels."""
    pixels = np.floor(centres).astype(int)
    within = ((pixels >= 0) & (pixels < size)).all(axis=1)
    patches = np.zeros((size, size), np.int32)
    across, down = pixels[within].T
    patches[down, across] = np.flatnonzero(within) + 1
    return patches
