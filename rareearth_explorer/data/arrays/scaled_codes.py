"""Codes with a scale for each pixel, as TESSERA stores them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SCALED = "v * scale of the pixel"
"""The rule, for notes."""


def decode_scaled(codes: npt.NDArray[Any], scales: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Multiply codes by their scales.

    Parameters
    ----------
    codes
        (h, w, C) whole numbers.
    scales
        (h, w), one for each pixel, or (h, w, C).

    Returns
    -------
    (h, w, C) float32; NaN where a scale is NaN or infinite, which stands for missing data.
    """
    factors = np.asarray(scales, np.float32)
    if factors.ndim < codes.ndim:
        factors = factors[..., None]
    factors = np.where(np.isfinite(factors), factors, np.float32(np.nan))
    return np.asarray(codes.astype(np.float32) * factors)
