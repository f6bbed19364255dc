"""The patch grid: convert between row and column, pixel window, and place on the Earth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from rasterio.windows import Window

from rareearth_explorer.data.places.longitudes import near, wrapped
from rareearth_explorer.data.places.lonlat_box import holds

__all__ = ["DEFAULT_PATCH_SIZE", "PatchGrid"]

WGS84 = "EPSG:4326"
"""CRS of lon/lat everywhere in this program."""

DEFAULT_PATCH_SIZE = 250.0
"""Default side of a patch in metres, as in the paper."""

PIXEL_MULTIPLE = 4
"""Patch sides are multiples of this many pixels: 84 at 3 m, as in the paper."""

MOST_BOX = 20.0
"""Degrees from which a box is too large to be told by its edges in a projection."""

Bbox = tuple[float, float, float, float]
"""West, south, east and north in WGS 84 degrees."""


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
    """Side of a pixel in metres on the ground, taken at the centre of the raster.

    It is measured on the ellipsoid, for degrees as for Web Mercator, whose metres are 10 % too
    long at Pang War. If the projection is true to within 1 %, as UTM is, the result is the
    pixel's nominal side, so that 3 m stay 3 m. If pixels are not square, it is the side of a
    square of the same area: encoders need patches that are square in pixels.
    """
    # Midpoints of the left, right, upper and lower edges of the central pixel.
    column: Any = width / 2 + np.array([-0.5, 0.5, 0, 0])
    row: Any = height / 2 + np.array([0, 0, -0.5, 0.5])
    lon, lat = transformer(crs.to_wkt(), WGS84).transform(*(transform @ (column, row)))
    across, along = Geod(ellps="WGS84").inv(lon[::2], lat[::2], lon[1::2], lat[1::2])[2]
    measured = math.sqrt(across * along)
    if crs.is_geographic or not crs.axis_info:
        return measured
    metres = crs.axis_info[0].unit_conversion_factor
    nominal = math.sqrt(abs(transform.determinant)) * metres
    return nominal if math.isclose(nominal, measured, rel_tol=0.01) else measured


@lru_cache(maxsize=16)
def transformer(source: str, target: str) -> Transformer:
    """Build the transformer between two CRSs once; it takes milliseconds and is thread-safe."""
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=16)
def full_turn(crs: str) -> float | None:
    """Return what the first axis of a CRS counts once around the Earth.

    It is 360 for degrees, 40,075,017 for the metres of Web Mercator, and so on for other
    cylindrical projections. It is None for CRSs without such an axis, such as UTM.
    """
    parsed = CRS.from_wkt(crs)
    if parsed.is_geographic:
        return (
            2 * math.pi / parsed.axis_info[0].unit_conversion_factor if parsed.axis_info else None
        )
    # One degree at two latitudes, and at two places of which the CRS may cut one in two.
    lon: Any = np.array([[-100.0, -99, 20, 21]] * 2)
    try:
        x, _ = transformer(WGS84, crs).transform(lon, np.broadcast_to([[0.0], [40]], lon.shape))
    except ProjError:  # a CRS of a building site, or of the Moon
        return None
    degree = float(np.abs(x[:, 1::2] - x[:, ::2]).min()) if np.isfinite(x).all() else 0.0
    return 360 * degree if degree and np.allclose(x[0], x[1], rtol=0, atol=1e-6 * degree) else None


def turn_to(x: float, middle: float, crs: str) -> float:
    """Return what to add to coordinates around `x` to count them near `middle`: whole turns."""
    turn = full_turn(crs)
    return float(near(x, middle, turn)) - x if turn else 0.0


def pixels_under(
    x: npt.ArrayLike, y: npt.ArrayLike, source: str, crs: str, transform: Affine, width: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Find the pixel under each point: fractional (column, row), NaN outside the CRS.

    Parameters
    ----------
    x, y
        Coordinates in the CRS `source`, longitude or easting first.
    crs, transform, width
        Those of the raster, which may count longitudes from 0 to 360, or go on beyond 180 degrees.
    """
    x, y = transformer(source, crs).transform(np.asarray(x, float), np.asarray(y, float))
    # PROJ returns infinity outside the area of a CRS.
    x, y = (np.where(np.isfinite(axis), axis, np.nan) for axis in (x, y))
    if turn := full_turn(crs):
        x = near(x, transform.c + transform.a * width / 2, turn)
    column, row = ~transform @ (x, y)
    return column, row


