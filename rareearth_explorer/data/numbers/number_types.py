"""What numbers bytes hold: judged from the numbers themselves, and asked where that is not sure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NUMBER_TYPES = ("float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32")
"""Types of numbers that bytes may hold, little-endian."""

BITS = "bits"
"""What packed signs are called where a type is named."""

LARGEST = 1e6
"""Absolute value that no number of an embedding exceeds."""

SPREAD = 1e-6
"""Share of the largest number below which few numbers of an embedding are."""

FEWEST = 8
"""Fewest numbers whose spread tells anything."""

TURNS = 2.5
"""Times that one half of the numbers spreads wider than the other, if they are no halves."""

MOST_TINY = 0.1
"""Largest share of numbers below `SPREAD` in an embedding."""


def number_type(values: npt.NDArray[np.uint8]) -> str | None:
    """Judge the type of the numbers in rows of bytes; None if that is not sure.

    Only float32 is ever sure. Two halves read as one float32 differ by many orders of magnitude,
    and so do bytes. A float32 read as halves gives random numbers in every second place.

    Parameters
    ----------
    values
        (N, B) bytes.
    """
    if values.shape[1] % 4 or not values.size:
        return None
    floats = np.ascontiguousarray(values).view("<f4")
    halves = np.ascontiguousarray(values).view("<f2")
    words = np.ascontiguousarray(values).view("<u4")
    by_turns = words.shape[1] > 1 and not words[:, ::2].any()  # float64 of short numbers
    if by_turns or not _plausible(floats):
        return None
    return None if _plausible(halves) and not _differ_by_turns(halves) else "float32"


def possible_types(length: int) -> str:
    """List the types that `length` bytes may hold, with how many numbers that makes.

    Examples
    --------
    >>> possible_types(1536)
    '384 float32, 768 float16, 192 float64, 1536 int8 or 1536 uint8'
    """
    usual = [kind for kind in NUMBER_TYPES[:5] if length % np.dtype(kind).itemsize == 0]
    told = [f"{length // np.dtype(kind).itemsize} {kind}" for kind in usual]
    return f"{', '.join(told[:-1])} or {told[-1]}"


def _differ_by_turns(numbers: npt.NDArray[np.floating]) -> bool:
    """Whether every second number is zero, or spreads over far more orders than the others."""
    sizes = np.abs(numbers.astype(np.float64))
    turns = [each[each > 0] for each in (sizes[:, ::2], sizes[:, 1::2])]
    if min(len(each) for each in turns) < FEWEST:
        return len(turns[1]) >= FEWEST
    first, second = (float(np.std(np.log2(each))) for each in turns)
    return first > TURNS * second


def _plausible(numbers: npt.NDArray[np.floating]) -> bool:
    """Whether numbers look like an embedding: finite, and of one order."""
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.abs(numbers.astype(np.float64))
    if not np.isfinite(sizes).all():
        return False
    largest = float(sizes.max(initial=0))
    present = sizes[sizes > 0]
    if not len(present) or largest > LARGEST or largest < SPREAD:
        return False
    return bool((present < SPREAD * largest).mean() <= MOST_TINY)
