"""Palettes: the colours that the numbers of a raster's only band stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours by number.

    Attributes
    ----------
    rgba
        (numbers, 4) uint8; a number whose alpha is 0 is an empty pixel.
    """

    rgba: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, dataset: Any, band: int) -> Self | None:
        """Read the palette of a band; None if its numbers are no colours."""
        whole = np.issubdtype(dataset.dtypes[band - 1], np.unsignedinteger)
        if dataset.colorinterp[band - 1] != ColorInterp.palette or not whole:
            return None
        try:
            colours = dataset.colormap(band)
        except ValueError:  # the file says palette and has none
            return None
        rgba = np.zeros((max(colours) + 1, 4), np.uint8)
        for number, colour in colours.items():
            rgba[number] = colour
        return cls(rgba)

    def colour(
        self, numbers: npt.NDArray[Any], channels: list[int]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Colour (h, w) numbers.

        Returns
        -------
        colours
            (C, h, w) uint8: red, green or blue for 1, 2, 3 in `channels`.
        valid
            (h, w), False for numbers without a colour, and transparent ones.
        """
        known = numbers < len(self.rgba)
        found = self.rgba[np.where(known, numbers, 0)]
        place = [channel - 1 for channel in channels]
        return np.moveaxis(found[..., place], -1, 0), known & (found[..., 3] > 0)
