"""Pictures of footprints, cut from any scene: the patches need not be of its pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rasterio.errors import WindowError
from rasterio.windows import Window

from rareearth_explorer.data.grid import WGS84, pixels_under
from rareearth_explorer.data.scene.scene import Scene

Picture = npt.NDArray[np.uint8]


def footprint_picture(
    scene: Scene,
    corners: npt.NDArray[np.float64],
    size: int,
    *,
    bands: Sequence[str] | None = None,
) -> Picture | None:
    """Draw the square that holds a footprint, as far as the scene reaches.

    Parameters
    ----------
    scene
        Any scene; the footprint may lie partly or wholly outside of it.
    corners
        (4, 2) lon/lat in degrees.
    size
        Side of the picture in pixels.
    bands
        As for `Scene.chip`.

    Returns
    -------
    (size, size, 3) RGB, black outside the scene and where it is empty; None if the footprint lies
    wholly outside.

    Raises
    ------
    SceneError
        The scene cannot be read there, or has no such band.
    """
    square = _square(scene, corners)
    inside = None if square is None else _within(square, scene)
    if square is None or inside is None:
        return None
    if inside == square:
        return scene.chip(square, size, bands=bands)
    picture = np.zeros((size, size, 3), np.uint8)
    down, across = (
        _share(part, whole, size)
        for part, whole in zip(inside.toranges(), square.toranges(), strict=True)
    )
    shape = (down.stop - down.start, across.stop - across.start)
    picture[down, across] = scene.chip(inside, shape, bands=bands)
    return picture


def _square(scene: Scene, corners: npt.NDArray[np.float64]) -> Window | None:
    """Pixels of the smallest square around a footprint, which may reach beyond the scene."""
    lon, lat = corners.T
    column, row = pixels_under(lon, lat, WGS84, scene.crs.to_wkt(), scene.transform, scene.width)
    if not np.isfinite([column, row]).all():
        return None
    # A footprint that was cut from these pixels ends on them, except for rounding.
    (left, right), (top, bottom) = ((round(a.min()), round(a.max())) for a in (column, row))
    width, height = right - left, bottom - top
    side = max(width, height, 1)
    return Window(left - (side - width) // 2, top - (side - height) // 2, side, side)


def _within(window: Window, scene: Scene) -> Window | None:
    try:
        return window.intersection(Window(0, 0, scene.width, scene.height))
    except WindowError:
        return None


def _share(part: tuple[int, int], whole: tuple[int, int], size: int) -> slice:
    """Pixels of a picture of a whole that show a part of it, at least one."""
    start, stop = (round((end - whole[0]) * size / (whole[1] - whole[0])) for end in part)
    start = min(start, size - 1)
    return slice(start, max(stop, start + 1))
