"""Terrain: mountains that rivers have cut, with dendritic valleys, drainage and slopes.

In a landscape in balance between uplift and rivers, slope depends on the area that drains through
it, S = k A^-theta (Flint 1974). The terrain is found iteratively: water runs down the steepest
slope, the area upstream of each cell is summed, and heights are integrated upstream from the main
rivers, as in Braun & Willett (2013, Geomorphology 180).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import dijkstra

from rareearth_explorer.demo.synthetic.network import grid_graph
from rareearth_explorer.demo.synthetic.noise import (
    Array,
    Floats,
    Frame,
    Integers,
    Noise,
    interpolate,
)
from rareearth_explorer.demo.synthetic.valley import Valley, nearest_offset

CELL = 8
"""Side of a terrain cell in pixels: 24 m."""

GSD = 3.0
"""Side of a pixel in metres."""

MARGIN = 48
"""Terrain cells beyond each edge of the scene, so that no edge shows in the drainage."""

STREAM_AREA = 6e4
"""Square metres that keep a stream running."""

_BROOK_AREA = 5e5
"""Square metres that feed a brook with a valley floor of its own."""

_SIDE = CELL * GSD
"""Side of a terrain cell in metres."""

_STEEPNESS, _CONCAVITY = 17.0, 0.36
"""k, with areas in square metres, and theta of the law of slopes."""

_STEEPEST, _STABLE = 0.7, 0.9
"""Rise over run of slopes shaped by water, and at which rock slumps."""

_ROUNDS = 22
"""Number of iterations, after which divides hardly move."""

_FALL = 0.004
"""Metres that the flood plain falls for each metre southward."""

Bools = npt.NDArray[np.bool_]

_NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


@dataclass(frozen=True, eq=False)
class Drainage:
    """Flow of water from each cell.

    Attributes
    ----------
    receiver
        (n,) flat index of the cell downstream; its own for a cell of the flood plain.
    length
        (n,) metres to the receiver.
    area
        (n,) square metres upstream, the cell's own included.
    """

    receiver: Integers
    length: Array
    area: Floats


def _steepest_descent(height: Array, jitter: list[Array]) -> tuple[Integers, Array]:
    rows, columns = height.shape
    own = np.arange(height.size).reshape(height.shape)
    padded = np.pad(height, 1, constant_values=np.inf)
    steepest = np.zeros(height.shape, np.float32)
    receiver, length = own.copy(), np.full(height.shape, _SIDE, np.float32)
    for (di, dj), weight in zip(_NEIGHBOURS, jitter, strict=True):
        run = np.float32(_SIDE * np.hypot(di, dj))
        neighbour = padded[1 + di : 1 + di + rows, 1 + dj : 1 + dj + columns]
        slope = (height - neighbour) / run * weight
        steeper = slope > steepest
        steepest = np.where(steeper, slope, steepest)
        receiver = np.where(steeper, own + di * columns + dj, receiver)
        length = np.where(steeper, run, length)
    return receiver.ravel(), length.ravel()


def _drain(height: Array, base: Bools, jitter: list[Array]) -> Drainage:
    receiver, length = _steepest_descent(height, jitter)
    receiver = np.where(base.ravel(), np.arange(height.size), receiver)
    # Pointer doubling: after k rounds each cell has handed its area 2^k cells downstream.
    area = np.full(height.size, _SIDE**2)
    ahead, moving = receiver, receiver != np.arange(height.size)
    while moving.any():
        source = np.flatnonzero(moving)
        area = area + np.bincount(ahead[source], area[source], height.size)
        moving = moving & moving[ahead]
        ahead = ahead[ahead]
    return Drainage(receiver, length, area)


def _descend(receiver: Integers, rise: Floats) -> tuple[Integers, Floats]:
    """Follow the water to its end: the cell where it ends, (n,), and the sum of `rise` on the way.

    `rise` is 0 where water ends.
    """
    while not np.array_equal(further := receiver[receiver], receiver):
        rise, receiver = rise + rise[receiver], further
    return receiver, rise


def _carve(height: Array, base: Bools, noise: Noise) -> tuple[Array, Drainage]:
    i, j = np.indices(height.shape)
    jitter = [0.6 + 0.8 * noise.uniform(f"flow/{k}", i, j) for k in range(8)]
    for _ in range(_ROUNDS):
        drainage = _drain(height, base, jitter)
        slope = np.minimum(_STEEPNESS * drainage.area**-_CONCAVITY, _STEEPEST)
        step = np.where(base.ravel(), 0.0, slope * drainage.length)
        end, rise = _descend(drainage.receiver, step)
        balanced = (height.ravel()[end] + rise).reshape(height.shape)
        # Move only part of the way: divides then shift slowly, and basins capture one another.
        height = (0.5 * height + 0.5 * balanced).astype(np.float32)
    height = _slump(height)
    return height, _drain(height, base, jitter)


def _slump(height: Array) -> Array:
    """Lower cells that rise more steeply over a neighbour than rock can stand."""
    rows, columns = height.shape
    while True:
        padded, stable = np.pad(height, 1, constant_values=np.inf), height
        for di, dj in _NEIGHBOURS:
            neighbour = padded[1 + di : 1 + di + rows, 1 + dj : 1 + dj + columns]
            stable = np.minimum(stable, neighbour + np.float32(_STABLE * _SIDE * np.hypot(di, dj)))
        if np.allclose(stable, height, rtol=0, atol=1):
            return stable
        height = stable


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights and drainage on a grid of 24 m cells that reaches beyond the scene.

    Attributes
    ----------
    height
        (R, C) metres.
    steepness
        (R, C) slope as rise over run.
    above_stream
        (R, C) metres above the brook or river that the cell drains to.
    drainage
        Drainage of the flattened grid.
    """

    height: Array
    steepness: Array
    above_stream: Array
    drainage: Drainage

    @classmethod
    def carve(cls, noise: Noise, valleys: list[Valley], height: int, width: int) -> Terrain:
        """Carve the terrain of a scene of `height` x `width` pixels."""
        rows, columns = (-(-side // CELL) + 2 * MARGIN for side in (height, width))
        plateau, base = _uncut(noise, valleys, rows, columns)
        carved, drainage = _carve(plateau, base, noise)
        wet = (drainage.area > _BROOK_AREA) | base.ravel()
        to_brook = np.where(wet, np.arange(carved.size), drainage.receiver)
        brook, _ = _descend(to_brook, np.zeros(carved.size))
        above = carved - carved.ravel()[brook].reshape(carved.shape)
        smooth = gaussian_filter(carved, 0.8)
        steepness = np.hypot(*np.gradient(smooth, _SIDE)).astype(np.float32)
        return cls(smooth, steepness, above, drainage)

    def sample(self, grid: Array, frame: Frame) -> Array:
        """(h, w) values of one of the grids at the pixels of a frame."""
        return interpolate(grid, _to_cell(frame.rows + 0.5), _to_cell(frame.columns + 0.5))

    def cell(self, points: Floats) -> Integers:
        """Flat indices of the cells that hold (..., 2) x, y points."""
        rows, columns = self.height.shape
        index = np.round(_to_cell(points)).astype(np.int64)
        j, i = np.clip(index[..., 0], 0, columns - 1), np.clip(index[..., 1], 0, rows - 1)
        return np.asarray(i * columns + j)

    def uphill(self, x: float, y: float) -> Floats:
        """Direction of steepest ascent at a point, (2,) x, y of unit length."""
        step = 1.5 * CELL
        around = np.array([[x + step, y], [x - step, y], [x, y + step], [x, y - step]])
        ring = self.height.ravel()[self.cell(around)]
        rise = np.array([ring[0] - ring[1], ring[2] - ring[3]], np.float64)
        return np.asarray(rise / max(float(np.hypot(*rise)), 1e-6))

    def centres(self) -> Floats:
        """(n, 2) x, y in pixels of the cells' centres, flattened."""
        rows, columns = self.height.shape
        y, x = np.meshgrid(_to_pixel(rows), _to_pixel(columns), indexing="ij")
        return np.stack([x, y], axis=-1).reshape(-1, 2)


def _to_cell(pixel: npt.NDArray[Any]) -> Floats:
    return np.asarray(pixel / CELL - 0.5 + MARGIN, np.float64)


def _to_pixel(cells: int) -> Floats:
    """Pixel coordinates of the centres of this many cells."""
    return np.asarray((np.arange(cells) + 0.5 - MARGIN) * CELL, np.float64)


def _uncut(noise: Noise, valleys: list[Valley], rows: int, columns: int) -> tuple[Array, Bools]:
    """Heights before streams have eroded them, and a mask of the flood plain.

    The rise is the least effort to reach a cell from the flood plain through rock of uneven
    hardness: no cell is a pit, and the first streams follow the soft rock.
    """
    y, x = _to_pixel(rows)[:, None], _to_pixel(columns)[None, :]
    offset, plain = nearest_offset(valleys, y, x)
    base = np.abs(offset) <= np.maximum(plain, CELL)
    frame = Frame(np.arange(rows), np.arange(columns))
    hardness = np.exp(1.1 * noise.fractal("hardness", frame, 48, 5))
    effort = dijkstra(
        grid_graph(hardness), directed=False, indices=np.flatnonzero(base), min_only=True
    )
    floor = 900 - _FALL * GSD * np.broadcast_to(y, base.shape)
    return (floor + 5 * effort.reshape(base.shape)).astype(np.float32), base
