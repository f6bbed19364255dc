"""Exact mean and variance over dates in one pass, without keeping the dates (Welford 1962)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_DATES = 2
"""Smallest number of valid dates for a variation."""


class RunningDeviation:
    """Population standard deviation of pixels over dates that arrive one by one.

    Parameters
    ----------
    shape
        Shape (C, h, w) of each date's pixels.

    Attributes
    ----------
    count
        (h, w) number of valid dates so far.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.count = np.zeros(shape[1:], np.uint16)
        self._mean = np.zeros(shape)
        self._squares = np.zeros(shape)

    def add(self, pixels: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> None:
        """Add a date: (C, h, w) pixels, which count where `valid`, (h, w), is True."""
        self.count += valid
        share = valid / np.maximum(self.count, 1)
        for value, mean, squares in zip(pixels, self._mean, self._squares, strict=True):
            # An empty pixel may hold NaN, which a factor of 0 would not remove.
            step = np.where(valid, value, 0.0) - mean
            mean += step * share
            # delta * (value - new mean), which is delta^2 (1 - share); 0 where not valid.
            squares += valid * step * step * (1 - share)

    @property
    def std(self) -> npt.NDArray[np.float64]:
        """(C, h, w) population standard deviation: 0 after one valid date, NaN after none."""
        counted = np.where(self.count > 0, self.count, np.nan)
        return np.asarray(np.sqrt(self._squares / counted))
