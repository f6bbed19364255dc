"""Tables with several rows at one place: the dates of one patch, of which a hunt needs one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

DATE_NAMES = (
    *("date", "datetime", "timestamp", "time", "acquired", "acquisition_date", "acquisition_time"),
    *("start_datetime", "start_date", "date_start", "year", "month", "quarter", "season"),
)
"""Names of columns of dates, in lower case, the most exact first."""

NEWEST = "newest"
"""What is asked for instead of a date, for the newest row of each place."""

MOST_LISTED = 12
"""Largest number of dates in a sentence."""


def date_columns(names: list[str]) -> list[str]:
    """Find the columns that may hold dates, the most exact first."""
    lowered = {name.lower(): name for name in reversed(names)}
    return [lowered[name] for name in DATE_NAMES if name in lowered]


def rows_of_date(table: pa.Table, date: str, name: object) -> npt.NDArray[np.bool_]:
    """Tell which rows are of a date, (N,).

    Parameters
    ----------
    table
        The columns of dates.
    date
        A date, or its beginning: 2022 or 2022-01 take all rows that begin so.
    name
        What to call the file in errors.

    Raises
    ------
    TableError
        There are no dates, or no row is of this one.
    """
    columns = date_columns(table.column_names)
    if not columns:
        raise TableError(f"{name}: it has no column of dates; leave --date out.")
    for column in columns:
        found = begins_with(table, column, date)
        if found.any():
            return found
    raise TableError(
        f"{name}: no row is of {date!r}; its dates are {_listed(_texts(table, columns[0]))}."
    )


def begins_with(table: pa.Table, column: str, date: str) -> npt.NDArray[np.bool_]:
    """Tell in which rows a column of dates begins with `date`, (N,)."""
    return np.array([value.startswith(date) for value in _texts(table, column)], bool)


def newest_rows(
    corners: npt.NDArray[np.float64], table: pa.Table, name: object
) -> npt.NDArray[np.bool_]:
    """Tell which rows are the newest of their place, (N,); all of the newest date of a place.

    Parameters
    ----------
    corners
        (N, 4, 2) lon/lat.
    table
        The columns of dates, N rows.
    name
        What to call the file in errors.

    Raises
    ------
    TableError
        There are no dates.
    """
    dates = _dates(table)
    if dates is None:
        raise TableError(f"{name}: it has no column of dates; leave --date out.")
    place = _places(corners)
    order = np.lexsort((dates, place))
    last = np.flatnonzero(np.diff(place[order], append=-1) != 0)
    newest = np.empty(place.max() + 1, dates.dtype)
    newest[place[order][last]] = dates[order][last]
    return np.asarray(dates == newest[place])


def repeated_rows(corners: npt.NDArray[np.float64], table: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which rows have the place and the date of an earlier one, (N,)."""
    place, dates = _places(corners), _dates(table)
    if dates is not None:
        place = place * (len(place) + 1) + np.unique(dates, return_inverse=True)[1]
    repeated = np.ones(len(place), bool)
    repeated[np.unique(place, return_index=True)[1]] = False
    return repeated


def _places(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Give each place a number, (N,); corners that differ by less than a centimetre are one."""
    rounded = corners.reshape(len(corners), -1).round(7)
    return np.asarray(np.unique(rounded, axis=0, return_inverse=True)[1], np.int64).reshape(-1)


def _dates(table: pa.Table) -> npt.NDArray[np.str_] | None:
    """Dates as text that sorts by time, (N,), all columns together; None without any."""
    columns = [np.array(_texts(table, name)) for name in date_columns(table.column_names)]
    if not columns:
        return None
    # Months and years may be numbers of several lengths.
    return np.array([" ".join(each) for each in zip(*map(_padded, columns), strict=True)])


def _padded(column: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    longest = int(np.char.str_len(column).max(initial=0))
    return np.char.zfill(column, longest) if np.char.isdigit(column).all() else column


def only_day(table: pa.Table, column: str) -> date | None:
    """Day of a column of dates in which all rows have the same one; else None."""
    days = {text[:10] for text in _texts(table, column)}
    try:
        return date.fromisoformat(days.pop()) if len(days) == 1 else None
    except ValueError:  # only a year or a month
        return None


def several_dates(corners: npt.NDArray[np.float64], table: pa.Table) -> str | None:
    """Say that patches lie on top of each other, and which dates they are of; None if none do."""
    for column in date_columns(table.column_names):
        if len(set(values := _texts(table, column))) > 1:
            break
    else:  # rows of one place and one date are read once
        return None
    places = int(_places(corners).max()) + 1
    if places == len(corners):
        return None
    where = "one place" if places == 1 else f"{places:,} places"
    return (
        f"{len(corners):,} patches lie at {where}, on top of each other; column {column!r} has "
        f"{_listed(values)}: choose one with 'rareearth-explorer import --date'"
    )


def _texts(table: pa.Table, column: str) -> list[str]:
    return ["" if value is None else _text(value) for value in table.column(column).to_pylist()]


def _text(value: object) -> str:
    written = getattr(value, "isoformat", None)
    return str(written() if written else value)


def _listed(values: list[str]) -> str:
    dates = sorted({value for value in values if value})
    more = len(dates) - MOST_LISTED
    return ", ".join(dates[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
