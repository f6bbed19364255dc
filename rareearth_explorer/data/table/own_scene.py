"""The imagery of a patch table: what it was made from, or any that shows its patches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rareearth_explorer.data.grid import windows_over
from rareearth_explorer.data.scene import Nodata, Scene, images_of, nodata_of, open_scene
from rareearth_explorer.data.table.patch_table import PatchTable

AT_ONCE = 1000
"""Patches that are looked for in a scene at once."""


def open_own_scene(
    path: str | Path, table: PatchTable, *, nodata: Nodata = None, one_date: bool = False
) -> Scene:
    """Open a scene; if it is the table's own, use the band roles and nodata of its embedding.

    Parameters
    ----------
    path
        A GeoTIFF, or a folder as Planet delivers it.
    table
        The patch table that it is shown with.
    nodata
        The value of empty pixels, or `none`; None takes that of the embedding, else the file's.
    one_date
        Whether the files of a folder may be of two days, as of a pass over midnight; those of the
        embedding may in any case.

    Raises
    ------
    SceneError
        The file cannot be used.
    """
    known = _recorded(Path(path), table)
    if nodata is None:
        nodata = nodata_of(known.get("nodata"))
    one_date = one_date or bool(known)
    return open_scene(path, bands=known.get("bands"), nodata=nodata, one_date=one_date)


def shows(scene: Scene, table: PatchTable) -> bool:
    """Whether a scene shows any patch of a table, in part at least."""
    raster = scene.crs.to_wkt(), scene.transform, scene.width, scene.height
    # In pieces, as the first patches tell it nearly always.
    return any(
        window is not None
        for start in range(0, len(table), AT_ONCE)
        for window in windows_over(table.corners[start : start + AT_ONCE], *raster)[0]
    )


def _recorded(path: Path, table: PatchTable) -> dict[str, Any]:
    """Find what the table records of a file, or of the first file of a folder; else nothing."""
    recorded: dict[str, dict[str, Any]] = {
        scene["name"]: scene for scene in table.metadata.get("scenes", [])
    }
    first = images_of([path])[0]
    return recorded.get(first.name, {})
