"""Tables with several rows at one place: the dates of one patch, of which a hunt needs one."""

from __future__ import annotations

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
        values = _texts(table, column)
        found = np.array([value.startswith(date) for value in values])
        if found.any():
            return found
    raise TableError(
        f"{name}: no row is of {date!r}; its dates are {_listed(_texts(table, columns[0]))}."
    )


def several_dates(corners: npt.NDArray[np.float64], table: pa.Table) -> str | None:
    """Say that patches lie on top of each other, and which dates they are of; None if none do."""
    places = len(np.unique(corners.reshape(len(corners), -1).round(7), axis=0))
    if places == len(corners):
        return None
    where = "one place" if places == 1 else f"{places:,} places"
    said = f"{len(corners):,} patches lie at {where}, on top of each other"
    for column in date_columns(table.column_names):
        if len(set(values := _texts(table, column))) > 1:
            return (
                f"{said}; column {column!r} has {_listed(values)}: choose one with "
                "'rareearth-explorer import --date'"
            )
    return f"{said}; keep one row for each place"


def _texts(table: pa.Table, column: str) -> list[str]:
    return ["" if value is None else _text(value) for value in table.column(column).to_pylist()]


def _text(value: object) -> str:
    written = getattr(value, "isoformat", None)
    return str(written() if written else value)


def _listed(values: list[str]) -> str:
    dates = sorted({value for value in values if value})
    more = len(dates) - MOST_LISTED
    return ", ".join(dates[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
