"""Python side of `js/src/narrow/histogram.js`, a histogram with a line to drag."""

from __future__ import annotations

import traitlets as t

from rareearth_explorer.widgets.frontend import FrontendWidget


class Histogram(FrontendWidget):
    """Counts of patches by score; the line moves `at`, and ``{"chosen": at}`` ends a move."""

    script = t.Unicode("histogram").tag(sync=True)

    range = t.Tuple(t.Float(), t.Float(), default_value=(-1.0, 1.0)).tag(sync=True)
    """Lowest and highest score."""

    counts = t.List(t.Int()).tag(sync=True)
    """Number of patches in each part of the range; empty while there are no scores."""

    known = t.List(t.Int()).tag(sync=True)
    """Number of those with labelled mines; empty without labels."""

    at = t.Float(0.0).tag(sync=True)
    """Where the line is."""
