"""Buttons that are as wide as their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w


def button(
    name: str, tooltip: str, act: Callable[[], object] | None = None, **layout: Any
) -> w.Button:
    """Make a button; a click calls `act`, if there is one.

    Parameters
    ----------
    name, tooltip
        Its text, and the text that the pointer over it shows.
    act
        Called without arguments.
    **layout
        Further traits of the layout.
    """
    made = w.Button(description=name, tooltip=tooltip, layout=_layout(layout))
    if act is not None:
        made.on_click(lambda _: act())
    return made


def toggle(name: str, tooltip: str, *, on: bool = False, **layout: Any) -> w.ToggleButton:
    """Make a button that stays down until it is clicked again; `value` tells whether it is."""
    return w.ToggleButton(value=on, description=name, tooltip=tooltip, layout=_layout(layout))


def _layout(traits: dict[str, Any]) -> w.Layout:
    return w.Layout(**{"width": "auto", **traits})
