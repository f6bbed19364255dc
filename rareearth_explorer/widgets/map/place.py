"""Coordinates and patch numbers as people write them, and the box *Go to*."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets as w
import shapely

from rareearth_explorer.data.grid import WGS84, transformer, written
from rareearth_explorer.data.places import near_frame, parse_angle
from rareearth_explorer.errors import ExplorerError, SessionError
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.map.bridge import MapBridge
from rareearth_explorer.widgets.tasks import Deferred

EXAMPLES = (
    "'26.1, 98.3', '98.3E 26.1N', 26°06'00\"N 98°18'00\"E, UTM as '47N 630000 2890000', or a patch "
    "number such as 812"
)

_UTM = re.compile(r"(\d{1,2})\s*([NS])[\s,]+(\d+(?:\.\d+)?)[\s,]+(\d+(?:\.\d+)?)")
_LETTERED = re.compile(r"([^NSEW]+[NSEW]|[NSEW][^NSEW]+)[\s,;]*([^NSEW]+[NSEW]|[NSEW][^NSEW]+)")


def parse_place(text: str) -> int | tuple[float, float]:
    """Parse a place: return a patch number, or (latitude, longitude) in degrees.

    Without letters the latitude comes first, unless only the second number can be a latitude.

    Raises
    ------
    SessionError
        The text is not a place, or a latitude or longitude is out of range.

    Examples
    --------
    >>> parse_place("812"), parse_place("98.3E 26.1N"), parse_place("26 06 00 N, 98 18 00 E")
    (812, (26.1, 98.3), (26.1, 98.3))
    """
    plain = text.strip().upper().replace("−", "-")
    if found := re.fullmatch(r"(?:PATCH\s*)?(\d+)", plain):
        return int(found[1])
    if found := _UTM.fullmatch(plain):
        return _from_utm(int(found[1]), found[2], float(found[3]), float(found[4]))
    parts = _LETTERED.fullmatch(plain)
    halves = parts.groups() if parts else re.split(r"\s*[,;]\s*|\s+", plain)
    angles = [parse_angle(half) for half in halves]
    if len(angles) != 2 or None in angles:
        raise _not_understood(text)
    first, second = (angle for angle in angles if angle is not None)
    swapped = (first.axis, second.axis) == ("EW", "NS")
    if {first.axis, second.axis} == {""}:
        swapped = abs(first.degrees) > 90
    elif {first.axis, second.axis} != {"NS", "EW"}:
        raise _not_understood(text)
    lat, lon = (second, first) if swapped else (first, second)
    if abs(lat.degrees) > 90 or abs(lon.degrees) > 180:
        raise SessionError(
            f"{text!r} is out of range: latitudes go up to 90 and longitudes up to 180 degrees."
        )
    return lat.degrees, lon.degrees


def _from_utm(zone: int, hemisphere: str, easting: float, northing: float) -> tuple[float, float]:
    if not 1 <= zone <= 60:
        raise SessionError(f"There is no UTM zone {zone}; zones go from 1 to 60.")
    crs = f"EPSG:{(32600 if hemisphere == 'N' else 32700) + zone}"
    lon, lat = transformer(crs, WGS84).transform(easting, northing)
    return lat, lon


def _not_understood(text: str) -> SessionError:
    return SessionError(f"{text!r} is not a place; write {EXAMPLES}.")


class PlaceBox:
    """A text box that moves the map to a coordinate or a patch.

    Parameters
    ----------
    session
        Its patch under review is set.
    bridge
        The map.
    """

    def __init__(self, session: Session, bridge: MapBridge) -> None:
        self.session = session
        self._bridge = bridge
        self.text = w.Text(
            description="Go to",
            placeholder="26.1, 98.3 or patch",
            tooltip=f"Move the map to a place: {EXAMPLES}",
            continuous_update=False,
            layout=w.Layout(width="190px"),
            style={"description_width": "40px"},
        )
        # The browser reports Enter before it sends a changed text. Then the change of the text
        # moves the map, and Enter must not do it a second time.
        self._again = Deferred(self._go_again)
        self._gone = self._entered = ""
        self.text.observe(lambda change: self.go(change.new), "value")
        self.text.on_msg(lambda _widget, message, _buffers: self._enter(message))

    def _enter(self, message: dict[str, Any]) -> None:
        if message.get("event") == "submit":
            self._gone = ""
            self._entered = self.text.value
            self._again()

    def _go_again(self) -> None:
        if self.text.value == self._entered and not self._gone:
            self.go(self.text.value)

    def go(self, text: str) -> None:
        """Move the map to a place and review its patch; the status line shows an error."""
        self._gone = text
        if not text.strip():
            self._bridge.pin = ()
            return
        self.session.message = ""
        try:
            place = parse_place(text)
            if isinstance(place, int):
                self._go_to_patch(place)
            else:
                self._go_to_point(*place)
        except ExplorerError as error:
            self.session.message = str(error)

    def _go_to_patch(self, patch: int) -> None:
        last = len(self.session.table) - 1
        if patch > last:
            raise SessionError(f"There is no patch {patch}; patches are numbered 0 to {last}.")
        lon, lat = self.session.table.centroids[patch]
        self.session.under_review = patch
        self._fly(float(lat), float(lon))

    def _go_to_point(self, lat: float, lon: float) -> None:
        (south, west), (north, east) = self.session.table.bounds
        lon = float(near_frame(lon, west, east))
        if not (south <= lat <= north and west <= lon <= east):
            raise SessionError(
                f"{written(lat, lon)} is outside the scene, which reaches from "
                f"{written(south, west)} to {written(north, east)}."
            )
        rows = self.session.table.intersecting(shapely.Point(lon, lat))
        self.session.under_review = int(rows[0]) if len(rows) else None
        self._fly(lat, lon)
        if not len(rows):
            self.session.message = f"There is no patch at {written(lat, lon)}."

    def _fly(self, lat: float, lon: float) -> None:
        self._bridge.pin = (lat, lon)
        self._bridge.focus = ()  # else the same place would be no change
        self._bridge.focus = (lat, lon)
