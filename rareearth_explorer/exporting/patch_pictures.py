"""Pictures of patches, cut from a scene, and the dates on which scenes show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.scene import Scene, footprint_picture
from rareearth_explorer.data.table import PatchTable, shows
from rareearth_explorer.errors import ExportError

CHIP = 176
"""Side of a picture in pixels; a patch of 250 m has 84 pixels of 3 m."""

GLANCE = 8
"""Side in pixels of a picture that only tells whether there is anything to see."""

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


def date_of(scene: Scene) -> str:
    """Return the day on which a scene was captured, or the name of its file if it is unknown."""
    return f"{scene.time:%Y-%m-%d}" if scene.time else scene.path.name


def in_order(scenes: Sequence[Scene]) -> list[Scene]:
    """Sort scenes by date, those of an unknown date last."""
    return sorted(scenes, key=lambda each: (each.time is None, each.time and each.time.isoformat()))


def dates_seen(scenes: Sequence[Scene], table: PatchTable, patch: int) -> list[str]:
    """Return the dates of the scenes that show something of a patch, in their order."""
    glances = (footprint_picture(scene, table.corners[patch], GLANCE) for scene in scenes)
    pairs = zip(scenes, glances, strict=True)
    return [date_of(scene) for scene, glance in pairs if glance is not None and glance.any()]
