"""Pictures of patches, cut from the scene."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import ExportError

CHIP = 72
"""Side of a picture in pixels; a patch of 250 m has 84 pixels of 3 m."""

Picture = npt.NDArray[np.uint8]
"""(`CHIP`, `CHIP`, 3) RGB."""


def check_scene(scene: Scene, table: PatchTable) -> None:
    """Require that the patches of the table were cut from this scene.

    Raises
    ------
    ExportError
        The pixels of the scene lie elsewhere, or the table has no patch grid.
    """
    grid = table.grid
    if grid is None or table.row is None or table.column is None:
        raise ExportError(
            f"{scene.path}: the table has no patch grid, so no pictures can be cut from a scene; "
            "omit --scene."
        )
    fits = scene.width >= grid.columns * grid.patch_px and scene.height >= grid.rows * grid.patch_px
    ours, theirs = np.array(grid.transform), np.array(scene.transform)
    there = np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    if not (fits and there and CRS(grid.crs).equals(scene.crs, ignore_axis_order=True)):
        raise ExportError(
            f"{scene.path}: its pixels are not those of the table's patches; give the scene that "
            "was embedded."
        )


def picture_of(scene: Scene | None, table: PatchTable, patch: int) -> Picture | None:
    """Return the picture of a patch; None without a scene or without a patch grid."""
    window = table.window(patch)
    return None if scene is None or window is None else scene.chip(window, CHIP)
