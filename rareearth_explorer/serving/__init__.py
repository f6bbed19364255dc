"""The dashboard as a web page: its files, and the server of its notebook."""

from rareearth_explorer.serving.dashboard_files import (
    DATES,
    LABELS,
    SCENE,
    TABLE,
    DashboardFiles,
)
from rareearth_explorer.serving.voila_server import Server, free_port, notebook, serve

__all__ = [
    "DATES",
    "LABELS",
    "SCENE",
    "TABLE",
    "DashboardFiles",
    "Server",
    "free_port",
    "notebook",
    "serve",
]
