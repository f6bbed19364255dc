"""The imagery of a patch table: what it was made from, or any that shows its patches."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from rareearth_explorer.data.grid import windows_over
from rareearth_explorer.data.scene import Nodata, Scene, open_scene
from rareearth_explorer.data.table.patch_table import PatchTable


def open_own_scene(path: str | Path, table: PatchTable) -> Scene:
    """Open a scene; if it is the table's own, use the band roles and nodata of its embedding.

    Raises
    ------
    SceneError
        The file cannot be used.
    """
    recorded = {scene["name"]: scene for scene in table.metadata.get("scenes", [])}
    known = recorded.get(Path(path).name, {})
    return open_scene(path, bands=known.get("bands"), nodata=_nodata(known.get("nodata")))


def shows(scene: Scene, table: PatchTable) -> bool:
    """Whether a scene shows any patch of a table, in part at least."""
    windows, _ = windows_over(
        table.corners, scene.crs.to_wkt(), scene.transform, scene.width, scene.height
    )
    return any(window is not None for window in windows)


def _nodata(recorded: float | str | None) -> Nodata:
    """Read a nodata value as the table's metadata holds it; JSON has no NaN."""
    if recorded is None or recorded == "none":
        return cast(Nodata, recorded)
    return float(recorded)
