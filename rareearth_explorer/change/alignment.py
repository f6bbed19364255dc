"""Resample a scene to the pixels of another in the same CRS, by nearest neighbour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

from rareearth_explorer.data.grid import turn_to
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.errors import SceneError

Integers = npt.NDArray[np.int64]

IN_STEP = 0.05
"""Shift in pixels that is too small to report."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Pixel of a scene under each pixel of the first scene.

    Both grids are north up, so rows and columns are independent.

    Attributes
    ----------
    name
        Name of the scene's file.
    rows, columns
        (H,), (W,) row and column of the scene under each row and column of the first scene, -1
        outside the scene.
    shift
        Largest distance between a pixel's centre and the pixel used, in pixels of the first.
    size
        Side of the scene's pixels in pixels of the first.
    """

    name: str
    rows: Integers
    columns: Integers
    shift: float
    size: float

    @classmethod
    def of(cls, scene: Scene, first: Scene) -> Self:
        """Align a scene with the first one.

        Raises
        ------
        SceneError
            The scenes differ in CRS or bands, or do not overlap.
        """
        _require_same_kind(scene, first)
        here, there = scene.transform, first.transform
        turn = turn_to(
            there.c + there.a * first.width / 2, here.c + here.a * scene.width / 2,
            first.crs.to_wkt(),
        )  # fmt: skip
        columns, across = _nearest((there.c + turn - here.c) / here.a, there.a / here.a,
                                   first.width, scene.width)  # fmt: skip
        rows, down = _nearest((there.f - here.f) / here.e, there.e / here.e,
                              first.height, scene.height)  # fmt: skip
        if columns.max() < 0 or rows.max() < 0:
            raise SceneError(
                f"{scene.path}: it does not overlap {first.path.name}; give scenes of one place."
            )
        size = float(np.hypot(here.a / there.a, here.e / there.e) / np.sqrt(2))
        return cls(scene.path.name, rows, columns, size * max(across, down), size)

    def read(
        self, scene: Scene, window: Window, bands: Sequence[str]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Read a window of the first scene from this one; as `Stack.read`."""
        (top, bottom), (left, right) = window.toranges()
        rows, columns = self.rows[top:bottom], self.columns[left:right]
        pixels = np.zeros((len(bands), len(rows), len(columns)), np.float32)
        valid = np.zeros((len(rows), len(columns)), bool)
        part = _bounding(rows, columns)
        if part is not None:
            found, usable = scene.read(part, bands=bands)
            # The scene covers consecutive rows and columns; all others are -1.
            down, across = _run(rows), _run(columns)
            take = np.ix_(rows[down] - part.row_off, columns[across] - part.col_off)
            valid[down, across] = usable[take]
            for pixel, band in zip(pixels, found, strict=True):
                pixel[down, across] = band[take]
        return pixels, valid

    def window_in(self, window: Window) -> Window | None:
        """Find the scene's part of a window of the first scene; None if there is none."""
        (top, bottom), (left, right) = window.toranges()
        return _bounding(self.rows[top:bottom], self.columns[left:right])

    def notes(self, first: str) -> Iterator[str]:
        """Describe differences to the first scene in sentences."""
        if abs(self.size - 1) > 1e-3:
            yield (
                f"{self.name}: its pixels are {self.size:.2f} times as large as those of {first}; "
                "the nearest pixel is used."
            )
        elif self.shift > IN_STEP:
            yield (
                f"{self.name}: its pixels are {self.shift:.2f} pixels shifted against those of "
                f"{first}; the nearest pixel is used."
            )
        covered = float((self.rows >= 0).mean() * (self.columns >= 0).mean())
        if covered < 0.98:
            yield f"{self.name}: it covers {covered:.0%} of {first}."


def _nearest(start: float, step: float, count: int, limit: int) -> tuple[Integers, float]:
    """Nearest of `limit` pixels to each of `count` centres, and the largest distance."""
    centre = start + step * (np.arange(count) + 0.5)
    # Rounding may put a centre slightly beyond an edge; it still belongs to its pixel.
    nearest = np.floor(centre + 1e-6).astype(np.int64)
    inside = (nearest >= 0) & (nearest < limit)
    off = np.abs(centre - nearest - 0.5)[inside]
    return np.where(inside, nearest, -1), float(off.max(initial=0.0))


def _run(places: Integers) -> slice:
    """Where places are not -1."""
    reached = np.flatnonzero(places >= 0)
    return slice(int(reached[0]), int(reached[-1]) + 1)


def _bounding(rows: Integers, columns: Integers) -> Window | None:
    """Find the window that holds rows and columns, ignoring -1."""
    rows, columns = rows[rows >= 0], columns[columns >= 0]
    if not len(rows) or not len(columns):
        return None
    top, left = int(rows[0]), int(columns[0])
    return Window(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def _require_same_kind(scene: Scene, first: Scene) -> None:
    if not scene.crs.equals(first.crs, ignore_axis_order=True):
        raise SceneError(
            f"{scene.path}: its CRS is {scene.crs.name}, that of {first.path.name} "
            f"{first.crs.name}; warp it with 'rio warp IN OUT --dst-crs {first.crs.to_string()}'."
        )
    missing = [band for band in first.bands if band not in scene.bands]
    if missing:
        raise SceneError(
            f"{scene.path}: it has no band {missing[0]} among {', '.join(scene.bands)}, and "
            f"{first.path.name} has; give scenes with the same bands, or name them with --bands."
        )
