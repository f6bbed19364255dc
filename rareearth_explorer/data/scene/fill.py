"""Fill values that no file declares: numbers that stand in every band and measure nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rasterio.windows import Window

from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.errors import SceneError

if TYPE_CHECKING:
    from rareearth_explorer.data.scene.scene import Scene

USUAL = frozenset({-1.0, -99.0, -999.0, -9999.0, -99999.0, -32767.0, -32768.0})
"""Values that programs write for missing data, below anything that reflectance measures."""

HUGE = 1e15
"""Nothing measured by a camera is larger; the fills of NetCDF, ESRI and numpy are."""

LEAST_SHARE = 0.001
"""Smallest share of the pixels at which a value is asked about."""

MOST_READS, SIDE = 256, 256
"""At most so many windows of so many pixels a side are read, spread over the raster."""


@dataclass(frozen=True)
class Fill:
    """A value that every band has in many pixels that count.

    Attributes
    ----------
    value
        The number as the file stores it.
    share
        Share of the pixels, in (0, 1].
    is_certain
        Whether no measurement can have it; white of 8 bits can be a cloud.
    """

    value: float
    share: float
    is_certain: bool


def suspected_fill(raster: Raster) -> Fill | None:
    """Find the value that is probably missing data, though nothing declares it."""
    counts: Counter[float] = Counter()
    total = 0
    for window in _spread(raster):
        pixels, valid = raster.read(raster.indexes, window)
        total += valid.size
        same = valid & (pixels == pixels[:1]).all(axis=0)
        values, often = np.unique(pixels[0][same], return_counts=True)
        for value, count in zip(values, often, strict=True):
            if _is_odd(value, pixels.dtype):
                counts[float(value)] += int(count)
    if not counts:
        return None
    value, count = counts.most_common(1)[0]
    if count < LEAST_SHARE * total:
        return None
    return Fill(value, count / total, raster.dtype != "uint8")


def fill_questions(scene: Scene) -> Iterator[str]:
    """Ask in sentences whether values that no file declares are missing data."""
    return (_question(path, fill) for path, fill in scene.fills())


def require_declared_fill(scene: Scene) -> tuple[str, ...]:
    """Check that no value that measures nothing would be taken for data.

    Returns
    -------
    Questions about values that could be measurements, such as white of 8 bits.

    Raises
    ------
    SceneError
        A file has a value that cannot be one; the message asks what it means.
    """
    doubts = []
    for path, fill in scene.fills():
        if fill.is_certain:
            raise SceneError(_question(path, fill))
        doubts.append(_question(path, fill))
    return tuple(doubts)


def _question(path: Path, fill: Fill) -> str:
    option = f"--nodata={fill.value:.15g}"
    return (
        f"{path}: {100 * fill.share:.3g} % of the pixels are {fill.value:g} in every band, which "
        f"the file does not declare to be empty; if they are, give {option}, else --nodata=none."
    )


def _is_odd(value: np.generic, dtype: np.dtype[np.generic]) -> bool:
    """Whether a value is one that programs write for missing data."""
    number = float(value)
    if number in USUAL or abs(number) > HUGE:
        return True
    if not np.issubdtype(dtype, np.integer):
        return False
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    return number == limits.max or (limits.min < 0 and number == limits.min)


def _spread(raster: Raster) -> Iterator[Window]:
    """Cut windows that are spread evenly over a raster, its corners among them."""
    side = math.isqrt(MOST_READS)
    for top in _starts(raster.height, side):
        for left in _starts(raster.width, side):
            yield Window(left, top, min(SIDE, raster.width - left), min(SIDE, raster.height - top))


def _starts(length: int, most: int) -> list[int]:
    """First pixels of at most `most` windows along one axis."""
    count = min(most, math.ceil(length / SIDE))
    return [int(start) for start in np.linspace(0, max(0, length - SIDE), count)]
