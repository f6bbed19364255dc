"""The review panel: the best patches as pictures, one verdict after the other."""

from rareearth_explorer.widgets.review.review_panel import ReviewPanel

__all__ = ["ReviewPanel"]
