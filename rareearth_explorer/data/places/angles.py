"""Degrees as people write them: decimal, with a comma, or in degrees, minutes and seconds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_MARKS = re.compile("[°º˚:'\"`\u00b4\u2032\u2033\u2018\u2019\u201c\u201d]")
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)")
_SIMPLE = re.compile(r"[-+]?\d+(\.\d*)?")
_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")

NO_VALUE = frozenset({"", "-", "--", "na", "n/a", "#n/a", "nan", "null", "none", "nil"})
"""How people and programs write that there is no value, in lower case."""


@dataclass(frozen=True)
class Angle:
    """Degrees, and the axis if a letter gives it: "NS" for latitude, "EW" for longitude."""

    degrees: float
    axis: str = ""


def parse_angle(text: str) -> Angle | None:
    r"""Parse degrees, minutes and seconds, with the letter before or after; None if it is none.

    Examples
    --------
    >>> parse_angle("25°46'00\"N"), parse_angle("W 99 30")
    (Angle(degrees=25.766666666666666, axis='NS'), Angle(degrees=-99.5, axis='EW'))
    >>> parse_angle("98,25"), parse_angle("north")
    (Angle(degrees=98.25, axis=''), None)
    """
    plain = text.strip().upper().replace("\u2212", "-")
    if _SIMPLE.fullmatch(plain):
        return Angle(float(plain))
    letters = re.findall("[NSEW]", plain)
    numbers = re.sub("[NSEW]", " ", _MARKS.sub(" ", plain)).split()
    if len(letters) > 1 or not all(_NUMBER.fullmatch(each) for each in numbers):
        return None
    if not 1 <= len(numbers) <= 3:
        return None
    degrees, *rest = [float(each.replace(",", ".")) for each in numbers]
    # Only the last of degrees, minutes and seconds may have a fraction.
    if any(not 0 <= each < 60 for each in rest) or any(n % 1 for n in (degrees, *rest)[:-1]):
        return None
    size = abs(degrees) + sum(each / 60**power for power, each in enumerate(rest, start=1))
    letter = letters[0] if letters else ""
    backwards = numbers[0].startswith("-") or letter in ("S", "W")
    return Angle(-size if backwards else size, {"": "", "N": "NS", "S": "NS"}.get(letter, "EW"))


def parse_degrees(value: object, axis: str) -> float | None:
    r"""Read a coordinate from a cell of a table; NaN where there is none, None if it is not one.

    Parameters
    ----------
    value
        A number, or text as `parse_angle` reads it.
    axis
        "NS" or "EW"; a letter of the other axis is not accepted.

    Examples
    --------
    >>> parse_degrees("25°46'00\"S", "NS"), parse_degrees(98, "EW"), parse_degrees("n/a", "EW")
    (-25.766666666666666, 98.0, nan)
    >>> parse_degrees("25.7 N", "EW") is None
    True
    """
    if value is None:
        return math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if _DECIMAL.fullmatch(text):  # nearly all cells of a long table
        return float(text)
    if text.lower() in NO_VALUE:
        return math.nan
    angle = parse_angle(text)
    return None if angle is None or angle.axis not in ("", axis) else angle.degrees
