"""Drawing on the map: selection by rectangle and polygon, and the ruler."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as w
import numpy as np
import shapely
from pyproj import Geod

from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map.bridge import MapBridge

HINTS = {
    "": "",
    "rectangle": "Drag from corner to corner · Esc closes",
    "polygon": "Click corners, double-click to finish · Esc closes",
    "ruler": "Click points, double-click to finish · Esc closes",
}
"""Tool of the bridge -> instructions."""

LonLat = Sequence[float]


class DrawingTools:
    """Selects the patches in a drawn shape, measures paths, and shows instructions.

    Parameters
    ----------
    session
        Its selection is replaced.
    bridge
        The map.
    """

    def __init__(self, session: Session, bridge: MapBridge) -> None:
        self.session = session
        self._bridge = bridge
        self.hint = w.HTML()
        self.hint.add_class("rareearth-hint")
        bridge.observe(lambda change: self._say(HINTS[change.new]), "tool")
        self._say("")

    def select(self, ring: Sequence[LonLat]) -> None:
        """Select the active patches that touch a ring of (lon, lat) corners."""
        area = shapely.make_valid(shapely.Polygon(ring))  # a hand-drawn polygon may cross itself
        rows = self.session.table.intersecting(area)
        rows = rows[self.session.active[rows]]
        self._bridge.tool = ""
        self.session.message = "" if len(rows) else "There is no active patch in this shape."
        self.session.select(rows.tolist())

    def measure(self, path: Sequence[LonLat]) -> None:
        """Show the length of a path of (lon, lat) points, and the area that it encloses."""
        self._say(describe_path(path) if len(path) > 1 else HINTS["ruler"])

    def _say(self, text: str) -> None:
        self.hint.value = text
        self.hint.layout.display = None if text else "none"


def describe_path(path: Sequence[LonLat]) -> str:
    """Give the length of a path of (lon, lat) points and, from three points on, the closed area.

    Both are geodesic, on the WGS 84 ellipsoid.
    """
    lon, lat = np.asarray(path, float).T
    earth = Geod(ellps="WGS84")
    length = earth.line_length(lon, lat)
    text = f"{length:,.0f} m" if length < 10_000 else f"{length / 1000:,.2f} km"
    if len(set(map(tuple, path))) > 2:
        area = abs(earth.polygon_area_perimeter(lon, lat)[0])
        size = f"{area / 10_000:,.2f} ha" if area < 1e6 else f"{area / 1e6:,.2f} km²"
        text += f" · closed, {size}"
    return text
