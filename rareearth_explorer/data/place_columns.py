"""Column names of longitude and latitude in tables and lists of other tools."""

from __future__ import annotations

from collections.abc import Sequence

LON_NAMES = ("lon", "lng", "long", "longitude", "decimallongitude", "x", "xcoord", "pointx")
LAT_NAMES = ("lat", "latitude", "decimallatitude", "y", "ycoord", "pointy")
"""Names of coordinate columns, without case, spaces and underscores; the first match is used."""


def place_columns(columns: Sequence[str]) -> tuple[str, str] | None:
    """Find the columns of longitude and latitude by their names; None if either is missing.

    Examples
    --------
    >>> place_columns(["site", "Decimal Longitude", "decimalLatitude"])
    ('Decimal Longitude', 'decimalLatitude')
    """
    plain = {column.lower().replace("_", "").replace(" ", ""): column for column in columns}
    lon, lat = (
        next((plain[name] for name in names if name in plain), None)
        for names in (LON_NAMES, LAT_NAMES)
    )
    return None if lon is None or lat is None else (lon, lat)
