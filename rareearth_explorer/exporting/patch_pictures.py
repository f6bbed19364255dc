"""Pictures of patches, taken from the scene that they were cut from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import ExportError

CHIP = 72
"""Side of a patch's picture in pixels; 250 m at 3 m are 84."""

Picture = npt.NDArray[np.uint8]
"""(`CHIP`, `CHIP`, 3) RGB."""


def check_scene(scene: Scene, table: PatchTable) -> None:
    """Refuse a scene that the table's patches were not cut from.

    Raises
    ------
    ExportError
        Its pixels lie elsewhere, or the table does not tell where its own were.
    """
    grid = table.grid
    if grid is None or table.row is None or table.column is None:
        raise ExportError(
            f"{scene.path}: the table has no patch grid, so no pictures can be taken from a scene; "
            "leave --scene out."
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
    """Picture of a patch; None without a scene or for a table without a grid."""
    window = table.window(patch)
    return None if scene is None or window is None else scene.chip(window, CHIP)
