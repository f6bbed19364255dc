"""Imported by a process, it makes its UMAPs principal components, which take no time."""

from __future__ import annotations

from typing import Any

from rareearth_explorer.score import projection


def _components(units: Any, **_: object) -> Any:
    return projection.first_two(projection.principal_components(units, 2))


projection.umap_projection = _components
