"""The narrowing: the histogram of scores, the threshold, and the rounds."""

from rareearth_explorer.widgets.narrow.narrow_panel import NarrowPanel

__all__ = ["NarrowPanel"]
