"""Pictures of patches, cut from a scene."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.scene import Scene, footprint_picture
from rareearth_explorer.data.table import PatchTable, shows
from rareearth_explorer.errors import ExportError

CHIP = 72
"""Side of a picture in pixels; a patch of 250 m has 84 pixels of 3 m."""

Picture = npt.NDArray[np.uint8]
"""(`CHIP`, `CHIP`, 3) RGB."""


def check_scene(scene: Scene, table: PatchTable) -> None:
    """Require that the scene shows some of the patches.

    Raises
    ------
    ExportError
        All patches lie outside of it.
    """
    if not shows(scene, table):
        raise ExportError(
            f"{scene.path}: it shows none of the table's patches; give a scene of the same place."
        )


def picture_of(scene: Scene | None, table: PatchTable, patch: int) -> Picture | None:
    """Return the picture of a patch; None without a scene, or outside of it."""
    return None if scene is None else footprint_picture(scene, table.corners[patch], CHIP)
