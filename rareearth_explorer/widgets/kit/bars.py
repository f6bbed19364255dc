"""Controls side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as w


def bar(controls: Iterable[w.Widget], **layout: Any) -> w.HBox:
    """Lay controls side by side, in several lines where there is no room for one.

    Parameters
    ----------
    controls
        From left to right.
    **layout
        Further traits of its layout.
    """
    made = w.HBox(list(controls), layout=w.Layout(**{"flex_flow": "row wrap", **layout}))
    made.add_class("rareearth-bar")
    return made
