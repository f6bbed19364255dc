"""The map: imagery, patch grid, scores, templates."""

from rareearth_explorer.widgets.map.map_panel import MapPanel

__all__ = ["MapPanel"]
