"""Arrays of embeddings on a straight grid of pixels, read like a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.windows import Window

from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, PatchGrid, ground_sample_distance
from rareearth_explorer.data.scene.laying import MisfitError, grid_over, lonlat_bounds, place_on
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.errors import SceneError

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ArrayFile:
    """A file or store that arrays are read from.

    Attributes
    ----------
    path
        The file or store.
    identity
        Identifies its content, with JSON types; called once, because it may read the file.
    said
        What else the numbers depend on, with JSON types.
    time
        Always None: these embeddings are of a year.
    """

    path: Path
    identity: Callable[[Path], dict[str, Any]]
    said: Mapping[str, Any] = field(default_factory=dict)
    time: datetime | None = None

    def describe(self) -> dict[str, Any]:
        """Identify the content and how it is read, as JSON types."""
        return {**self.identity(self.path), **self.said}


@dataclass(frozen=True, eq=False)
class Tile:
    """Arrays that lie on a part of the grid.

    Attributes
    ----------
    path
        The file, for errors.
    crs, transform
        Coordinate reference system, and pixel (column, row) to its coordinates; north up.
    width, height
        In pixels.
    read
        Reads rows and columns as (h, w, C) float32, counted from the north; NaN where there is
        no data. Any thread may call it.
    left, top
        Its upper left pixel in the scene.
    """

    path: Path
    crs: CRS
    transform: Affine
    width: int
    height: int
    read: Callable[[slice, slice], Numbers]
    left: int = 0
    top: int = 0


class ArrayScene:
    """Tiles of arrays as one scene of decoded embeddings; where they overlap, the first counts.

    A pixel has data where all its numbers are finite and one of them is not 0.

    Parameters
    ----------
    tiles
        At least one, of one CRS and grid.
    bands
        Name of each number of an embedding.
    sources
        The files, of which the first gives the name.
    coding
        How the stored numbers were decoded, a phrase.
    years
        All years that the store holds, of which one is read; empty if it does not say.

    Attributes
    ----------
    path
        The first tile.
    crs, transform, width, height
        Of the smallest rectangle that holds all tiles; north up.
    dtype
        Type of the decoded numbers.
    time
        Always None: these embeddings are of a year.

    Raises
    ------
    SceneError
        The tiles lie on different grids, or outside the Earth.
    """

    dtype = "float32"
    time: datetime | None = None

    def __init__(
        self,
        tiles: Sequence[Tile],
        bands: Sequence[str],
        sources: Sequence[ArrayFile],
        coding: str,
        years: Sequence[int] = (),
    ) -> None:
        first = tiles[0]
        placed = [_placed(each, first) for each in tiles]
        left, top = min(each.left for each in placed), min(each.top for each in placed)
        self._tiles = [replace(each, left=each.left - left, top=each.top - top) for each in placed]
        self.path, self.crs = first.path, first.crs
        self.bands, self.sources, self.coding = tuple(bands), tuple(sources), coding
        self.years = tuple(years)
        self.transform = first.transform @ Affine.translation(left, top)
        self.width = max(each.left + each.width for each in self._tiles)
        self.height = max(each.top + each.height for each in self._tiles)
        self.bounds: Bounds = lonlat_bounds(self.path, self.crs, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is to be closed: arrays are mapped, and released with this object."""

    @property
    def gsd(self) -> float:
        """Side of a pixel in metres."""
        return ground_sample_distance(self.crs, self.transform, self.width, self.height)

    def grid(self, patch_size: float = DEFAULT_PATCH_SIZE) -> PatchGrid:
        """Make the grid of patches of `patch_size` metres, as `Scene.grid` does.

        Raises
        ------
        SceneError
            No patch fits, or the size is not above 0.
        """
        return grid_over(self.path, self.crs, self, self.bounds, patch_size)

    def read(self, window: Window) -> tuple[Numbers, npt.NDArray[np.bool_]]:
        """Read a window within the scene.

        Returns
        -------
        pixels
            (C, h, w) decoded numbers, 0 where there is no data.
        valid
            (h, w), False where there is no data.
        """
        (top, bottom), (left, right) = window.toranges()
        pixels = np.zeros((bottom - top, right - left, len(self.bands)), np.float32)
        valid = np.zeros(pixels.shape[:2], bool)
        for tile in self._tiles:
            rows = slice(max(top, tile.top), min(bottom, tile.top + tile.height))
            columns = slice(max(left, tile.left), min(right, tile.left + tile.width))
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            here = _moved(rows, -top), _moved(columns, -left)
            numbers = tile.read(_moved(rows, -tile.top), _moved(columns, -tile.left))
            there = np.isfinite(numbers).all(axis=-1) & numbers.any(axis=-1) & ~valid[here]
            np.copyto(pixels[here], numbers, where=there[..., None])
            valid[here] |= there
        return pixels.transpose(2, 0, 1), valid

    def origins(self, _: Window) -> None:
        """Return None, because all pixels have one time."""


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _placed(tile: Tile, first: Tile) -> Tile:
    """Count the position of a tile from that of the first."""
    try:
        left, top = place_on(tile.crs, tile, first.crs, first)
    except MisfitError as fault:
        raise SceneError(
            f"{tile.path}: {fault} those of {first.path.name}; make one table of each grid."
        ) from None
    return replace(tile, left=left, top=top)
