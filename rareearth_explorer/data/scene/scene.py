"""The scene: a GeoTIFF with band roles, a valid mask, windows, and pictures for the map."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.windows import Window

from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, PatchGrid
from rareearth_explorer.data.scene import tiles
from rareearth_explorer.data.scene.bands import true_colour
from rareearth_explorer.data.scene.fill import Fill, suspected_fill
from rareearth_explorer.data.scene.indices import index_of
from rareearth_explorer.data.scene.laying import grid_over
from rareearth_explorer.data.scene.mosaic import Mosaic
from rareearth_explorer.data.scene.preview import Masked, Preview
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.data.scene.sources import Source
from rareearth_explorer.data.scene.statistics import Statistics
from rareearth_explorer.errors import SceneError

STATISTICS_PIXELS = 1_000_000
"""Approximate number of pixels that statistics use."""


@dataclass(frozen=True, eq=False)
class Scene:
    """An open scene, which any thread may read; close it, or use it in a `with` statement.

    Attributes
    ----------
    path
        The file, the first of several.
    crs, transform
        Coordinate reference system, and pixel (column, row) to its coordinates; north up.
    width, height
        In pixels.
    bands
        Role of each band, such as `red` or `nir`; `b1`, `b2` and so on if unknown.
    dtype, nodata
        Type of the pixels, and nodata value as the file declares it.
    gsd
        Ground sample distance in metres.
    bounds
        (south, west), (north, east) in WGS 84 degrees; east is above 180 if the scene crosses
        the antimeridian.
    time
        Acquisition time in UTC, noon if only the day is known; None if unknown.
    sources
        The files of the scene, the first on top.
    one
        The value that stands for reflectance 1: 1 if the files have a scale and an offset, which
        are applied, 10,000 for Planet's reflectance; None if no file says it.
    validity
        How empty pixels are told, a phrase.
    notes
        Sentences about what a reader may not expect of the files.
    """

    path: Path
    crs: CRS
    transform: Affine
    width: int
    height: int
    bands: tuple[str, ...]
    dtype: str
    nodata: float | None
    gsd: float
    bounds: Bounds
    time: datetime | None
    sources: tuple[Source, ...]
    one: float | None
    validity: str
    notes: tuple[str, ...]
    _raster: Raster | Mosaic = field(repr=False)
    _once: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file in all threads, none of which may be reading."""
        self._raster.close()

    def grid(self, patch_size: float = DEFAULT_PATCH_SIZE) -> PatchGrid:
        """Make the grid of patches of `patch_size` metres over the scene.

        Raises
        ------
        SceneError
            If no patch fits, the size is not above 0, or the scene reaches beyond the map.
        """
        return grid_over(self.path, self.crs, self, self.bounds, patch_size)

    def read(
        self,
        window: Window,
        *,
        bands: Sequence[str] | None = None,
        out_shape: tuple[int, int] | None = None,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Read a window of pixels.

        Parameters
        ----------
        window
            In pixels, within the scene.
        bands
            Roles of the bands to read, in this order; default all.
        out_shape
            (h, w) to resample to by nearest neighbour; default the window's own.

        Returns
        -------
        pixels
            (C, h, w) in the scene's units. The values of empty pixels are meaningless.
        valid
            (h, w), False for empty pixels, as `Raster` defines them.

        Raises
        ------
        SceneError
            If the file cannot be read there, or has no such band.
        ValueError
            If the window reaches beyond the scene.
        """
        places = None if bands is None else self._places(bands)
        pixels, valid = self._read(window, out_shape, places)
        return pixels.astype(np.float32), valid

    def has_overview(self, side: int) -> bool:
        """Whether overviews have a pixel for every square of `side` x `side` pixels.

        Then `read` with such an `out_shape` gives their pixels as they are stored.
        """
        return self._raster.has_overview(side)

    @cached_property
    def is_synthetic(self) -> bool:
        """Whether a file says that a program drew it, as those of the demo do."""
        said = [
            raster.dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "") for raster in self._rasters
        ]
        return any("synthetic" in each.lower() for each in said)

    def fills(self) -> Iterator[tuple[Path, Fill]]:
        """Find files in which a value is probably missing data, though nothing declares it.

        It reads a sample of the files.
        """
        for raster in self._rasters:
            fill = suspected_fill(raster)
            if fill is not None:
                yield raster.path, fill

    def origins(self, window: Window) -> npt.NDArray[np.int64] | None:
        """Find the number of the source that each pixel of a window comes from, (h, w).

        It is -1 for empty pixels.

        Returns
        -------
        None if all files have one time, so that it does not matter.
        """
        if isinstance(self._raster, Raster) or len({source.time for source in self.sources}) == 1:
            return None
        return self._raster.origins(window)

    @property
    def statistics(self) -> Statistics:
        """Mean, standard deviation and percentiles of every band, measured once."""
        with self._once:
            return self._statistics

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Positions in `bands` of red, green, blue; else of the first three, or one as grey."""
        return true_colour(self.bands)

    def chip(
        self, window: Window, size: int | tuple[int, int], *, bands: Sequence[str] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Picture of a window, such as one patch: (h, w, 3) RGB, black where empty.

        `size` is the side of the picture in pixels, or its height and width. `bands` are the roles
        of three bands to show as red, green and blue, or one of `INDICES`.
        """
        shape = (size, size) if isinstance(size, int) else size
        smooth = Resampling.average if window.width > shape[1] else Resampling.cubic
        picture, _ = self._draw(bands, lambda places: self._read(window, shape, places, smooth))
        return picture.transpose(1, 2, 0)

    def tile(
        self, z: int, x: int, y: int, *, size: int = 256, bands: Sequence[str] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Picture of a Web Mercator tile: (size, size, 4) RGBA, transparent where empty.

        Parameters
        ----------
        z, x, y
            Zoom, column and row as in XYZ tile addresses.
        size
            Side in pixels.
        bands
            Roles of three bands to show as red, green and blue, or of one to show in grey, or
            one of `INDICES`.
        """
        box = tiles.tile_bounds(z, x, y)
        view = tiles.view_of(self, box, size)
        if view is None:
            return np.zeros((size, size, 4), np.uint8)
        picture = np.empty((4, *view.shape), np.uint8)
        picture[:3], valid = self._draw(bands, lambda places: self._look(view, places))
        picture[3] = np.where(valid, 255, 0)
        return tiles.warp(picture, self, view, box, size)

    def describe(self) -> dict[str, Any]:
        """Describe the scene with JSON types."""
        statistics = self.statistics
        return {
            "path": str(self.path),
            "size": [self.width, self.height],
            "bands": list(self.bands),
            "dtype": self.dtype,
            "nodata": self.nodata,
            "crs": self.crs.to_string(),
            "gsd": self.gsd,
            "bounds": [list(corner) for corner in self.bounds],
            "time": self.time.isoformat() if self.time else None,
            "overviews": bool(self._raster.overviews),
            "valid": statistics.valid,
            "valid_by": self.validity,
            "mean": statistics.mean.tolist(),
            "std": statistics.std.tolist(),
        }

    @property
    def _rasters(self) -> list[Raster]:
        return [self._raster] if isinstance(self._raster, Raster) else self._raster.rasters

    def _places(self, bands: Sequence[str]) -> list[int]:
        """Positions of bands in `bands`, from 0."""
        missing = [band for band in bands if band not in self.bands]
        if missing:
            raise SceneError(
                f"{self.path}: there is no band {missing[0]} among {', '.join(self.bands)}; "
                "if these names are wrong, give the right ones with --bands."
            )
        return [self.bands.index(band) for band in bands]

    def _draw(
        self, bands: Sequence[str] | None, read: Callable[[Sequence[int]], Masked]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Read and colour bands, (3, h, w) or (1, h, w), with their valid mask, (h, w)."""
        statistics, index = self.statistics, index_of(bands)  # measured once, not once a thread
        if index is not None:
            pixels, valid = read(self._places(index.bands))
            return index.paint(pixels, valid), valid
        places = self.rgb if bands is None else self._places(bands)
        pixels, valid = read(places)
        return statistics.stretch(pixels, valid, places), valid

    def _read(
        self,
        window: Window,
        shape: tuple[int, int] | None = None,
        places: Sequence[int] | None = None,
        resampling: Resampling = Resampling.nearest,
    ) -> Masked:
        (top, bottom), (left, right) = window.toranges()
        if not (0 <= top < bottom <= self.height and 0 <= left < right <= self.width):
            raise ValueError(f"{window} reaches beyond {self.width} x {self.height} pixels")
        indexes = self._raster.indexes
        if places is not None:
            indexes = [indexes[place] for place in places]
        return self._raster.read(indexes, window, shape, resampling)

    @cached_property
    def _preview(self) -> Preview:
        return Preview.of(self._read, self.height, self.width)

    @cached_property
    def _statistics(self) -> Statistics:
        preview = self._preview
        step = math.ceil(math.sqrt(preview.valid.size / STATISTICS_PIXELS))
        valid = preview.valid[::step, ::step]
        if not valid.any():
            raise SceneError(f"{self.path}: almost no pixel is valid; give another scene.")
        return Statistics.of(preview.pixels[:, ::step, ::step], valid)

    def _look(self, view: tiles.View, places: Sequence[int]) -> Masked:
        """Read a view from the file, or from the preview if it would need the whole file."""
        finest = max(self._preview.coarseness)
        if not self._raster.overviews and view.coarseness >= finest > 1:
            return self._preview.sample(view.window, view.shape, places)
        return self._read(view.window, view.shape, places, Resampling.average)
