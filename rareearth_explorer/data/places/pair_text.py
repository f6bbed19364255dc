"""Two coordinates in one text, as map services, survey forms and people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rareearth_explorer.data.places.angles import parse_angle

Order = Literal["lat", "lon", ""]
"""Which of two coordinates comes first; empty where nothing says it."""

GEOPOINT = 4
"""Numbers of a place in KoboToolbox and ODK: latitude, longitude, altitude and accuracy."""

_BRACKETS = re.compile(r"[\[(]([^\[\]()]*)[\])]")
_MARK = r"[,;/\s]*"
_LETTERS = (
    re.compile(rf"(?P<first>[^NSEW]+[NSEW]){_MARK}(?P<second>[^NSEW]+[NSEW])"),
    re.compile(rf"(?P<first>[NSEW][^NSEW]+?){_MARK}(?P<second>[NSEW][^NSEW]+)"),
)
_PLAIN = re.compile(r"[-+]?\d+([.,]\d+)?°?")
_FRACTION = re.compile(r"[-+]?\d+[.,]\d+°?")
_POINTED = re.compile(r"[-+]?\d+\.\d+°?")


@dataclass(frozen=True)
class Pair:
    """Two coordinates as written; `order` is what letters N, S, E and W say of them."""

    first: float
    second: float
    order: Order = ""
    numbers: int = 2


def parse_pair(text: str) -> Pair | None:
    r"""Parse two coordinates; None if it is not clear where each begins and ends.

    Altitude and accuracy may follow. Where more than two numbers stand there, the first two need
    fractions, because four whole numbers may also be degrees and minutes.

    Examples
    --------
    >>> parse_pair("25.7, 99.0"), parse_pair("99°00'00\"E 25°42'00\"N")
    (Pair(first=25.7, second=99.0, order='', numbers=2), \
Pair(first=99.0, second=25.7, order='lon', numbers=2))
    >>> parse_pair("25.7033 99.0125 1480.5 4.2")
    Pair(first=25.7033, second=99.0125, order='', numbers=4)
    >>> parse_pair("25,7"), parse_pair("25 42 99 00")
    (Pair(first=25.0, second=7.0, order='', numbers=2), None)
    """
    plain = text.strip().upper().replace("\u2212", "-")
    if inner := _BRACKETS.fullmatch(plain):
        plain = inner[1].strip()
    if re.search("[NSEW]", plain):
        return _lettered(plain)
    parts = _parts(plain)
    angles = [parse_angle(part) for part in parts]
    if len(angles) < 2 or any(angle is None for angle in angles):
        return None
    first, second = (angle.degrees for angle in angles[:2] if angle is not None)
    return Pair(first, second, numbers=len(angles))


def _lettered(plain: str) -> Pair | None:
    """Parse two angles, each with the letter of its axis."""
    for pattern in _LETTERS:
        if found := pattern.fullmatch(plain):
            first, second = parse_angle(found["first"]), parse_angle(found["second"])
            if first and second and {first.axis, second.axis} == {"NS", "EW"}:
                order: Order = "lat" if first.axis == "NS" else "lon"
                return Pair(first.degrees, second.degrees, order)
    return None


def _parts(plain: str) -> list[str]:
    """Split at the mark between the numbers; empty if several marks could be it."""
    for mark, fraction in ((r"\s*;\s*", _FRACTION), (r",\s+|\s+,", _FRACTION), (",", _POINTED)):
        parts = re.split(mark, plain)
        if _is_place(parts, fraction):
            return parts
    parts = re.split(r"[\s/]+", plain)
    plain_numbers = all(_PLAIN.fullmatch(each) for each in parts)
    return parts if plain_numbers and _is_place(parts, _FRACTION) else []


def _is_place(parts: list[str], fraction: re.Pattern[str]) -> bool:
    """Whether there are two parts, or a few more of which the first two have fractions."""
    if len(parts) == 2:
        return True
    return 2 < len(parts) <= GEOPOINT and all(fraction.fullmatch(each) for each in parts[:2])
