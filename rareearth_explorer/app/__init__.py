"""The app: builds one session and all panels that observe it."""

from rareearth_explorer.app.explorer import Explorer

__all__ = ["Explorer"]
