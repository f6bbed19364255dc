"""Outlines of groups of patches in figures, with the colours of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.views.group_looks import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 0.45
"""Points of a figure for a pixel of the screen."""

CASING = 2
"""Pixels by which a casing is wider than its line."""


def outline(axes: Axes, rings: npt.NDArray[np.float64], look: Look, thinner: float = 1.0) -> None:
    """Outline polygons.

    Parameters
    ----------
    axes
        Where to draw.
    rings
        (n, K, 2) corners.
    look
        Colours and width.
    thinner
        Factor of the widths, at most 1, for figures with many patches.
    """
    from matplotlib.collections import PolyCollection

    shapes: Any = rings
    for style in _strokes(look):
        width = style.pop("linewidth") * thinner
        lines = PolyCollection(shapes, facecolors="none", linewidth=width, **style)
        lines.set_joinstyle("miter")
        axes.add_collection(lines)


def ring(axes: Axes, points: npt.NDArray[np.floating], look: Look, size: float) -> None:
    """Draw rings around points, (n, 2), of a size in square points."""
    x, y = points.T
    for style in _strokes(look):
        axes.scatter(x, y, s=size, facecolors="none", **style)


def handle(look: Look) -> tuple[Any, ...]:
    """Return what stands for a group in a legend."""
    from matplotlib.patches import Patch

    return tuple(Patch(facecolor="none", **style) for style in _strokes(look))


def _strokes(look: Look) -> list[dict[str, Any]]:
    """Styles of the casing and of the line above it."""
    dashes: Any = (0, [length / look.weight for length in look.dashes]) if look.dashes else "-"
    casing, line = (look.weight + CASING) * POINTS, look.weight * POINTS
    return [
        {"edgecolor": look.casing, "linewidth": casing},
        {"edgecolor": look.colour, "linewidth": line, "linestyle": dashes},
    ]
