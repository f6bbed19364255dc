"""UTM and MGRS coordinates written as text, such as "47R 500000 2840000" and "47RNL0000040000"."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import Transformer

BANDS = "CDEFGHJKLMNPQRSTUVWX"
"""Letters of the latitude bands, 8 degrees each from 80 degrees south; the last has 12."""

LEAST_DIGITS, MOST_DIGITS = 6, 10
"""Digits of an MGRS reference: six name a square of 100 m, and fewer a larger one than a patch."""

NORTHINGS = {False: (0.0, 9_400_000.0), True: (1_100_000.0, 10_000_000.0)}
"""Least and largest northing of UTM in metres, for the north and the south."""

MARGIN = 0.01
"""Degrees by which a place may lie beside its latitude band: the centre of a square does."""

_UTM = re.compile(
    r"(?:UTM\s*)?(?:ZONE\s*)?(\d{1,2})\s*([C-HJ-NP-X])[\s,;]+"
    r"(?:E\s*)?(\d{6}(?:[.,]\d+)?)\s*(?:M\s*)?E?[\s,;]+(?:N\s*)?(\d{1,8}(?:[.,]\d+)?)\s*(?:M\s*)?N?"
)
_MGRS = re.compile(r"(\d{1,2})\s*([C-HJ-NP-X])\s*([A-HJ-NP-Z][A-HJ-NP-V])\s*(\d*)\s*(\d*)")


def parse_grid(text: str) -> tuple[float, float] | None:
    """Longitude and latitude of UTM or MGRS coordinates on WGS 84; None if it is neither.

    An MGRS reference names a square, and its centre counts.

    Raises
    ------
    ValueError
        The text is such a coordinate, but its place is not known: the square is larger than
        100 m, zone, band and northing contradict each other, or S may be a band or the south.

    Examples
    --------
    >>> [round(degrees, 4) for degrees in parse_grid("47R 500000 2840000") or ()]
    [99.0, 25.6779]
    """
    plain = " ".join(text.upper().split())
    if found := _UTM.fullmatch(plain):
        zone, band, east, north = found.groups()
        return _of_utm(int(zone), band, _number(east), _number(north))
    if found := _MGRS.fullmatch(plain):
        return _of_mgrs(*found.groups())
    return None


def mgrs_text(lon: float, lat: float) -> str:
    """Write a place on WGS 84 as the MGRS square of 10 m that holds it.

    Examples
    --------
    >>> mgrs_text(98.123, 25.7)
    '47R MJ 1200 4275'
    """
    from mgrs import MGRS

    text = str(MGRS().toMGRS(lat, lon, MGRSPrecision=4))
    return f"{text[:-10]} {text[-10:-8]} {text[-8:-4]} {text[-4:]}"


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _of_utm(zone: int, letter: str, east: float, north: float) -> tuple[float, float]:
    """Convert UTM; the letter is a latitude band, or N and S of the hemispheres."""
    if not 1 <= zone <= 60:
        raise ValueError(f"there is no UTM zone {zone}")
    if letter == "S" and _in_band("S", _lonlat(zone, False, east, north)[1]):
        raise ValueError("S may be a latitude band in the north or the southern hemisphere")
    south = letter < "N" or letter == "S"
    if not NORTHINGS[south][0] <= north <= NORTHINGS[south][1]:
        raise ValueError("there is no such northing")
    lon, lat = _lonlat(zone, south, east, north)
    if letter not in "NS" and not _in_band(letter, lat):
        raise ValueError(f"its northing does not lie in latitude band {letter}")
    return lon, lat


def _lonlat(zone: int, south: bool, east: float, north: float) -> tuple[float, float]:
    lon, lat = _to_lonlat(zone, south).transform(east, north)
    return float(lon), float(lat)


@cache
def _to_lonlat(zone: int, south: bool) -> Transformer:
    from pyproj import Transformer

    code = (32700 if south else 32600) + zone
    return Transformer.from_crs(f"EPSG:{code}", "EPSG:4326", always_xy=True)


def _in_band(letter: str, lat: float) -> bool:
    """Whether a latitude lies in the band of this letter, or within a cell's width of it."""
    south = 8 * BANDS.index(letter) - 80
    return south - MARGIN <= lat <= south + (12 if letter == BANDS[-1] else 8) + MARGIN


def _of_mgrs(zone: str, band: str, square: str, first: str, second: str) -> tuple[float, float]:
    from mgrs import MGRS
    from mgrs.core import MGRSError

    digits = first + second
    if len(digits) % 2 or (second and len(first) != len(second)) or len(digits) > MOST_DIGITS:
        raise ValueError("its easting and northing do not have equally many digits")
    if len(digits) < LEAST_DIGITS:
        size = 100 // 10 ** (len(digits) // 2)
        raise ValueError(f"it is a square of {size} km, in which the place is not known")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # the band and the square contradict each other
            lat, lon = MGRS().toLatLon(f"{zone}{band}{square}{digits}")
    except (MGRSError, RuntimeWarning) as error:
        raise ValueError("there is no such square of the MGRS") from error
    if not _in_band(band, lat):
        raise ValueError(f"its square does not lie in latitude band {band}")
    return float(lon), float(lat)
