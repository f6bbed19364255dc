"""Normalised difference indices of two bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.rendering import palette_rgba


@dataclass(frozen=True)
class Index:
    """(plus - minus) / (plus + minus), in [-1, 1].

    It uses the values of the scene, to which the scale and offset of a file are applied. Digital
    numbers without them give the same order as reflectance, but other values.

    Attributes
    ----------
    name
        Name in remote sensing.
    meaning
        Surfaces with high values.
    bands
        Roles of the two bands, plus and minus.
    palette
        Name of its sequential colour map.
    low, high
        Values at the ends of the colour map, the same for all scenes, so that dates compare.
    """

    name: str
    meaning: str
    bands: tuple[str, str]
    palette: str
    low: float
    high: float

    def paint(
        self, pixels: npt.NDArray[Any], valid: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """Colour (2, h, w) pixels of the two bands: (3, h, w) RGB.

        It is black where not `valid`, and where the index is undefined.
        """
        value = normalised_difference(*pixels.astype(np.float64))
        part = (value - self.low) / (self.high - self.low)
        shown = valid & np.isfinite(value)
        level = np.where(shown, 1 + 254 * np.where(shown, part, 0).clip(0, 1), 0).astype(np.uint8)
        colours = np.frombuffer(palette_rgba(self.palette), np.uint8).reshape(256, 4)
        return colours[level, :3].transpose(2, 0, 1)


def normalised_difference(
    plus: npt.NDArray[np.float64], minus: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Compute (plus - minus) / (plus + minus) of two bands, (...).

    Returns
    -------
    (...) in [-1, 1]; NaN where a band is below 0 or both are 0, because the index is undefined
    there: the quotient would leave its range, and has any sign near a sum of 0.
    """
    total = plus + minus
    index = np.full(total.shape, np.nan)
    np.divide(plus - minus, total, out=index, where=(plus >= 0) & (minus >= 0) & (total > 0))
    return index


INDICES = {
    "ndvi": Index("NDVI", "vegetation", ("nir", "red"), "YlGn", -0.2, 0.9),
    "ndwi": Index("NDWI", "open water", ("green", "nir"), "Blues", -0.8, 0.4),
    "blue-white": Index("blue-white", "leachate", ("blue", "red"), "PuBu", -0.3, 0.3),
}
"""NDVI after Rouse et al. (1974), NDWI after McFeeters (1996), and the two states of a pool in use,
by the key that stands for them among band roles."""


def index_of(bands: Sequence[str] | None) -> Index | None:
    """Return the index that a choice of bands stands for; None for plain bands."""
    return INDICES.get(bands[0]) if bands is not None and len(bands) == 1 else None
