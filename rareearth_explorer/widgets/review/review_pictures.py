"""Pictures of patches: drawn once, and partly before they are needed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.data.scene import Scene, footprint_picture
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SceneError

log = logging.getLogger(__name__)

KEPT = 400
"""Number of cached pictures, 4 to 40 kB each."""

CHIP = 120
"""Side of a small picture, pixels on the screen."""

LARGE = 400
"""Side of the picture of the patch under review: the pixels of a PlanetScope patch are 5 wide."""

Bands = tuple[str, ...] | None


class Pictures:
    """Draws patches from a scene.

    Parameters
    ----------
    table
        The patches.
    scene
        Any scene that shows them; without it, there are no pictures.
    size
        Side of a picture in pixels.
    margin
        Widths of a patch that a picture shows on each side of it.
    """

    def __init__(
        self, table: PatchTable, scene: Scene | None, size: int = CHIP, margin: int = 0
    ) -> None:
        self.table = table
        self.scene = scene
        self._size = size
        self._margin = margin
        self.of = lru_cache(KEPT)(self._draw)
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="chips")

    def prepare(self, patches: Iterable[int], bands: Bands) -> None:
        """Draw patches on another thread, so that `of` returns them at once."""
        for patch in patches:
            self._ahead.submit(self.of, patch, bands)

    def _draw(self, patch: int, bands: Bands, scene: Scene | None = None) -> bytes:
        """Draw a patch as WebP, from another scene if given; empty if there is no picture."""
        shown = scene or self.scene
        if shown is None:
            return b""
        try:
            around = _widened(self.table.corners[patch], self._margin)
            pixels = footprint_picture(shown, around, self._size, bands=bands)
            return b"" if pixels is None else encode_picture(pixels)
        except SceneError:
            return b""
        except Exception:
            log.exception("%s: patch %d is not drawn", shown.path, patch)
            return b""


def _widened(corners: npt.NDArray[np.float64], margin: int) -> npt.NDArray[np.float64]:
    """Move the corners of a footprint, (4, 2), away from its centre by `margin` of its widths."""
    centre = corners.mean(axis=0)
    return np.asarray(centre + (1 + 2 * margin) * (corners - centre))
