"""Time series at points: the mean of the pixels around each point, on every date of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.change.activity_index import BLUE_WHITE, Index
from rareearth_explorer.change.normalisation import Normalisation
from rareearth_explorer.change.stack import Stack
from rareearth_explorer.data.storage.cog import TILE
from rareearth_explorer.errors import LabelsError

Floats = npt.NDArray[np.float64]

RADIUS = 6.0
"""Radius in metres of the average around a point; a pool is 10 to 15 m across."""

LEAST_CLEAR = 0.5
"""Smallest share of valid pixels around a point for the date to count there."""


@dataclass(frozen=True, eq=False)
class Series:
    """Time series around N points on T dates.

    Attributes
    ----------
    lonlat
        (N, 2) the points, WGS 84 degrees.
    dates
        T dates, the earliest first.
    days
        (T,) days from the first date.
    bands
        Roles of the C bands.
    values
        (N, T, C) mean of each band in the scene's units; NaN for cloud or missing data.
    index
        (N, T) index of these means.
    pixels
        (N,) number of pixels around each point, valid or not; 0 outside the stack.
    """

    lonlat: Floats
    dates: tuple[date, ...]
    days: Floats
    bands: tuple[str, ...]
    values: Floats
    index: Floats
    pixels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Count the points."""
        return len(self.lonlat)


def series_at(
    stack: Stack,
    lonlat: npt.ArrayLike,
    *,
    index: Index = BLUE_WHITE,
    normalisation: Normalisation | None = None,
    radius: float = RADIUS,
) -> Series:
    """Average the pixels whose centres lie within `radius` metres of points.

    If pixels are so large that there is no such centre, the pixel that contains the point is used.

    Parameters
    ----------
    stack
        T scenes.
    lonlat
        (N, 2) points in WGS 84 degrees.
    index
        Index computed from the means.
    normalisation
        Normalisation of the stack, or None.
    radius
        Radius in metres on the ground.

    Raises
    ------
    LabelsError
        No point lies in the stack.
    SceneError
        A scene cannot be read.
    """
    places = np.asarray(lonlat, np.float64).reshape(-1, 2)
    found = (_disc(stack, place, radius) for place in stack.pixels_under(places))
    discs = {number: disc for number, disc in enumerate(found) if disc is not None}
    if not discs:
        raise LabelsError(
            f"No point lies in {stack.first.path.name}; choose labels of the same area."
        )
    values = np.full((len(places), len(stack), len(stack.bands)), np.nan)
    for point in sorted(discs, key=lambda point: discs[point].tile):
        disc = discs[point]
        for number in range(len(stack)):
            pixels, valid = stack.read(number, disc.window)
            if normalisation is not None:
                pixels = normalisation.apply(number, pixels)
            clear = valid & disc.inside
            if clear.sum() >= LEAST_CLEAR * disc.inside.sum():
                values[point, number] = pixels[:, clear].mean(axis=1, dtype=np.float64)
    return Series(
        lonlat=places,
        dates=stack.dates,
        days=stack.days,
        bands=stack.bands,
        values=values,
        index=index.of(np.moveaxis(values, -1, 0), stack.bands),
        pixels=np.array([discs[k].inside.sum() if k in discs else 0 for k in range(len(places))]),
    )


@dataclass(frozen=True, eq=False)
class _Disc:
    """Pixels around a point: those of `window` where `inside`, (h, w), is true."""

    window: Window
    inside: npt.NDArray[np.bool_]

    @property
    def tile(self) -> tuple[int, int]:
        """Sort key by tile, so that each tile of a file is decoded once."""
        return self.window.row_off // TILE, self.window.col_off // TILE


def _disc(stack: Stack, place: Floats, radius: float) -> _Disc | None:
    """Find the pixels around a place, fractional (column, row); None outside the stack."""
    size = np.array([stack.width, stack.height])
    if not (np.isfinite(place).all() and (place >= 0).all() and (place < size).all()):
        return None
    metres = _pixel_metres(stack, float(place[1]))
    low = np.maximum(np.floor(place - radius / metres), 0).astype(int)
    high = np.minimum(np.floor(place + radius / metres) + 1, size).astype(int)
    across = (np.arange(low[0], high[0]) + 0.5 - place[0]) * metres[0]
    down = (np.arange(low[1], high[1]) + 0.5 - place[1]) * metres[1]
    inside = np.hypot(across[None], down[:, None]) <= radius
    if not inside.any():
        column, row = np.floor(place).astype(int) - low
        inside[row, column] = True
    (left, top), (width, height) = low.tolist(), (high - low).tolist()
    return _Disc(Window(left, top, width, height), inside)


def _pixel_metres(stack: Stack, row: float) -> Floats:
    """Width and height of a pixel in metres on the ground, (2,)."""
    aspect = stack.transform.a / -stack.transform.e
    if stack.crs.is_geographic:
        aspect *= np.cos(np.radians(stack.transform.f + stack.transform.e * row))
    return np.asarray(stack.first.gsd * np.array([aspect**0.5, aspect**-0.5]))
