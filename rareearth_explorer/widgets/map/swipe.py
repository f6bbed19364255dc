"""A second date beside the first, with a handle between them."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as w

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map.bridge import MapBridge
from rareearth_explorer.widgets.map.imagery_tiles import TileServer

NOTHING = ""
"""Replaces None, which would leave the dropdown blank."""


class DateSwipe:
    """Shows the imagery of another date to the right of a handle that can be dragged.

    Each date is stretched by its own statistics, so that haze on one does not darken the other;
    indices have the same colours on both.

    Parameters
    ----------
    session
        Its `bands` apply to both dates.
    bridge
        The map.
    scene
        The first date, or None without imagery.
    other_dates
        Scenes of other dates to choose from.
    """

    def __init__(
        self, session: Session, bridge: MapBridge, scene: Scene | None, other_dates: Sequence[Scene]
    ) -> None:
        self.session = session
        self._bridge = bridge
        self._scene = scene
        self.tiles = TileServer(bridge, other_dates[0]) if other_dates else None
        possible = scene is not None and self.tiles is not None
        self.date = w.Dropdown(
            options=[("nothing", NOTHING), *((date_of(other), other) for other in other_dates)],
            description="Other date",
            tooltip="Show another date to the right of a handle that you drag"
            if possible
            else "There is no scene of another date; give scenes with --dates",
            disabled=not possible,
            layout=w.Layout(width="220px"),
            style={"description_width": "100px"},
        )
        self.date.observe(lambda change: self._show(change.new), "value")
        session.observe(lambda _: self._show(self.date.value), ["bands", "scene"])

    def _show(self, other: Scene | str) -> None:
        if isinstance(other, str) or self.tiles is None or self._scene is None:
            self._bridge.second = 0
            return
        self.tiles.scene, self.tiles.bands = other, self.session.bands
        shown = self.session.scene or self._scene
        with self._bridge.hold_sync():
            self._bridge.dates = (f"◀ {date_of(shown)}", f"{date_of(other)} ▶")
            self._bridge.second += 1


def date_of(scene: Scene) -> str:
    """Return the date of a scene as text, or the name of its file if the date is unknown."""
    return f"{scene.time:%Y-%m-%d}" if scene.time else scene.path.name
