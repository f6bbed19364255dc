"""Imagery tiles for the map, drawn on threads and sent over the comm."""

from __future__ import annotations

import logging
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.scene.tiles import near_scene
from rareearth_explorer.data.table import ComponentColours
from rareearth_explorer.errors import SceneError
from rareearth_explorer.widgets.map.bridge import MapBridge

log = logging.getLogger(__name__)

THREADS = 2
"""More would only compete: reading and encoding fill two cores."""

EARTH = 2 * math.pi * 6378137
"""Circumference of the Web Mercator sphere, metres."""


def native_zoom(gsd: float) -> int:
    """Return the zoom level at which the pixels of tiles and scene are about equally fine."""
    return max(1, min(22, math.ceil(math.log2(EARTH / 256 / gsd))))


Tiled = Scene | ComponentColours
"""What tiles are drawn from: a scene, or the patches themselves."""


class TileServer:
    """Answers requests for tiles from the browser, except those that were cancelled."""

    def __init__(self, bridge: MapBridge, scene: Tiled) -> None:
        self.scene = scene
        self.bands: tuple[str, ...] | None = None
        self._bridge = bridge
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tiles")
        self._pending: set[int] = set()

    def request(self, message: dict[str, Any]) -> None:
        """Handle a message of kind `tile` or `cancel`."""
        number = int(message["tile"])
        if message["kind"] == "cancel":
            self._pending.discard(number)
            return
        self._pending.add(number)
        self._pool.submit(self._answer, number, *(int(message[k]) for k in ("z", "x", "y")))

    def _answer(self, number: int, z: int, x: int, y: int) -> None:
        if number not in self._pending:
            return
        self._pending.discard(number)
        picture = b""  # a gap in the imagery
        try:
            pixels = self.scene.tile(z, near_scene(x, z, self.scene.bounds), y, bands=self.bands)
            picture = encode_picture(pixels) if pixels[..., 3].any() else b""
        except SceneError:
            pass  # a damaged file is reported where it was opened
        except Exception:
            log.exception("%s: tile %d/%d/%d is not drawn", self.scene.path, z, x, y)
        if picture:
            self._bridge.send({"tile": number, "mime": "image/webp"}, buffers=[picture])
        else:
            self._bridge.send({"tile": number})
