"""Seeded noise as a function of absolute pixel coordinates, the same in any window.

Pixels use only sums, products, quotients and square roots, which IEEE 754 rounds identically at
any array position, so overlapping windows agree to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from zlib import crc32

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LINE_SD, _SURFACE_SD = 0.2, 0.1383
"""Standard deviation of a cubic B-spline curve, and surface, through uniform values."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The pixels of a window by their absolute rows and columns, which may be negative.

    Attributes
    ----------
    rows, columns
        (h,) and (w,) consecutive pixel indices.
    """

    rows: Integers
    columns: Integers

    @classmethod
    def of(cls, window: Window) -> Self:
        """Frame of a raster window."""
        row, column = int(window.row_off), int(window.col_off)
        return cls(
            np.arange(row, row + int(window.height)), np.arange(column, column + int(window.width))
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return len(self.rows), len(self.columns)

    @property
    def x(self) -> Array:
        """(1, w) pixel centres across."""
        return (self.columns[None, :] + 0.5).astype(np.float32)

    @property
    def y(self) -> Array:
        """(h, 1) pixel centres down."""
        return (self.rows[:, None] + 0.5).astype(np.float32)

    def padded(self, by: int) -> Frame:
        """Frame widened by whole pixels on every side."""
        return Frame(
            np.arange(self.rows[0] - by, self.rows[-1] + by + 1),
            np.arange(self.columns[0] - by, self.columns[-1] + by + 1),
        )

    def shifted(self, down: int, across: int) -> Frame:
        """Frame of the same size, moved by whole pixels."""
        return Frame(self.rows + down, self.columns + across)


def _spline_weights(t: Floats) -> list[Array]:
    square, cube = t * t, t * t * t
    weights = (
        1 - 3 * t + 3 * square - cube,
        4 - 6 * square + 3 * cube,
        1 + 3 * t + 3 * square - 3 * cube,
        cube,
    )
    return [(weight / 6).astype(np.float32) for weight in weights]


def interpolate(grid: Array, y: Floats, x: Floats, origin: tuple[int, int] = (0, 0)) -> Array:
    """Cubic B-spline surface over a grid, (h, w), at every combination of rows and columns.

    Parameters
    ----------
    grid
        (R, C) values at whole-numbered positions.
    y, x
        (h,) and (w,) positions; the grid reaches one beyond before them and two after.
    origin
        Position of the grid's first value.
    """
    i, j = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, across = _spline_weights(y - i), _spline_weights(x - j)
    i, j = i - origin[0] - 1, j - origin[1] - 1
    # Across first, while there are few rows; whole rows are then quick to gather.
    wide = np.zeros((len(grid), len(x)), np.float32)
    for k, weight in enumerate(across):
        wide += grid[:, j + k] * weight
    surface = np.zeros((len(y), len(x)), np.float32)
    for k, weight in enumerate(down):
        surface += wide[i + k] * weight[:, None]
    return surface


@dataclass(frozen=True)
class Noise:
    """Independent layers of noise, each named; the same seed and name give the same layer."""

    seed: int

    def uniform(self, layer: str, i: npt.ArrayLike, j: npt.ArrayLike) -> Array:
        """Uniform values in [0, 1) of whole-numbered lattice positions, broadcast together."""
        key = np.uint32(crc32(f"{self.seed}/{layer}".encode()))
        # At least one dimension: numpy warns when a scalar wraps round.
        down, across = (np.atleast_1d(index).astype(np.uint32) for index in (i, j))
        h = ((down * np.uint32(0x9E3779B1)) ^ key) * np.uint32(0x85EBCA77)
        h = (h ^ (h >> np.uint32(15))) + across * np.uint32(0xC2B2AE3D)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0x2C1B3C6D)
        h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
        h ^= h >> np.uint32(15)
        return np.asarray((h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24))

    def white(self, layer: str, frame: Frame) -> Array:
        """(h, w) uniform values in [0, 1), one for each pixel."""
        return self.uniform(layer, frame.rows[:, None], frame.columns[None, :])

    def value(self, layer: str, frame: Frame, wavelength: float) -> Array:
        """(h, w) smooth noise of zero mean and unit deviation with bumps of `wavelength` pixels."""
        y, x = frame.rows / wavelength, frame.columns / wavelength
        i = np.arange(int(np.floor(y[0])) - 1, int(np.floor(y[-1])) + 4)
        j = np.arange(int(np.floor(x[0])) - 1, int(np.floor(x[-1])) + 4)
        lattice = (self.uniform(layer, i[:, None], j[None, :]) - 0.5) / np.float32(_SURFACE_SD)
        return interpolate(lattice, y, x, (int(i[0]), int(j[0])))

    def fractal(self, layer: str, frame: Frame, wavelength: float, octaves: int) -> Array:
        """(h, w) noise of unit deviation, each octave half as long and 0.6 times as strong."""
        total, power = np.zeros(frame.shape, np.float32), 0.0
        for octave in range(octaves):
            weight = 0.6**octave
            # An irrational ratio keeps the lattices of the octaves from lining up.
            length = wavelength / 2.03**octave
            total += np.float32(weight) * self.value(f"{layer}/{octave}", frame, length)
            power += weight**2
        return total / np.float32(np.sqrt(power))

    def line(self, layer: str, position: npt.ArrayLike, wavelength: float) -> Array:
        """Smooth noise along a line: zero mean, unit deviation, (n,) for (n,) positions."""
        t = np.asarray(position, np.float64) / wavelength
        i = np.floor(t).astype(np.int64)
        weights = _spline_weights(t - i)
        total = np.zeros(i.shape, np.float32)
        for k, weight in enumerate(weights):
            total += weight * (self.uniform(layer, i + k, 0) - np.float32(0.5))
        return total / np.float32(_LINE_SD)

    def cells(self, layer: str, frame: Frame, size: float, warp: Array) -> tuple[Array, Array]:
        """Irregular polygons (Worley's cellular noise).

        Parameters
        ----------
        layer, frame
            Which noise, and where.
        size
            Usual breadth of a polygon in pixels.
        warp
            (2, h, w) displacement in pixels that makes the borders ragged.

        Returns
        -------
        identity
            (h, w) uniform in [0, 1), one value for each polygon.
        border
            (h, w) about twice the distance to the nearest border in pixels.
        """
        i = np.floor(frame.rows / size).astype(np.int64)
        j = np.floor(frame.columns / size).astype(np.int64)
        here_x, here_y = frame.x + warp[0], frame.y + warp[1]
        first = np.full(frame.shape, np.inf, np.float32)
        second = first.copy()
        identity = np.zeros(frame.shape, np.float32)
        for di, dj in np.ndindex(3, 3):
            ii, jj = (i + di - 1)[:, None], (j + dj - 1)[None, :]
            y = (ii + self.uniform(f"{layer}/y", ii, jj)).astype(np.float32) * np.float32(size)
            x = (jj + self.uniform(f"{layer}/x", ii, jj)).astype(np.float32) * np.float32(size)
            distance = np.sqrt((y - here_y) ** 2 + (x - here_x) ** 2)
            nearer = distance < first
            second = np.where(nearer, first, np.minimum(second, distance))
            first = np.where(nearer, distance, first)
            identity = np.where(nearer, self.uniform(layer, ii, jj), identity)
        return identity, second - first
