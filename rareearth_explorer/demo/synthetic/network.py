"""Networks on a grid of cells: least-cost paths, and trees of cells turned into smooth lines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from rareearth_explorer.demo.synthetic.noise import Array, Floats, Integers
from rareearth_explorer.demo.synthetic.shapes import Segments


def grid_graph(effort: Array, height: Array | None = None, grade: float = 1.0) -> csr_matrix:
    """Cost of moving between neighbouring cells, in both directions, as an (n, n) matrix.

    Parameters
    ----------
    effort
        (R, C) cost of a cell's width on the level, above 0.
    height
        (R, C) in cell widths; if given, a slope of `grade` doubles the cost, and twice that slope
        makes it five times as high.
    """
    rows, columns = effort.shape
    own = np.arange(effort.size, dtype=np.int32).reshape(effort.shape)
    starts, ends, costs = [], [], []
    for di, dj in [(0, 1), (1, 0), (1, 1), (1, -1)]:
        here = (slice(0, rows - di), slice(max(0, -dj), columns - max(0, dj)))
        there = (slice(di, rows), slice(max(0, dj), columns + min(0, dj)))
        run = np.float32(np.hypot(di, dj))
        cost = run * (effort[here] + effort[there]) / 2
        if height is not None:
            cost = cost * (1 + ((height[here] - height[there]) / run / np.float32(grade)) ** 2)
        starts.append(own[here].ravel())
        ends.append(own[there].ravel())
        costs.append(cost.ravel())
    edges = (np.concatenate(starts), np.concatenate(ends))
    return csr_matrix((np.concatenate(costs), edges), shape=(effort.size, effort.size))


def smooth_tree(
    points: Floats, nodes: Integers, following: Integers, flow: npt.ArrayLike, passes: int
) -> Floats:
    """Round the corners of a tree of cells.

    Each node moves toward the node that follows it and the strongest that leads to it, so that
    branches still end on the line they join.

    Parameters
    ----------
    points
        (n, 2) x, y of all cells in pixels.
    nodes
        Indices of the cells on the tree.
    following
        (n,) cell that follows each; a cell that follows itself is an end.
    flow
        (n,) strength that decides the main branch at a junction.
    passes
        Number of times that each corner is rounded.
    """
    points = points.copy()
    order = nodes[np.argsort(np.asarray(flow)[nodes], kind="stable")]
    leading = np.arange(len(points))
    leading[following[order]] = order
    ends = (following[nodes] == nodes) | (leading[nodes] == nodes)
    inner = nodes[~ends]
    for _ in range(passes):
        around = points[following[inner]] + points[leading[inner]]
        points[inner] = 0.5 * points[inner] + 0.25 * around
    return points


def tree_segments(
    points: Floats, nodes: Integers, following: Integers, half_width: Floats
) -> Segments:
    """Pieces from each node to the one that follows it; (n,) half widths in pixels."""
    nodes = nodes[following[nodes] != nodes]
    ahead = following[nodes]
    return Segments(
        points[nodes], points[ahead], np.stack([half_width[nodes], half_width[ahead]], axis=1)
    )
