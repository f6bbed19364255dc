"""Drawing on the map: selecting by rectangle and polygon, and the ruler."""

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
    "rectangle": "Drag from corner to corner · Esc ends",
    "polygon": "Click corners, double-click to finish · Esc ends",
    "ruler": "Click points, double-click to finish · Esc ends",
}
"""Tool of the bridge -> how it is used."""

LonLat = Sequence[float]


class DrawingTools:
    """Selects by what was drawn, measures, and says how the tool in use is used.

    Parameters
    ----------
    session
        Whose selection is replaced.
    bridge
        The map that is drawn on.
    """

    def __init__(self, session: Session, bridge: MapBridge) -> None:
        self.session = session
        self._bridge = bridge
        self.hint = w.HTML()
        self.hint.add_class("rareearth-hint")
        bridge.observe(lambda change: self._say(HINTS[change.new]), "tool")
        self._say("")

    def select(self, ring: Sequence[LonLat]) -> None:
        """Select the active patches that a ring of (lon, lat) corners shares a point with."""
        area = shapely.make_valid(shapely.Polygon(ring))  # a polygon drawn as an 8 crosses itself
        rows = self.session.table.intersecting(area)
        rows = rows[self.session.active[rows]]
        self._bridge.tool = ""
        self.session.message = "" if len(rows) else "There is no patch where you drew."
        self.session.select(rows.tolist())

    def measure(self, path: Sequence[LonLat]) -> None:
        """Say how long a path of (lon, lat) points is, and what it encloses."""
        self._say(describe_path(path) if len(path) > 1 else HINTS["ruler"])

    def _say(self, text: str) -> None:
        self.hint.value = text
        self.hint.layout.display = None if text else "none"


def describe_path(path: Sequence[LonLat]) -> str:
    """Say how long a path of (lon, lat) points is and, from three points on, its closed area.

    Both are geodesic, on the WGS 84 ellipsoid.
    """
    lon, lat = np.asarray(path, float).T
    earth = Geod(ellps="WGS84")
    length = earth.line_length(lon, lat)
    said = f"{length:,.0f} m" if length < 10_000 else f"{length / 1000:,.2f} km"
    if len(set(map(tuple, path))) > 2:
        area = abs(earth.polygon_area_perimeter(lon, lat)[0])
        size = f"{area / 10_000:,.2f} ha" if area < 1e6 else f"{area / 1e6:,.2f} km²"
        said += f" · closed, {size}"
    return said
