"""Dirt roads: one along each main river, and tracks that climb from it at a gentle grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

from rareearth_explorer.demo.synthetic.canvas import Canvas
from rareearth_explorer.demo.synthetic.network import grid_graph, smooth_tree, tree_segments
from rareearth_explorer.demo.synthetic.noise import Integers, Noise
from rareearth_explorer.demo.synthetic.shapes import Segments, cover, depth
from rareearth_explorer.demo.synthetic.spectra import DIRT_ROAD
from rareearth_explorer.demo.synthetic.terrain import CELL, GSD, STREAM_AREA, Terrain
from rareearth_explorer.demo.synthetic.valley import Valley, nearest_offset

_GRADE = 0.07
"""Rise over run that doubles the cost of a road."""


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads and tracks of a scene."""

    noise: Noise
    lines: Segments

    @classmethod
    def build(
        cls,
        noise: Noise,
        valleys: list[Valley],
        terrain: Terrain,
        targets: npt.NDArray[np.float64],
    ) -> Roads:
        """Join (n, 2) x, y places to the main roads by the cheapest routes."""
        shape, points = terrain.height.shape, terrain.centres()
        x, y = points.T.reshape(2, *shape)
        offset, plain = nearest_offset(valleys, y[:, :1], x[:1])
        effort = np.where(np.abs(offset) < 0.7 * plain, 8.0, 1.0)
        # Roads keep beside the stream rather than in its bed.
        effort = np.where(terrain.drainage.area.reshape(shape) > STREAM_AREA, 3, 1) * effort
        # The main road keeps to the east bank, on the edge of the flood plain.
        beside = np.abs(offset - plain - CELL) < CELL
        graph = grid_graph(effort, terrain.height / np.float32(CELL * GSD), _GRADE)
        _, ahead, _ = dijkstra(
            graph,
            directed=False,
            indices=np.flatnonzero(beside),
            min_only=True,
            return_predecessors=True,
        )
        following = np.where(ahead < 0, np.arange(len(points)), ahead).astype(np.int64)
        traffic = _traffic(following, terrain.cell(targets))
        nodes = np.flatnonzero(traffic)
        smooth = smooth_tree(points, nodes, following, traffic, passes=3)
        half_width = np.clip(0.42 + 0.1 * np.sqrt(traffic), 0.5, 1.0)
        main = [_main_road(valley, points[:, 1].min(), points[:, 1].max()) for valley in valleys]
        tracks = tree_segments(smooth, nodes, following, half_width)
        return cls(noise, Segments.join([*main, tracks]))

    def draw(self, canvas: Canvas) -> None:
        """Paint the roads and their earthworks, in place."""
        inside = depth(canvas.frame, self.lines, reach=4, warp=0.35 * canvas.warp)
        verge = self.noise.fractal("verge", canvas.frame, 18, 2)
        canvas.paint(np.clip(0.25 + 0.25 * verge, 0, 0.7) * cover(inside + 1.3, 1.6), DIRT_ROAD)
        canvas.paint(0.85 * cover(inside), DIRT_ROAD)


def _main_road(valley: Valley, top: float, bottom: float) -> Segments:
    y = np.arange(top, bottom, 6.0)
    bends = 3 * valley.noise.line("road", y, 60)
    x = valley.centre(y) + (valley.plain(y) + CELL + bends) * np.sqrt(1 + valley.heading(y) ** 2)
    return Segments.along(np.stack([x, y], axis=1), 1.3)


def _traffic(following: Integers, targets: Integers) -> Integers:
    """(n,) number of targets whose route to the main road crosses each cell."""
    traffic = np.zeros(len(following), np.int64)
    for cell in targets.tolist():
        while following[cell] != cell:
            traffic[cell] += 1
            cell = int(following[cell])
        traffic[cell] += 1
    return traffic
