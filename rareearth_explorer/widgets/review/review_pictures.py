"""Pictures of patches: drawn once, and partly before they are needed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.data.scene import Scene, footprint_picture
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SceneError

log = logging.getLogger(__name__)

KEPT = 800
"""Number of cached pictures, about 4 kB each."""

CHIP = 84
"""Side of a chip, pixels on the screen: one for each of a PlanetScope patch's."""

Bands = tuple[str, ...] | None


class Pictures:
    """Draws patches from a scene.

    Parameters
    ----------
    table
        The patches.
    scene
        Any scene that shows them; without it, there are no pictures.
    """

    def __init__(self, table: PatchTable, scene: Scene | None) -> None:
        self.table = table
        self.scene = scene
        self.of = lru_cache(KEPT)(self._draw)
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="chips")

    def prepare(self, patches: Iterable[int], bands: Bands) -> None:
        """Draw patches on another thread, so that `of` returns them at once."""
        for patch in patches:
            self._ahead.submit(self.of, patch, bands)

    def _draw(self, patch: int, bands: Bands) -> bytes:
        """Draw a patch as WebP; empty if there is no picture."""
        if self.scene is None:
            return b""
        try:
            pixels = footprint_picture(self.scene, self.table.corners[patch], CHIP, bands=bands)
            return b"" if pixels is None else encode_picture(pixels)
        except SceneError:
            return b""
        except Exception:
            log.exception("%s: patch %d is not drawn", self.scene.path, patch)
            return b""
