"""Python's end of `js/src/map`, which draws on the Leaflet map and reports the mouse."""

from __future__ import annotations

import ipywidgets
import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.widgets.frontend import FrontendWidget


class MapBridge(FrontendWidget):
    """Lays scores, imagery and outlines over an ipyleaflet `Map`.

    It must be displayed somewhere in the layout, where it takes no room.

    Messages from the browser: ``{"kind": "click", "patch": int, "other": bool}``, where `other`
    says that shift was held or the right button used; ``{"kind": "hover", "patch": int | None}``;
    ``{"kind": "drawn", "ring": [[lon, lat], ...]}``, a rectangle or polygon; ``{"kind":
    "measure", "path": [[lon, lat], ...]}``, the ruler so far; ``{"kind": "tile", "layer":
    "imagery" | "second", "tile": number, "z", "x", "y"}`` asks for a picture and ``{"kind":
    "cancel", "layer", "tile": number}`` no longer wants it. To the browser: ``{"tile": number,
    "mime": str}`` with the picture as its buffer, or without one where the scene has nothing.
    """

    script = t.Unicode("map").tag(sync=True)

    map = t.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    """The ipyleaflet `Map` to draw on."""

    shown = t.Bool(False).tag(sync=True)
    """Whether a browser draws it; false while a kernel waits for its page."""

    opened = t.Bool(False).tag(sync=True)
    """Whether the session is there, so that the page may be shown."""

    bounds = t.Tuple().tag(sync=True)
    """((south, west), (north, east)) of what is drawn, degrees."""

    origin = t.Tuple().tag(sync=True)
    """Web Mercator x and y, the world being the unit square, that `corners` are offsets from."""

    corners = t.Bytes().tag(sync=True)
    """(N, 4, 2) float32 footprint corners as offsets from `origin`; sent once."""

    levels = t.Bytes().tag(sync=True)
    """(N,) uint8 colour level of each patch, 0 is not drawn; all that a new score sends."""

    palette = t.Bytes().tag(sync=True)
    """256 RGBA colours."""

    opacity = t.Float(0.6).tag(sync=True)
    """Of the score colours, 0 to 1."""

    grid = t.Bool(True).tag(sync=True)
    """Whether lines are drawn between patches, where they are wide enough."""

    imagery = t.Int(0).tag(sync=True)
    """0 shows no imagery; a new number asks for all tiles again."""

    second = t.Int(0).tag(sync=True)
    """As `imagery`, for the second date, which is shown right of a handle."""

    dates = t.Tuple().tag(sync=True)
    """What to call the dates left and right of the handle."""

    imagery_zoom = t.Int(18).tag(sync=True)
    """Zoom beyond which tiles are enlarged rather than asked for."""

    outlines = t.Dict().tag(sync=True)
    """Groups of outlined patches: name -> {"patches": [...], "color", "weight", "casing",
    "dashArray"}, the last two where they are wanted."""

    focus = t.Tuple().tag(sync=True)
    """(latitude, longitude) to fly to, or empty to stay."""

    pin = t.Tuple().tag(sync=True)
    """(latitude, longitude) to mark as the place gone to, or empty."""

    tool = t.Enum(("", "rectangle", "polygon", "ruler"), "").tag(sync=True)
    """What the mouse draws; empty while clicks mark templates."""

    tooltip = t.Unicode("").tag(sync=True)
    """What to say beside the pointer about the patch under it."""


def mercator_offsets(
    corners: npt.NDArray[np.float64],
) -> tuple[tuple[float, float], bytes]:
    """Turn lon/lat corners (N, 4, 2) into the bridge's `origin` and `corners`.

    Offsets from the centre keep float32 exact to centimetres at half the bytes of float64.
    """
    lon, lat = corners[..., 0], np.clip(corners[..., 1], -85.05, 85.05)
    sine = np.sin(np.radians(lat))
    world = np.stack(
        [lon / 360 + 0.5, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)], axis=-1
    )
    origin = world.reshape(-1, 2).mean(axis=0)
    return (float(origin[0]), float(origin[1])), (world - origin).astype(np.float32).tobytes()
