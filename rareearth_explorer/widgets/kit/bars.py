"""Controls side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as w


def bar(controls: Iterable[w.Widget], **layout: Any) -> w.HBox:
    """Place controls side by side, on several lines if one is too short.

    Parameters
    ----------
    controls
        From left to right.
    **layout
        Further traits of the layout.
    """
    made = w.HBox(list(controls), layout=w.Layout(**{"flex_flow": "row wrap", **layout}))
    made.add_class("rareearth-bar")
    return made