def cut(width: int, height: int, side: int) -> Iterator[Window]:
    """Cut a raster into windows of `side` pixels a side, row by row; those at its edges are less.

    Examples
    --------
    >>> [(w.col_off, w.row_off, w.width, w.height) for w in cut(5, 2, 4)]
    [(0, 0, 4, 2), (4, 0, 1, 2)]
    """
    for top, left in product(range(0, height, side), range(0, width, side)):
        yield Window(left, top, min(side, width - left), min(side, height - top))


def windows_over(
    corners: npt.NDArray[np.float64], crs: str, transform: Affine, width: int, height: int
) -> tuple[list[Window | None], npt.NDArray[np.float64]]:
    """Find the smallest window that holds each footprint, as far as a raster reaches.

    Parameters
    ----------
    corners
        (N, 4, 2) lon/lat in degrees.
    crs, transform, width, height
        Of the raster, as WKT and in pixels.

    Returns
    -------
    windows
        N of them, None where a footprint lies outside.
    sizes
        (N,) number of pixels of each footprint, also beyond the raster; NaN where the CRS ends.
    """
    lon, lat = corners.reshape(-1, 2).T
    pixels = np.stack(pixels_under(lon, lat, WGS84, crs, transform, width), axis=-1).reshape(
        -1, 4, 2
    )
    low, high = pixels.min(axis=1).round(), pixels.max(axis=1).round()
    sizes = (high - low).prod(axis=1)
    low, high = (edge.clip(0, (width, height)) for edge in (low, high))
    inside = (high > low).all(axis=1)  # which NaN never is
    return [
        Window(int(a[0]), int(a[1]), int(b[0] - a[0]), int(b[1] - a[1])) if here else None
        for a, b, here in zip(low, high, inside, strict=True)
    ], sizes


