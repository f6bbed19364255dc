"""A coarse copy of a whole scene in memory, for statistics and for tiles at low zoom."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window

SIDE = 2048
"""Longest side in pixels."""

STRIP = 512
"""Height in pixels of the strips that are read."""

Masked = tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]
"""Pixels (C, h, w) and their valid mask (h, w)."""


@dataclass(frozen=True, eq=False)
class Preview:
    """Every band of a scene, decimated.

    Attributes
    ----------
    pixels
        (C, h, w) in the scene's own type.
    valid
        (h, w), False for empty pixels.
    coarseness
        Scene pixels per preview pixel along each axis (down, across).
    """

    pixels: npt.NDArray[Any]
    valid: npt.NDArray[np.bool_]
    coarseness: tuple[float, float]

    @classmethod
    def of(cls, read: Callable[[Window, tuple[int, int]], Masked], height: int, width: int) -> Self:
        """Make a preview of a scene of `height` x `width` pixels through its reading function.

        It reads strips, because GDAL decimates band by band: for a whole pixel-interleaved file
        larger than its cache, it would decode all blocks again for each band.
        """
        step = math.ceil(max(height, width) / SIDE)
        tops = range(0, height, math.ceil(STRIP / step) * step)
        heights = [min(tops.step, height - top) for top in tops]
        strips = [
            read(Window(0, top, width, down), (math.ceil(down / step), math.ceil(width / step)))
            for top, down in zip(tops, heights, strict=True)
        ]
        pixels = np.concatenate([strip for strip, _ in strips], axis=1)
        valid = np.concatenate([strip for _, strip in strips])
        return cls(pixels, valid, (height / valid.shape[0], width / valid.shape[1]))

    def sample(self, window: Window, shape: tuple[int, int], places: Sequence[int]) -> Masked:
        """Read a window of the scene from the nearest preview pixels: (C, h, w) and (h, w)."""
        rows, columns = (
            ((start + (np.arange(count) + 0.5) * (stop - start) / count) / coarseness).astype(int)
            for (start, stop), count, coarseness in zip(
                window.toranges(), shape, self.coarseness, strict=True
            )
        )
        nearest = np.ix_(rows, columns)
        return self.pixels[list(places)][:, *nearest], self.valid[nearest]
