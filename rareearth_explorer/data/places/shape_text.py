"""Shapes written as text: WKT, GeoJSON, and WKB in hexadecimal digits."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from rareearth_explorer.data.places.wkb_checking import MOST_NESTED, wkb_fault
from rareearth_explorer.errors import first_line

Shapes = npt.NDArray[np.object_]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){5,}")
_EWKT = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)

_BEGINS = re.compile(
    r"\s*(SRID\s*=\s*\d|\{\s*\"|((MULTI)?(POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)"
    r"\s*([ZM]{1,2}\s*)?\()",
    re.IGNORECASE,
)

BRACKETS_EACH = 4
"""Brackets that one level of a GeoJSON geometry opens at most: its object, and its arrays."""


def shapes_of_text(texts: Sequence[str | None]) -> Shapes:
    """Read shapes, each from WKT, EWKT, GeoJSON or hexadecimal WKB.

    Parameters
    ----------
    texts
        (N,) text; None or blank where there is none.

    Raises
    ------
    ValueError
        A text is none of these, or nested too deeply; the message names the row, from 1.
    """
    shapes = np.full(len(texts), None, object)
    for row, text in enumerate(texts):
        if text is None or not text.strip():
            continue
        try:
            shapes[row] = shape_of_text(text)
        except (ValueError, shapely.errors.ShapelyError) as error:
            said = first_line(error, most=80)
            raise ValueError(f"row {row + 1} holds {_short(text)}, not a shape ({said})") from error
    return shapes


def begins_as_shape(text: str) -> bool:
    """Whether text begins as WKT, EWKT or GeoJSON do.

    Examples
    --------
    >>> begins_as_shape("Point (98 25)"), begins_as_shape("Point of interest")
    (True, False)
    """
    return _BEGINS.match(text) is not None


def shape_of_text(text: str) -> shapely.Geometry:
    """Read one shape; a number of its CRS in EWKT or WKB becomes its SRID."""
    plain = text.strip()
    if plain.startswith("{"):
        _check_nesting(plain, "[{", "]}", MOST_NESTED * BRACKETS_EACH)
        return _whole(shapely.from_geojson(plain))
    if _HEX.fullmatch(plain):
        value = bytes.fromhex(plain)
        if fault := wkb_fault([value]):
            raise ValueError(fault[1])
        return _whole(shapely.from_wkb(value))
    srid = _EWKT.match(plain)
    plain = plain[srid.end() :] if srid else plain
    _check_nesting(plain, "(", ")", MOST_NESTED)
    shape = _whole(shapely.from_wkt(plain))
    return shapely.set_srid(shape, int(srid[1])) if srid else shape


def _whole(shape: shapely.Geometry | None) -> shapely.Geometry:
    if shape is None:
        raise ValueError("it is empty")
    return shape


def _check_nesting(text: str, opening: str, closing: str, most: int) -> None:
    """Reject deep nesting, which GEOS and JSON parsers follow by recursion."""
    depth = 0
    for mark in re.findall(f"[{re.escape(opening + closing)}]", text):
        depth += 1 if mark in opening else -1
        if depth > most:
            raise ValueError("it is nested too deeply")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