@dataclass(frozen=True)
class PatchGrid:
    """Square patches, edge to edge from the upper left corner of a raster.

    All patches are whole: a strip narrower than a patch at the right and at the bottom of the
    raster belongs to no patch.

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
        """Make the grid of `patch_size` metres over a raster of `width` x `height` pixels."""
        side = patch_pixels(patch_size, ground_sample_distance(crs, transform, width, height))
        return cls(crs.to_wkt(), transform, side, height // side, width // side)

    def __len__(self) -> int:
        """Count the patches of the full grid, valid or not."""
        return self.rows * self.columns

    def within(self, bbox: Bbox) -> tuple[range, range]:
        """Find the rows and columns that hold all patches with their centre in a box.

        Parameters
        ----------
        bbox
            West, south, east and north in WGS 84 degrees; west is above east if the box crosses
            the antimeridian.

        Returns
        -------
        Two empty ranges if no patch lies there.
        """
        near_rows, near_columns = self._around(bbox)
        row, column = np.broadcast_arrays(*np.ix_(near_rows, near_columns))
        inside = holds(bbox, self.centroids(row, column))
        if not inside.any():
            return range(0), range(0)
        rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        return near_rows[rows[0] : rows[-1] + 1], near_columns[columns[0] : columns[-1] + 1]

    def _around(self, bbox: Bbox) -> tuple[range, range]:
        """Find rows and columns that hold all patches in a box, by its edges alone.

        A zone has so many patches that their places do not fit into memory.
        """
        west, south, east, north = bbox
        whole = range(self.rows), range(self.columns)
        across = (east - west) % 360
        if not (0 < across <= MOST_BOX and 0 < north - south <= MOST_BOX):
            return whole
        part = np.linspace(0, 1, 257)
        lon = west + across * np.concatenate([part, part, 0 * part, 0 * part + 1])
        lat = south + (north - south) * np.concatenate([0 * part, 0 * part + 1, part, part])
        width = self.columns * self.patch_px
        pixels = pixels_under(lon, lat, WGS84, self.crs, self.transform, width)
        if not np.isfinite(pixels).all():
            return whole
        column, row = (axis / self.patch_px for axis in pixels)
        return _between(whole[0], row), _between(whole[1], column)

    def window(self, row: int, column: int) -> Window:
        """Pixels of one patch."""
        side = self.patch_px
        return Window(column * side, row * side, side, side)

    def corners(self, row: npt.ArrayLike, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Corners of patches in WGS 84, (N, 4, 2) lon/lat, clockwise from the upper left one.

        The corners of a patch are never a turn apart: longitudes continue above 180 degrees where
        the grid crosses the antimeridian.
        """
        row, column = np.asarray(row), np.asarray(column)
        corners = self._to_lonlat(
            np.stack([row, row, row + 1, row + 1], axis=-1),
            np.stack([column, column + 1, column + 1, column], axis=-1),
        )
        centres = self._centres(row, column)[..., None, :]
        corners[..., 0] = near(corners[..., 0], centres[..., 0])
        return corners

    def centroids(self, row: npt.ArrayLike, column: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Centres of patches in WGS 84, (N, 2) lon/lat in degrees, longitudes in [-180, 180)."""
        centres = self._centres(np.asarray(row), np.asarray(column))
        centres[..., 0] = near(centres[..., 0], 0.0)
        return centres

    def locate(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row and column of the patch that holds each WGS 84 point; both -1 outside the grid."""
        width = self.columns * self.patch_px
        pixels = pixels_under(lon, lat, WGS84, self.crs, self.transform, width)
        column, row = (np.floor(pixel / self.patch_px) for pixel in pixels)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return (
            np.where(inside, row, -1).astype(np.int64),
            np.where(inside, column, -1).astype(np.int64),
        )

    def to_metadata(self) -> dict[str, Any]:
        """Describe the grid with JSON types; `from_metadata` reads it."""
        return {
            "crs": self.crs,
            "transform": list(self.transform)[:6],
            "patch_px": self.patch_px,
            "rows": self.rows,
            "columns": self.columns,
        }

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any]) -> Self:
        """Make a grid from the result of `to_metadata`."""
        return cls(**{**metadata, "transform": Affine(*metadata["transform"])})

    def _centres(self, row: Any, column: Any) -> npt.NDArray[np.float64]:
        """Centres of patches whose longitudes are continuous over the grid."""
        centres = self._to_lonlat(row + 0.5, column + 0.5)
        centres[..., 0] = near(centres[..., 0], self._middle)
        return centres

    @cached_property
    def _middle(self) -> float:
        """Longitude around which those of the grid are counted: west of it none is below -180."""
        middle = float(near(self._to_lonlat(self.rows / 2, self.columns / 2)[0], 0.0))
        edge = np.array([0, self.rows / 2, self.rows])
        west = self._to_lonlat(edge, np.full(3, 0.5))[:, 0]
        return middle + 360 if near(west, middle).min() < -180 else middle

    def _to_lonlat(self, row: Any, column: Any) -> npt.NDArray[np.float64]:
        """Place of fractional patch rows and columns, (..., 2) lon/lat in degrees."""
        x, y = self.transform @ (column * self.patch_px, row * self.patch_px)
        return np.stack(transformer(self.crs, WGS84).transform(x, y), axis=-1)


def _between(every: range, edge: npt.NDArray[np.float64]) -> range:
    """Take the part of a range between the ends of an edge, and two more on each side."""
    return every[max(0, int(edge.min()) - 2) : max(0, int(edge.max()) + 3)]


def written(lat: float, lon: float) -> str:
    """Format a place so that `parse_place` can read it; its longitude is brought within 180."""
    lon = float(wrapped(lon))
    return f"{abs(lat):.5f}° {'S' if lat < 0 else 'N'}, {abs(lon):.5f}° {'W' if lon < 0 else 'E'}"
