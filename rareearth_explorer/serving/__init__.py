"""The dashboard as a web page: its files, and the server of its notebook."""

from rareearth_explorer.serving.dashboard_files import DashboardFiles
from rareearth_explorer.serving.voila_server import Server, free_port, notebook, serve

__all__ = [
    "DashboardFiles",
    "Server",
    "free_port",
    "notebook",
    "serve",
]
