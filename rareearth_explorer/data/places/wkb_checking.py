"""The structure of well-known binary, checked before any library parses it.

GEOS follows the nesting of a geometry by recursion: a collection in a collection in a collection,
thousands deep, ends the process. A count larger than the bytes that follow makes it allocate
gigabytes. So depth and counts are checked here, without recursion, and byte by byte.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

MOST_NESTED = 16
"""Deepest nesting that is read; what people make has three levels."""

POINT, LINE, POLYGON, MULTI = 1, 2, 3, (4, 5, 6, 7)

Z, M, SRID = 0x8000_0000, 0x4000_0000, 0x2000_0000
"""Flags of PostGIS in the type of a geometry."""

SQUARE = 93
"""Bytes of a polygon of five points in two dimensions, as most tables of patches store."""


def wkb_fault(values: Sequence[bytes | None]) -> tuple[int, str] | None:
    """Find the first value that is not whole, flat WKB.

    Parameters
    ----------
    values
        (N,) WKB as ISO or PostGIS write it; None where there is none.

    Returns
    -------
    The row number and what is wrong with it, or None if all are sound.
    """
    if _all_squares(values):
        return None
    for row, value in enumerate(values):
        if value is not None and (fault := fault_of(value)):
            return row, fault
    return None


def _all_squares(values: Sequence[bytes | None]) -> bool:
    """Whether all are polygons of five points; a million are checked in a fraction of a second."""
    if not len(values) or any(value is None or len(value) != SQUARE for value in values):
        return False
    rows: npt.NDArray[np.uint8] = np.frombuffer(b"".join(values), np.uint8)  # type: ignore[arg-type]
    header = np.frombuffer(struct.pack("<BIII", 1, POLYGON, 1, 5), np.uint8)
    return bool((rows.reshape(len(values), SQUARE)[:, : len(header)] == header).all())


def fault_of(value: bytes) -> str | None:
    """Say what is wrong with the WKB of one geometry, or None.

    Examples
    --------
    >>> fault_of(struct.pack("<BIdd", 1, 1, 98.3, 25.9)) is None
    True
    >>> fault_of(b"junk")
    'it is not well-known binary'
    """
    try:
        end = max(_ends(value))
    except struct.error:
        return "it is cut short"
    except ValueError as error:
        return str(error)
    return None if end == len(value) else "bytes follow its end"


def _ends(value: bytes) -> Iterator[int]:
    """Walk through the geometries in the order of their bytes; yields where each part ends."""
    if not value or value[0] > 1:
        raise ValueError("it is not well-known binary")
    at = 0
    waiting = [1]  # geometries still to come, on each level
    while waiting:
        if waiting[-1] == 0:
            waiting.pop()
            continue
        waiting[-1] -= 1
        kind, bytes_each, order, at = _head(value, at)
        if kind in MULTI:
            at, count = _count(value, at, order, least=5)
            waiting.append(count)
            if len(waiting) > MOST_NESTED:
                raise ValueError("its collections are nested too deeply")
        else:
            at = _skip(value, at, kind, bytes_each, order)
        yield at


def _head(value: bytes, at: int) -> tuple[int, int, str, int]:
    """Read byte order and type: the plain type, the bytes of a point, the order, the place."""
    order = "<" if value[at : at + 1] == b"\x01" else ">"
    (kind,) = struct.unpack_from(f"{order}I", value, at + 1)
    size = 2 + bool(kind & Z) + bool(kind & M)
    at += 9 if kind & SRID else 5
    kind &= ~(Z | M | SRID)
    iso = {0: 0, 1: 1, 2: 1, 3: 2}.get(kind // 1000)
    if iso is None or not POINT <= kind % 1000 <= MULTI[-1]:
        raise ValueError("it is not a point, line, polygon, or collection of these")
    return kind % 1000, 8 * (size + iso), order, at


def _skip(value: bytes, at: int, kind: int, bytes_each: int, order: str) -> int:
    """Place after the coordinates of a point, line or polygon."""
    if kind == POINT:
        return _within(value, at + bytes_each)
    if kind == LINE:
        at, count = _count(value, at, order, least=bytes_each)
        return _within(value, at + count * bytes_each)
    at, rings = _count(value, at, order, least=4)
    for _ in range(rings):
        at, count = _count(value, at, order, least=bytes_each)
        if 0 < count < 4:
            raise ValueError(f"a ring of it has {count} points, and needs 4")
        at = _within(value, at + count * bytes_each)
    return at


def _count(value: bytes, at: int, order: str, least: int) -> tuple[int, int]:
    """Read a count whose elements take `least` bytes each."""
    (count,) = struct.unpack_from(f"{order}I", value, at)
    _within(value, at + 4 + count * least)
    return at + 4, count


def _within(value: bytes, at: int) -> int:
    if at > len(value):
        raise ValueError("it is cut short")
    return at
