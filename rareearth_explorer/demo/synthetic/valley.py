"""The main rivers: their courses, flood plains and braided threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic.noise import Array, Floats, Frame, Noise

Reals = npt.NDArray[np.floating[Any]]

_SPACING = 4000
"""Pixels of scene width to each main river: 12 km."""


@dataclass(frozen=True)
class Valley:
    """One main river that flows from the north edge of the scene to the south edge.

    Everything is a function of the row, so a thread may braid but never turn back.

    Attributes
    ----------
    noise
        Noise of the scene.
    number
        Number of the main river, from the west.
    middle
        Mean column of the river.
    swing
        Amplitude of the widest meanders, in pixels.
    """

    noise: Noise
    number: int
    middle: float
    swing: float

    def centre(self, rows: npt.ArrayLike) -> Floats:
        """Column of the centreline at each row."""
        y = np.asarray(rows, np.float64) + 1e5 * self.number
        wide = self.noise.line("valley/wide", y, 1100) * self.swing
        return self.middle + wide + self.noise.line("valley/bends", y, 260) * self.swing * 0.17

    def heading(self, rows: npt.ArrayLike) -> Floats:
        """Columns that the centreline moves across for each row down."""
        rows = np.asarray(rows, np.float64)
        return (self.centre(rows + 4) - self.centre(rows - 4)) / 8

    def plain(self, rows: npt.ArrayLike) -> Floats:
        """Half width of the flood plain at each row, in pixels."""
        y = np.asarray(rows, np.float64) + 1e5 * self.number
        wide = 62 + 26 * self.noise.line("valley/plain", y, 200).astype(np.float64)
        return np.clip(wide, 26, 130)

    def offset(self, y: Reals, x: Reals) -> Floats:
        """Signed distance from the centreline in pixels, positive to the east."""
        return (x - self.centre(y)) / np.sqrt(1 + self.heading(y) ** 2)

    def threads(self, frame: Frame) -> tuple[Array, Array]:
        """Depths of each pixel inside the water and inside the gravel, (h, w) in pixels."""
        rows = frame.rows + 0.5
        plain, across = self.plain(rows), self.offset(rows[:, None], frame.x)
        belt = (0.5 + 0.1 * self.noise.line("valley/belt", rows, 130)) * plain
        y = rows + 1e5 * self.number
        water = np.full(frame.shape, -1e6)
        for k, (width, length) in enumerate([(5.0, 150), (2.4, 95), (1.8, 70), (1.3, 60)]):
            at = belt * 0.5 * self.noise.line(f"thread/{k}", y, length)
            wide = width * (1 + 0.3 * self.noise.line(f"thread/width/{k}", y, 45))
            water = np.maximum(water, wide[:, None] - np.abs(across - at[:, None]))
        ragged = 7 * self.noise.fractal("gravel/edge", frame, 34, 5)
        gravel = belt[:, None] + ragged - np.abs(across)
        return water.astype(np.float32), gravel.astype(np.float32)


def lay_valleys(noise: Noise, width: int) -> list[Valley]:
    """Spread main rivers evenly over a scene `width` pixels wide."""
    count = max(1, round(width / _SPACING))
    share = width / count
    swing = min(0.13 * share, 420)
    return [Valley(noise, k, (k + 0.5) * share, swing) for k in range(count)]


def nearest_offset(valleys: list[Valley], y: Reals, x: Reals) -> tuple[Floats, Floats]:
    """Signed distance to the nearest main river and its flood plain's half width, in pixels."""
    offset, plain = np.full(np.broadcast_shapes(y.shape, x.shape), np.inf), np.zeros(1)
    for valley in valleys:
        here = valley.offset(y, x)
        nearer = np.abs(here) < np.abs(offset)
        offset = np.where(nearer, here, offset)
        plain = np.where(nearer, valley.plain(y), plain)
    return offset, plain
