"""The imagery that a patch table was made from."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.scene import Scene, open_scene
from rareearth_explorer.data.table.patch_table import PatchTable


def open_own_scene(path: str | Path, table: PatchTable) -> Scene:
    """Open a scene; if it is the table's own, use the band roles of its embedding.

    Raises
    ------
    SceneError
        The file cannot be used.
    """
    recorded = {scene["name"]: scene.get("bands") for scene in table.metadata.get("scenes", [])}
    return open_scene(path, bands=recorded.get(Path(path).name))
