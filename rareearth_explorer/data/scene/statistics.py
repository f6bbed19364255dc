"""Statistics of a scene's valid pixels, and the contrast stretch computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

PERCENTILES = (2, 98)
"""Percentiles shown as black and as full brightness."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of the valid pixels of a scene, by band.

    Attributes
    ----------
    mean, std
        (C,) in the scene's units.
    low, high
        (C,) 2nd and 98th percentiles in the scene's units.
    valid
        Share of valid pixels, in (0, 1].
    """

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    valid: float

    @classmethod
    def of(cls, pixels: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> Self:
        """Measure (C, h, w) pixels where `valid`, (h, w), is true."""
        values = pixels[:, valid].astype(np.float64)
        low, high = np.percentile(values, PERCENTILES, axis=1)
        return cls(values.mean(axis=1), values.std(axis=1), low, high, float(valid.mean()))

    def stretch(
        self, pixels: npt.NDArray[Any], valid: npt.NDArray[np.bool_], places: Sequence[int]
    ) -> npt.NDArray[np.uint8]:
        """Scale (C, h, w) pixels of the bands at `places` to 0-255; 0 for invalid pixels."""
        low = self.low[list(places), None, None].astype(np.float32)
        span = self.high[list(places), None, None].astype(np.float32) - low
        bright = (np.where(valid, pixels, 0) - low) * (255 / np.where(span > 0, span, 1))
        return np.where(valid, bright.clip(0, 255), 0).astype(np.uint8)
