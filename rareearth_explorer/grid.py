"""The patch grid: patch row and column, pixel window, and place on the Earth, each from the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS, Geod, Transformer

DEFAULT_PATCH_SIZE = 250.0
"""Side of a patch in metres; the paper's."""

PIXEL_MULTIPLE = 4
"""Patch sides are rounded to a multiple of this many pixels: 84 at 3 m, the paper's."""


def patch_pixels(patch_size: float, gsd: float) -> int:
    """Side of a square patch in whole pixels: the multiple of four nearest to `patch_size`.

    Parameters
    ----------
    patch_size
        Wanted side in metres, above 0.
    gsd
        Ground sample distance, the side of a pixel in metres, above 0.

    Examples
    --------
    >>> patch_pixels(250, 3), patch_pixels(480, 30)
    (84, 16)
    """
    return max(PIXEL_MULTIPLE, PIXEL_MULTIPLE * round(patch_size / gsd / PIXEL_MULTIPLE))


def ground_sample_distance(crs: CRS, transform: Affine, width: int, height: int) -> float:
    """Side of a pixel in metres, taken at the centre of the raster.

    In a projected CRS this is the pixel's side in the CRS's unit, turned into metres. In a
    geographic one it is measured on the ellipsoid. Where pixels are not square it is the side of
    the square of the same area, so that patches stay square in pixels, as encoders need them.
    """
    if not crs.is_geographic:
        metres = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
        return math.sqrt(abs(transform.a * transform.e)) * metres
    lon, lat = transform @ (width / 2, height / 2)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    dx, dy = abs(transform.a) / 2, abs(transform.e) / 2
    across = geod.inv(lon - dx, lat, lon + dx, lat)[2]
    along = geod.inv(lon, lat - dy, lon, lat + dy)[2]
    return math.sqrt(across * along)


@dataclass(frozen=True)
class PatchGrid:
    """Square patches laid edge to edge from the upper left corner of a raster.

    Only whole patches are laid: a strip narrower than a patch at the right and at the bottom of
    the raster belongs to none.

    Attributes
    ----------
    crs
        Coordinate reference system of the raster, as WKT.
    transform
        Affine transform from pixel (column, row) to CRS coordinates; north up, not rotated.
    patch_px
        Side of a patch in pixels.
    rows, columns
        Number of patches down and across.
    """

    crs: str
    transform: Affine
    patch_px: int
    rows: int
    columns: int

    @classmethod
    def for_raster(
        cls,
        crs: CRS,
        transform: Affine,
        width: int,
        height: int,
        patch_size: float = DEFAULT_PATCH_SIZE,
    ) -> Self:
        """Lay patches of `patch_size` metres over a raster of `width` x `height` pixels."""
        side = patch_pixels(patch_size, ground_sample_distance(crs, transform, width, height))
        return cls(crs.to_wkt(), transform, side, height // side, width // side)

    def __len__(self) -> int:
        """Count the patches of the full grid, valid or not."""
        return self.rows * self.columns

    def corners(self, row: npt.ArrayLike, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Corners of patches in WGS 84, (N, 4, 2) lon/lat: upper left, upper right, lower right, lower left."""
        row, column = np.asarray(row), np.asarray(column)
        x = np.stack([column, column + 1, column + 1, column], axis=-1) * self.patch_px
        y = np.stack([row, row, row + 1, row + 1], axis=-1) * self.patch_px
        return np.stack(self._to_lonlat(*(self.transform @ (x, y))), axis=-1)

    def centroids(self, row: npt.ArrayLike, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Centres of patches in WGS 84, (N, 2) lon/lat in degrees."""
        x = (np.asarray(column) + 0.5) * self.patch_px
        y = (np.asarray(row) + 0.5) * self.patch_px
        return np.stack(self._to_lonlat(*(self.transform @ (x, y))), axis=-1)

    def locate(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row and column of the patch that holds each WGS 84 point; both -1 outside the grid."""
        there = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)
        x, y = there.transform(np.asarray(lon, float), np.asarray(lat, float))
        x, y = ~self.transform @ (np.asarray(x), np.asarray(y))
        inside = np.isfinite(x) & np.isfinite(y)
        column = np.floor(np.where(inside, x, -1) / self.patch_px).astype(np.int64)
        row = np.floor(np.where(inside, y, -1) / self.patch_px).astype(np.int64)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.where(inside, row, -1), np.where(inside, column, -1)

    def to_metadata(self) -> dict[str, Any]:
        """Describe the grid with JSON types; `from_metadata` gives it back."""
        return {
            "crs": self.crs,
            "transform": list(self.transform)[:6],
            "patch_px": self.patch_px,
            "rows": self.rows,
            "columns": self.columns,
        }

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any]) -> Self:
        """Read what `to_metadata` wrote."""
        return cls(**{**metadata, "transform": Affine(*metadata["transform"])})

    def _to_lonlat(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        there = Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        lon, lat = there.transform(x, y)
        return np.asarray(lon), np.asarray(lat)
