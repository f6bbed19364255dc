"""The dates panel: the scene on every date, and the time series of the patch under review."""

from rareearth_explorer.widgets.dates.dates_panel import DatesPanel

__all__ = ["DatesPanel"]
