"""A column of text with a whole place in each cell: two coordinates, UTM or MGRS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places.angles import NO_VALUE
from rareearth_explorer.data.places.grid_text import parse_grid
from rareearth_explorer.data.places.pair_text import GEOPOINT, Order, Pair, parse_pair
from rareearth_explorer.data.places.place_source import PlaceSource, short

Degrees = npt.NDArray[np.float64]


def lonlat_of_texts(
    source: PlaceSource, column: str, named: Order, texts: Sequence[str | None]
) -> tuple[Degrees, tuple[str, ...]] | None:
    """Longitude and latitude of each text of a column.

    Letters N, S, E and W tell which number is the latitude; else the column's name does; else the
    four numbers of a geopoint; else a number beyond 90, which is a longitude in every row.

    Parameters
    ----------
    source
        The table, for errors.
    column
        Name of the column.
    named
        Which coordinate its name puts first.
    texts
        N texts; None and words for no value stand for no place.

    Returns
    -------
    (N, 2) lon/lat, NaN where there is no place, and clauses about how they were read; None if no
    text is a place.

    Raises
    ------
    ExplorerError
        Some texts are places and one is not, or which number is the latitude is not known.
    """
    pairs: list[Pair | None] = []
    odd = None
    grids = False
    for row, text in enumerate(texts):
        pair = None
        if text is not None and text.strip().lower() not in NO_VALUE:
            pair, on_grid = _pair(source, column, row, text)
            grids = grids or on_grid
            if pair is None and odd is None:
                odd = row
        pairs.append(pair)
    if all(pair is None for pair in pairs):
        return None
    if odd is not None:
        source.refuse(
            f"row {odd + 1} has {short(texts[odd])} in column {column!r}, which is not a place; "
            "mend or remove it."
        )
    lonlat, by_values = _in_order(source, column, named, pairs)
    notes = [f"the UTM and MGRS coordinates in column {column!r} are taken as WGS 84"] * grids
    if by_values:
        what = "latitude" if by_values == "lat" else "longitude"
        notes.append(f"the {what} comes first in column {column!r}, as its numbers show")
    return lonlat, tuple(notes)


def _pair(source: PlaceSource, column: str, row: int, text: str) -> tuple[Pair | None, bool]:
    """Parse a cell, and tell whether it is on a grid of UTM or MGRS."""
    try:
        on_grid = parse_grid(text)
    except ValueError as fault:
        source.refuse(
            f"row {row + 1} has {short(text)} in column {column!r}: {fault}; convert the column "
            "to longitude and latitude."
        )
    if on_grid is not None:
        return Pair(*on_grid, "lon"), True
    return parse_pair(text), False


def _in_order(
    source: PlaceSource, column: str, named: Order, pairs: Sequence[Pair | None]
) -> tuple[Degrees, Order]:
    """Put the longitude first, and tell which came first where only the numbers tell it."""
    lonlat = np.full((len(pairs), 2), np.nan)
    firsts: list[Order] = [_first(pair, named) for pair in pairs]
    silent = [pair for pair, first in zip(pairs, firsts, strict=True) if pair and not first]
    by_values = _shown_by(silent) if silent else ""
    if silent and not by_values:
        if source.crs is None and max(abs(each) for side in _sides(silent) for each in side) > 360:
            source.refuse(
                f"column {column!r} holds numbers that are not degrees, without a UTM zone; "
                "convert the column to longitude and latitude."
            )
        source.refuse(
            f"nothing tells which number in column {column!r} is the latitude; call it latlon if "
            "the latitude comes first, or lonlat if the longitude does."
        )
    for row, (pair, first) in enumerate(zip(pairs, firsts, strict=True)):
        if pair is not None:
            swapped = (first or by_values) == "lat"
            lonlat[row] = (pair.second, pair.first) if swapped else (pair.first, pair.second)
    return lonlat, by_values


def _first(pair: Pair | None, named: Order) -> Order:
    if pair is None:
        return ""
    return pair.order or named or ("lat" if pair.numbers == GEOPOINT else "")


def _shown_by(pairs: Sequence[Pair]) -> Order:
    """Which number comes first, if those beyond 90 are all on one side; else empty."""
    first, second = (any(abs(each) > 90 for each in side) for side in _sides(pairs))
    if first == second:
        return ""
    return "lon" if first else "lat"


def _sides(pairs: Sequence[Pair]) -> tuple[list[float], list[float]]:
    return [pair.first for pair in pairs], [pair.second for pair in pairs]
