"""Shapes laid on the pixels: bands along polylines, discs, rectangles, all with soft edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rareearth_explorer.demo.synthetic.noise import Array, Floats, Frame, Integers

FAR = np.float32(-1e6)
"""Depth of pixels outside the reach of all segments."""

Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight pieces of polylines, each with a half width that tapers from its start to its end.

    Attributes
    ----------
    start, end
        (n, 2) x, y in pixels.
    half_width
        (n, 2) pixels at the start and at the end.
    """

    start: Floats
    end: Floats
    half_width: Floats

    def __len__(self) -> int:
        """Count the pieces."""
        return len(self.start)

    @classmethod
    def join(cls, parts: list[Segments]) -> Segments:
        """Join several sets of pieces."""
        parts = [cls(*np.empty((3, 0, 2))), *parts]
        return cls(
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.end for part in parts]),
            np.concatenate([part.half_width for part in parts]),
        )

    @classmethod
    def along(cls, points: npt.ArrayLike, half_width: npt.ArrayLike) -> Segments:
        """Cut a polyline into its pieces: (n, 2) points with (n,) half widths."""
        points = np.asarray(points, np.float64)
        width = np.broadcast_to(np.asarray(half_width, np.float64), len(points))
        return cls(points[:-1], points[1:], np.stack([width[:-1], width[1:]], axis=1))

    @cached_property
    def corners(self) -> tuple[Floats, Floats]:
        """Least and greatest x, y of each piece with its width, (n, 2) each."""
        width = self.half_width.max(axis=1, initial=0)[:, None]
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        return low - width, high + width

    def near(self, frame: Frame, reach: float) -> Integers:
        """Find the pieces that come within `reach` pixels of a frame."""
        first = np.array([frame.columns[0], frame.rows[0]]) - reach
        last = np.array([frame.columns[-1], frame.rows[-1]]) + reach + 1
        low, high = self.corners
        return np.flatnonzero(((high >= first) & (low <= last)).all(axis=1))


def box_around(frame: Frame, low: Floats, high: Floats) -> Box | None:
    """Part of a frame between two x, y corners, or None if they do not overlap."""
    row, column = int(frame.rows[0]), int(frame.columns[0])
    top, left = max(int(low[1]) - row - 1, 0), max(int(low[0]) - column - 1, 0)
    bottom = min(int(high[1]) - row + 2, frame.shape[0])
    right = min(int(high[0]) - column + 2, frame.shape[1])
    return (slice(top, bottom), slice(left, right)) if top < bottom and left < right else None


def depth(frame: Frame, segments: Segments, reach: float = 2.0, warp: Array | None = None) -> Array:
    """(h, w) depth of each pixel inside the nearest band, in pixels; negative outside.

    Parameters
    ----------
    frame, segments
        Pixels, and bands.
    reach
        Distance outside a band, in pixels, to which depths are computed; beyond, they may be `FAR`.
    warp
        (2, h, w) displacement in pixels, x then y, that makes straight edges irregular.
    """
    inside = np.full(frame.shape, FAR)
    x = np.broadcast_to(frame.x, frame.shape) if warp is None else frame.x + warp[0]
    y = np.broadcast_to(frame.y, frame.shape) if warp is None else frame.y + warp[1]
    slack = reach + (0.0 if warp is None else 8.0)
    # The boxes are up to two pixels wider than the reach: a piece counts wherever its box does.
    for k in segments.near(frame, slack + 2):
        start, end = segments.start[k], segments.end[k]
        w0, w1 = segments.half_width[k].tolist()
        low, high = (corner[k] for corner in segments.corners)
        box = box_around(frame, low - slack, high + slack)
        if box is None:
            continue
        dx, dy = (end - start).tolist()
        px, py = x[box] - np.float32(start[0]), y[box] - np.float32(start[1])
        along = (px * np.float32(dx) + py * np.float32(dy)) / np.float32(dx * dx + dy * dy + 1e-9)
        along = np.clip(along, 0, 1)
        px -= along * np.float32(dx)
        py -= along * np.float32(dy)
        here = np.float32(w0) + along * np.float32(w1 - w0) - np.sqrt(px * px + py * py)
        np.maximum(inside[box], here, out=inside[box])
    return inside


def cover(inside: Array, softness: float = 1.0) -> Array:
    """Share of each pixel that lies inside, 0 to 1, from its depth."""
    return np.asarray(np.clip(inside / np.float32(softness) + np.float32(0.5), 0, 1))


def near(frame: Frame, points: Floats, reach: float) -> Integers:
    """Find the (n, 2) x, y points within `reach` pixels of a frame."""
    x, y = points.T
    meets = (x > frame.columns[0] - reach) & (x < frame.columns[-1] + 1 + reach)
    meets &= (y > frame.rows[0] - reach) & (y < frame.rows[-1] + 1 + reach)
    return np.flatnonzero(meets)


def local(
    frame: Frame, centre: Floats, angle: float, reach: float
) -> tuple[Box, Array, Array] | None:
    """Pixels around a point, in axes turned by `angle` radians; None if the frame has none."""
    x, y = centre.tolist()
    box = box_around(frame, centre - reach, centre + reach)
    if box is None:
        return None
    dx, dy = frame.x[:, box[1]] - np.float32(x), frame.y[box[0]] - np.float32(y)
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return box, dx * c + dy * s, dy * c - dx * s


def disc(u: Array, v: Array, radius: float) -> Array:
    """Depth inside a disc at the origin."""
    return np.float32(radius) - np.sqrt(u * u + v * v)


def rectangle(u: Array, v: Array, half_length: float, half_width: float) -> Array:
    """Depth inside a rectangle at the origin, its sides along the axes."""
    return np.minimum(np.float32(half_length) - np.abs(u), np.float32(half_width) - np.abs(v))
