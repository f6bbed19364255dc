"""Find the band roles, such as red and near infrared, from a file's metadata and name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

PLANETSCOPE = {
    4: ("blue", "green", "red", "nir"),
    8: ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
}
"""Roles in PlanetScope's analytic products, by number of bands."""

ROLES = frozenset(
    {*PLANETSCOPE[8], "rededge1", "rededge2", "rededge3", "nir08", "swir16", "swir22", "pan"}
)
"""Common band names, as in STAC, and PlanetScope's own names."""

SPELLINGS = {
    "coastal": "coastal_blue",
    "coastal_aerosol": "coastal_blue",
    "coastalblue": "coastal_blue",
    "greeni": "green_i",
    "green_1": "green_i",
    "green1": "green_i",
    "near_infrared": "nir",
    "nir08": "nir",
    "red_edge": "rededge",
}

_PLANET_ANALYTIC = re.compile(
    r"AnalyticMS|BGRN_Analytic"
    # An ortho tile, also if a tool has shortened its name: strip, tile, date, satellite.
    r"|^\d+_\d{7}_\d{4}-\d{2}-\d{2}_[0-9a-f]{4}_"
)


def band_roles(
    descriptions: Sequence[str | None],
    colours: Sequence[str],
    evidence: Sequence[str],
    eight_bit: bool,
) -> tuple[str, ...]:
    """Find the role of each band: by description, by product name, then by colour.

    Colours are used only for 8-bit images: PlanetScope's analytic products store blue first, but
    their TIFF header calls the first three bands red, green, blue.

    Parameters
    ----------
    descriptions
        Description of each band in the file, if any.
    colours
        Colour interpretation of each band, as GDAL names it.
    evidence
        File name and metadata, which may contain the name of a product.
    eight_bit
        Whether the pixels are uint8.

    Returns
    -------
    tuple of str
        One role per band, all different. A band of unknown role keeps its description in lower
        case, or is called `b1`, `b2` and so on by its position.
    """
    count = len(descriptions)
    described = _standard(descriptions)
    if not ROLES.isdisjoint(described):
        found = described
    elif count in PLANETSCOPE and any(map(_PLANET_ANALYTIC.search, evidence)):
        found = PLANETSCOPE[count]
    elif eight_bit and {"red", "green", "blue"} <= set(colours):
        found = _standard([colour if colour != "undefined" else None for colour in colours])
    else:
        found = described
    named = _numbered(found, lambda role: role != "")
    # A band described as b2 at another position than the second can clash with the second band.
    return named if len(set(named)) == count else _numbered(found, ROLES.__contains__)


def true_colour(roles: Sequence[str]) -> tuple[int, int, int]:
    """Positions of the bands to show as red, green and blue, from 0; all equal means grey."""
    if {"red", "green", "blue"} <= set(roles):
        return roles.index("red"), roles.index("green"), roles.index("blue")
    return (0, 1, 2) if len(roles) >= 3 else (0, 0, 0)


def _standard(descriptions: Sequence[str | None]) -> tuple[str, ...]:
    """Standardise band names; empty if a band has none."""
    names = [re.sub(r"[\s-]+", "_", (text or "").strip().lower()) for text in descriptions]
    standard = [SPELLINGS.get(name, name) for name in names]
    # Sentinel-2 has nir and nir08, so one must not take the other's name.
    return tuple(
        name if role in names else role for name, role in zip(names, standard, strict=True)
    )


def _numbered(names: Sequence[str], is_kept: Callable[[str], bool]) -> tuple[str, ...]:
    """Name bands by their position, unless a name is known and unique."""
    return tuple(
        name if is_kept(name) and names.count(name) == 1 else f"b{place}"
        for place, name in enumerate(names, start=1)
    )
