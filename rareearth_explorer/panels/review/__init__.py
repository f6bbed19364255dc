"""The review panel: the best patches as pictures, one verdict after the other."""

from rareearth_explorer.panels.review.panel import ReviewPanel

__all__ = ["ReviewPanel"]
