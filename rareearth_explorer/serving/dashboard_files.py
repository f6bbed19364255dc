"""The files of a dashboard: checked, and passed to the kernel of the notebook."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from rareearth_explorer.data.file_kinds import require_no_imagery
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.places import near_frame
from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.data.table import open_table
from rareearth_explorer.errors import SceneError

TABLE, SCENE, LABELS, DATES = (
    f"RAREEARTH_EXPLORER_{name}" for name in ("TABLE", "SCENE", "LABELS", "DATES")
)
"""Environment variables through which the command passes the files to the notebook."""


@dataclass(frozen=True)
class DashboardFiles:
    """The files of a dashboard.

    Attributes
    ----------
    table
        Patch table.
    scene
        GeoTIFF to show beneath the scores.
    labels
        Labelled pools.
    dates
        GeoTIFFs of other dates, to show beside the scene.
    """

    table: Path
    scene: Path | None = None
    labels: Path | None = None
    dates: Sequence[Path] = ()

    def check(self) -> None:
        """Open all files once, so that errors are reported here and not in the browser.

        Raises
        ------
        ExplorerError
            A file cannot be opened, or the labels or a scene lie outside the patches.
        """
        require_no_imagery(self.table)
        patches = open_table(self.table)
        place = patches.bounds
        for path in [*([self.scene] if self.scene else []), *self.dates]:
            with open_scene(path) as opened:
                elsewhere = not _meet(place, opened.bounds)
            if elsewhere:
                raise SceneError(
                    f"{path}: this imagery does not overlap the patches; choose another file."
                )
        if self.labels is not None:
            open_labels(self.labels).per_patch(patches.footprints)

    def to_environment(self) -> dict[str, str]:
        """Return the environment variables, with absolute paths: the kernel has its own folder."""
        given: dict[str, Sequence[Path | None]] = {
            TABLE: [self.table],
            SCENE: [self.scene],
            LABELS: [self.labels],
            DATES: self.dates,
        }
        paths = {name: [str(p.absolute()) for p in some if p] for name, some in given.items()}
        return {name: os.pathsep.join(p) for name, p in paths.items() if p}


def _meet(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes overlap, also where they are a whole turn apart."""
    (south, west), (north, east) = a
    (other_south, other_west), (other_north, other_east) = b
    turn = float(near_frame((other_west + other_east) / 2, west, east))
    turn -= (other_west + other_east) / 2
    other = shapely.box(other_west + turn, other_south, other_east + turn, other_north)
    return bool(shapely.box(west, south, east, north).intersects(other))
