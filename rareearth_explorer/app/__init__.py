"""The app: builds one session and gives it to every panel."""

from rareearth_explorer.app.explorer import Explorer

__all__ = ["Explorer"]
