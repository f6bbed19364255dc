"""The dates panel: the scene through time, and the series of the patch in hand."""

from rareearth_explorer.panels.dates.panel import DatesPanel

__all__ = ["DatesPanel"]
