"""Sites of objects: random cells of the terrain, weighted by preference, with a least distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from rareearth_explorer.demo.synthetic.noise import Floats, Frame, Integers, Noise
from rareearth_explorer.demo.synthetic.spectra import ramp
from rareearth_explorer.demo.synthetic.terrain import CELL, GSD, Terrain
from rareearth_explorer.demo.synthetic.valley import Valley, nearest_offset

DISTRICT = 900
"""Breadth in pixels of the districts that objects cluster in."""

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Siting:
    """Suitability of the cells of a scene.

    Attributes
    ----------
    noise, terrain
        Noise and terrain of the scene.
    points
        (n, 2) x, y of the cells in pixels.
    flat, slope, open_ground
        (n,) 0 to 1: level ground above the floods, slopes within reach of a stream, and ground
        inside the scene that is off the flood plain.
    square_km
        Area of the scene.
    """

    noise: Noise
    terrain: Terrain
    points: Floats
    flat: Weights
    slope: Weights
    open_ground: npt.NDArray[np.bool_]
    square_km: float

    @classmethod
    def survey(
        cls, noise: Noise, valleys: list[Valley], terrain: Terrain, height: int, width: int
    ) -> Siting:
        """Rate the cells of a scene of `height` x `width` pixels."""
        points = terrain.centres()
        x, y = points.T
        shape = terrain.height.shape
        grid_x, grid_y = x.reshape(shape), y.reshape(shape)
        offset, plain = nearest_offset(valleys, grid_y[:, :1], grid_x[:1])
        beyond = (np.abs(offset) - plain).ravel()
        edge = 2 * CELL
        inside = (x > edge) & (x < width - edge) & (y > edge) & (y < height - edge)
        above, steep = terrain.above_stream.ravel(), terrain.steepness.ravel()
        flat = (1 - ramp(above, 8, 30)) * (1 - ramp(steep, 0.15, 0.4)) * inside
        slope = ramp(steep, 0.2, 0.4) * ramp(above, 10, 30) * (1 - ramp(above, 110, 220)) * inside
        return cls(
            noise,
            terrain,
            points,
            flat * (beyond > -12),
            slope * (beyond > 2 * CELL),
            inside & (beyond > CELL),
            height * width * (GSD / 1000) ** 2,
        )

    def scatter(
        self, name: str, preference: Weights, per_km2: float, apart: float, least: int = 1
    ) -> Integers:
        """Cells drawn by preference, no two nearer than `apart` pixels.

        Parameters
        ----------
        name
            Name of the objects; each name has its own random numbers.
        preference
            (n,) weights, 0 for cells that must stay empty.
        per_km2
            Number of objects per square kilometre.
        apart
            Least distance in pixels.
        least
            Smallest number, also in a small scene, if there is room.
        """
        count = max(least, round(per_km2 * self.square_km))
        able = np.flatnonzero(preference > 0)
        # The least of exponential times divided by weights: a weighted draw without return.
        chance = self.noise.uniform(name, able, 0).astype(np.float64)
        able = able[np.argsort(-np.log1p(-chance) / preference[able], kind="stable")]
        able, chosen = able[: 300 * count], list[int]()
        tree, free = cKDTree(self.points[able]), np.ones(len(able), bool)
        for k, cell in enumerate(able.tolist()):
            if free[k] and len(chosen) < count:
                chosen.append(cell)
                free[tree.query_ball_point(self.points[cell], apart)] = False
        return np.array(chosen, np.int64)

    def districts(self, layer: str) -> Weights:
        """(n,) weights that cluster objects into districts some kilometres across."""
        columns, rows = (np.unique(axis).astype(np.int64) for axis in self.points.T)
        tone = self.noise.value(layer, Frame(rows, columns), DISTRICT)
        return np.asarray(np.exp(1.8 * tone)).ravel()
