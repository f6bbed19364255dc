"""The map: imagery, patch grid, scores, templates."""

from rareearth_explorer.panels.map.panel import MapPanel

__all__ = ["MapPanel"]
