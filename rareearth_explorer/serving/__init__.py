"""The dashboard as a web page: what it opens, and the server of its notebook."""

from rareearth_explorer.serving.dashboard_files import (
    COMPARE,
    LABELS,
    SCENE,
    TABLE,
    DashboardFiles,
)
from rareearth_explorer.serving.voila_server import Server, free_port, notebook, serve

__all__ = [
    "COMPARE",
    "LABELS",
    "SCENE",
    "TABLE",
    "DashboardFiles",
    "Server",
    "free_port",
    "notebook",
    "serve",
]
