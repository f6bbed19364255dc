"""The review panel: pictures of patches, and a verdict on each."""

from rareearth_explorer.widgets.review.review_panel import ReviewPanel

__all__ = ["ReviewPanel"]
