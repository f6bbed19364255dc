"""Rare Earth Explorer: find mines in satellite imagery from one example.

The public names are imported when they are first used, so that importing the package is quick
and a script that scores patches never loads a widget.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rareearth_explorer.app import Explorer
    from rareearth_explorer.data.labels import open_labels
    from rareearth_explorer.data.scene import open_scene
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.embedding import embed
    from rareearth_explorer.exporting import export
    from rareearth_explorer.hunt import Session, Workspace
    from rareearth_explorer.score.contrast import cosine_contrast

__version__ = "0.1.0"

__all__ = [
    "Explorer",
    "Session",
    "Workspace",
    "cosine_contrast",
    "embed",
    "export",
    "open_labels",
    "open_scene",
    "open_table",
]

_HOME = {
    "Explorer": "app",
    "Session": "hunt",
    "Workspace": "hunt",
    "cosine_contrast": "score.contrast",
    "embed": "embedding",
    "export": "exporting",
    "open_labels": "data.labels",
    "open_scene": "data.scene",
    "open_table": "data.table",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that holds it."""
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *__all__])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that is the extension of a Jupyter server; Jupyter calls this."""
    return [{"module": f"{__name__}.serving.server_extension"}]
