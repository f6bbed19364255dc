"""The dates panel: the scene through time, and the series of the patch in hand."""

from rareearth_explorer.widgets.dates.dates_panel import DatesPanel

__all__ = ["DatesPanel"]
