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

    It uses pixel values as the scene stores them. For digital numbers it gives the same order as
    for reflectance, but other values.

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
        """Colour (2, h, w) pixels of the two bands: (3, h, w) RGB, black where not `valid`."""
        plus, minus = pixels.astype(np.float32)
        total = plus + minus
        value = (plus - minus) / np.where(total > 0, total, 1)
        part = (value - self.low) / (self.high - self.low)
        level = np.where(valid, 1 + 254 * part.clip(0, 1), 0).astype(np.uint8)
        colours = np.frombuffer(palette_rgba(self.palette), np.uint8).reshape(256, 4)
        return colours[level, :3].transpose(2, 0, 1)


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
