"""The app: builds one session and gives it to every panel."""

from rareearth_explorer.app.explorer import COMPARE, LABELS, SCENE, TABLE, Explorer

__all__ = ["COMPARE", "LABELS", "SCENE", "TABLE", "Explorer"]
