"""A coarse copy of a whole scene in memory, for statistics and for tiles far out."""

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
"""Pixels of the scene, down, that are read at a time."""

Masked = tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]
"""Pixels (C, h, w) and where they are valid (h, w)."""


@dataclass(frozen=True, eq=False)
class Preview:
    """Every band of a scene, decimated.

    Attributes
    ----------
    pixels
        (C, h, w) in the scene's own type.
    valid
        (h, w), false where the scene is empty.
    coarseness
        Pixels of the scene to one of the preview, along each axis (down, across).
    """

    pixels: npt.NDArray[Any]
    valid: npt.NDArray[np.bool_]
    coarseness: tuple[float, float]

    @classmethod
    def of(cls, read: Callable[[Window, tuple[int, int]], Masked], height: int, width: int) -> Self:
        """Take a preview of a scene of `height` x `width` pixels with its way to read a window.

        It goes by strips, since GDAL decimates band after band: asked for the whole of a pixel
        interleaved file larger than its cache, it decodes everything anew for each band.
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
        """Take the nearest pixels to a window of the scene: (C, h, w) and (h, w)."""
        rows, columns = (
            ((start + (np.arange(count) + 0.5) * (stop - start) / count) / coarseness).astype(int)
            for (start, stop), count, coarseness in zip(
                window.toranges(), shape, self.coarseness, strict=True
            )
        )
        nearest = np.ix_(rows, columns)
        return self.pixels[list(places)][:, *nearest], self.valid[nearest]
