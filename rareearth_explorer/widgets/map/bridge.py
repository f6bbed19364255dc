"""Python side of `js/src/map`, which draws on the Leaflet map and reports mouse events."""

from __future__ import annotations

import ipywidgets
import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.widgets.frontend import FrontendWidget


class MapBridge(FrontendWidget):
    """Draws scores, imagery and outlines on an ipyleaflet `Map`.

    It must be displayed somewhere in the layout; it is invisible there.

    Messages from the browser: ``{"kind": "click", "patch": int, "other": bool}``, where `other`
    is true for shift-click and right-click; ``{"kind": "hover", "patch": int | None}``;
    ``{"kind": "drawn", "ring": [[lon, lat], ...]}``, a rectangle or polygon; ``{"kind":
    "measure", "path": [[lon, lat], ...]}``, the points of the ruler; ``{"kind": "tile", "layer":
    "imagery" | "second", "tile": number, "z", "x", "y"}`` asks for a picture and ``{"kind":
    "cancel", "layer", "tile": number}`` withdraws the request. To the browser: ``{"tile": number,
    "mime": str}`` with the picture as its buffer, or no buffer where the scene has no pixels.
    """

    script = t.Unicode("map").tag(sync=True)

    map = t.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    """The ipyleaflet `Map` to draw on."""

    shown = t.Bool(False).tag(sync=True)
    """Whether a browser shows the map; false while a preheated kernel waits for a page."""

    opened = t.Bool(False).tag(sync=True)
    """Whether the session is open, so that the loading screen can end."""

    bounds = t.Tuple().tag(sync=True)
    """((south, west), (north, east)) of all patches, degrees."""

    origin = t.Tuple().tag(sync=True)
    """Web Mercator x and y that `corners` are relative to; the world is the unit square."""

    corners = t.Bytes().tag(sync=True)
    """(N, 4, 2) float32 footprint corners relative to `origin`; sent once."""

    levels = t.Bytes().tag(sync=True)
    """(N,) uint8 colour level of each patch, 0 is not drawn; a new score sends only this."""

    palette = t.Bytes().tag(sync=True)
    """256 RGBA colours."""

    opacity = t.Float(0.6).tag(sync=True)
    """Opacity of the score colours, 0 to 1."""

    grid = t.Bool(True).tag(sync=True)
    """Whether lines are drawn between patches that are wide enough on the screen."""

    imagery = t.Int(0).tag(sync=True)
    """0 hides the imagery; a new number above 0 requests all tiles again."""

    second = t.Int(0).tag(sync=True)
    """Like `imagery`, for the second date, which is shown to the right of a handle."""

    dates = t.Tuple().tag(sync=True)
    """Names of the dates to the left and to the right of the handle."""

    imagery_zoom = t.Int(18).tag(sync=True)
    """Highest zoom at which tiles are requested; beyond it they are enlarged."""

    outlines = t.Dict().tag(sync=True)
    """Groups of outlined patches: name -> {"patches": [...], "color", "weight", "casing",
    "dashArray"}, the last two optional."""

    focus = t.Tuple().tag(sync=True)
    """(latitude, longitude) to move the map to, or empty."""

    pin = t.Tuple().tag(sync=True)
    """(latitude, longitude) of the pin at the place from *Go to*, or empty."""

    tool = t.Enum(("", "rectangle", "polygon", "ruler"), "").tag(sync=True)
    """The drawing tool in use; empty while clicks mark templates."""

    tooltip = t.Unicode("").tag(sync=True)
    """Text beside the pointer about the patch under it."""


def mercator_offsets(
    corners: npt.NDArray[np.float64],
) -> tuple[tuple[float, float], bytes]:
    """Turn lon/lat corners (N, 4, 2) into the bridge's `origin` and `corners`.

    Offsets from the centre are exact to centimetres in float32, half the bytes of float64.
    """
    lon, lat = corners[..., 0], corners[..., 1]
    sine = np.sin(np.radians(lat))
    world = np.stack(
        [lon / 360 + 0.5, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)], axis=-1
    )
    origin = world.reshape(-1, 2).mean(axis=0)
    return (float(origin[0]), float(origin[1])), (world - origin).astype(np.float32).tobytes()
