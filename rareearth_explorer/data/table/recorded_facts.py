"""What a patch table's maker recorded in the file, checked before anything relies on it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from rareearth_explorer.data.grid import PatchGrid

METADATA_KEY = b"rareearth_explorer"
"""Key of our JSON in the Parquet file's metadata: grid, encoder, scenes, projection, activity."""

LARGEST = 2**31
"""Rows, columns and pixels of a grid are below this number."""


def recorded_facts(metadata: dict[bytes, bytes] | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the facts recorded in a file: grid, encoder, scenes, projection, activity.

    Parameters
    ----------
    metadata
        That of the Parquet file.

    Returns
    -------
    facts
        Those of the right form.
    notes
        A sentence about those that were left out.
    """
    text = (metadata or {}).get(METADATA_KEY)
    if text is None:
        return {}, ()
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        return {}, ("its record of grid, encoder and scenes is damaged, so it is not used",)
    sound = {key: value for key, value in facts.items() if _FORMS.get(key, _anything)(value)}
    if damaged := [key for key in facts if key not in sound]:
        return sound, (f"its record of {', '.join(damaged)} is damaged, so it is not used",)
    return sound, ()


def _anything(_: Any) -> bool:
    return True


def _is_record(value: Any) -> bool:
    return isinstance(value, dict)


def _is_encoder(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name", ""), str)


def _is_imported(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _are_scenes(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(scene, dict)
        and isinstance(scene.get("name"), str)
        and isinstance(scene.get("time"), str | None)
        and isinstance(scene.get("bands"), list | None)
        for scene in value
    )


def _is_grid(value: Any) -> bool:
    """Whether a grid can be made of it, in a known CRS."""
    from pyproj import CRS

    try:
        grid = PatchGrid.from_metadata(value)
        CRS.from_user_input(grid.crs)
        sides = (grid.patch_px, grid.rows, grid.columns)
        whole = all(type(side) is int and 0 < side < LARGEST for side in sides)
        return whole and all(math.isfinite(number) for number in grid.transform)
    except Exception:  # noqa: BLE001 - any value at all may be recorded there
        return False


_FORMS: dict[str, Callable[[Any], bool]] = {
    "grid": _is_grid,
    "encoder": _is_encoder,
    "scenes": _are_scenes,
    "projection": _is_record,
    "activity": _is_record,
    "imported": _is_imported,
}
"""What each fact must be."""
