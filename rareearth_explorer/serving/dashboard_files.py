"""The files of a dashboard: checked, and passed to the kernel of the notebook."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import shapely

from rareearth_explorer.data.file_kinds import require_no_imagery
from rareearth_explorer.data.labels import open_labels
from rareearth_explorer.data.places import near_frame
from rareearth_explorer.data.scene import Nodata, nodata_of
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.data.table import open_own_scene, open_table
from rareearth_explorer.errors import ExplorerError, SceneError

TABLE, SCENE, LABELS, LAYER, DATES = (
    f"RAREEARTH_EXPLORER_{name}" for name in ("TABLE", "SCENE", "LABELS", "LAYER", "DATES")
)
"""Environment variables through which the command passes the files to the notebook."""

NODATA, ONE_DATE = "RAREEARTH_EXPLORER_NODATA", "RAREEARTH_EXPLORER_ONE_DATE"
"""Those that say how imagery is read: the value of empty pixels, and 1 if a folder is one pass."""


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
    nodata, one_date
        How imagery is read, as for `open_scene`; a nodata value of None takes that of the
        embedding for the table's own scene.
    layer
        Name of the layer of the labels to read, or None.
    """

    table: Path
    scene: Path | None = None
    labels: Path | None = None
    dates: Sequence[Path] = ()
    nodata: Nodata = None
    one_date: bool = False
    layer: str | None = None

    @classmethod
    def from_environment(cls) -> Self | None:
        """Read the environment variables; return None without a table.

        Raises
        ------
        ExplorerError
            The nodata value is neither a number nor `none`.
        """
        table, scene, labels = (
            _found(os.environ[name]) if os.environ.get(name) else None
            for name in (TABLE, SCENE, LABELS)
        )
        if table is None:
            return None
        dates = [_found(path) for path in os.environ.get(DATES, "").split(os.pathsep) if path]
        one_date = os.environ.get(ONE_DATE, "") not in ("", "0")
        layer = os.environ.get(LAYER) or None
        return cls(table, scene, labels, dates, _given_nodata(), one_date, layer)

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
            with open_own_scene(
                path, patches, nodata=self.nodata, one_date=self.one_date
            ) as opened:
                elsewhere = not _meet(place, opened.bounds)
            if elsewhere:
                raise SceneError(
                    f"{path}: this imagery does not overlap the patches; choose another file."
                )
        if self.labels is not None:
            open_labels(self.labels, layer=self.layer).per_patch(patches.footprints)

    def to_environment(self) -> dict[str, str]:
        """Return the environment variables, with absolute paths: the kernel has its own folder."""
        given: dict[str, Sequence[Path | None]] = {
            TABLE: [self.table],
            SCENE: [self.scene],
            LABELS: [self.labels],
            DATES: self.dates,
        }
        paths = {name: [str(p.absolute()) for p in some if p] for name, some in given.items()}
        variables = {name: os.pathsep.join(p) for name, p in paths.items() if p}
        if self.nodata is not None:
            variables[NODATA] = str(self.nodata)
        if self.one_date:
            variables[ONE_DATE] = "1"
        if self.layer is not None:
            variables[LAYER] = self.layer
        return variables


def _given_nodata() -> Nodata:
    text = os.environ.get(NODATA) or None
    try:
        return nodata_of(text)
    except ValueError as error:
        raise ExplorerError(
            f"{NODATA}: {text!r} is neither a number nor 'none'; correct the variable."
        ) from error


def _found(path: str) -> Path:
    """Look for a relative path in the kernel's folder, then where the server was started.

    A kernel runs in the folder of its notebook; `PWD` is still the folder in which a shell
    started the server.
    """
    there = Path(os.environ.get("PWD", ""), path)
    return there if there.exists() and not Path(path).exists() else Path(path)


def _meet(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes overlap, also where they are a whole turn apart."""
    (south, west), (north, east) = a
    (other_south, other_west), (other_north, other_east) = b
    turn = float(near_frame((other_west + other_east) / 2, west, east))
    turn -= (other_west + other_east) / 2
    other = shapely.box(other_west + turn, other_south, other_east + turn, other_north)
    return bool(shapely.box(west, south, east, north).intersects(other))
