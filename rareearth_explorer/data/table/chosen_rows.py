"""Which rows of a table are read, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.places import Places
from rareearth_explorer.data.places.lonlat_box import holds
from rareearth_explorer.data.table.footprints import corners_of
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.several_dates import (
    NEWEST,
    newest_rows,
    repeated_rows,
    rows_of_date,
    several_dates,
)
from rareearth_explorer.data.table.stored_embeddings import StoredEmbeddings
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

Rows = npt.NDArray[np.bool_]
Corners = npt.NDArray[np.float64]

NO_DATA = "whose embedding is no data (zeros only, or a number that is not finite)"
"""What is said of rows whose numbers are no embedding."""

OUTSIDE, OTHER_DATES = "outside the box", "of other dates"
"""What is said of rows that are not asked for."""

NONE_IN_BOX = "no row lies in the box; check --bbox"


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """The rows that are read.

    Attributes
    ----------
    kept
        (N,) True for the M rows that are read.
    corners
        (M, 4, 2) lon/lat of their footprints.
    left_out
        Numbers of the other rows, by what they lack.
    notes
        Clauses about rows that lie on top of each other.
    """

    kept: Rows
    corners: Corners
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def chosen_rows(
    others: pa.Table,
    stored: StoredEmbeddings,
    places: Places,
    how: Reading,
    size: float | None,
    *,
    ours: bool,
) -> ChosenRows:
    """Choose the rows to read: those with an embedding and a place, of the date and box asked for.

    Rows of one place and one date repeat each other, as where the tiles of a product overlap; the
    first is read.

    Parameters
    ----------
    others
        N rows, with the columns of dates.
    stored, places
        Of the N rows.
    how
        What the user says.
    size
        Side in metres of the squares around points, as the recipe has it; or None.
    ours
        Whether the table has a patch grid, so that no place is repeated.

    Raises
    ------
    TableError
        No row remains, or the footprints cannot be made.
    """
    path = stored.source.path
    left_out: dict[str, int] = {}
    kept = np.ones(len(others), bool)
    for why, rows in _with_all(others, stored, places, how):
        left_out[why] = int((kept & ~rows).sum())
        kept &= rows
    _require_some(kept, path, "no row has both an embedding and a place; mend the table")
    corners = corners_of(places.shapes[kept], path, how.spacing, usual=size)
    for why, find in _CHOICES.items():
        rows = (
            np.ones(len(corners), bool)
            if ours and find is _first
            else find(corners, filtered(others, kept), how, path)
        )
        left_out[why] = int((~rows).sum())
        kept[kept] = rows
        corners = corners[rows]
        _require_some(kept, path, NONE_IN_BOX)
    said = None if ours else several_dates(corners, filtered(others, kept))
    counted = {why: count for why, count in left_out.items() if count}
    return ChosenRows(kept, corners, counted, (said,) if said else ())


def _with_all(
    others: pa.Table, stored: StoredEmbeddings, places: Places, how: Reading
) -> Iterator[tuple[str, Rows]]:
    """Yield what a row needs, and which rows have it."""
    yield "without an embedding", stored.present
    yield NO_DATA, stored.embedded
    yield "without a place", places.present
    if how.date not in (None, NEWEST):
        yield OTHER_DATES, rows_of_date(others, how.date, stored.source.path)


def _within(corners: Corners, _: pa.Table, how: Reading, __: object) -> Rows:
    if how.bbox is None:
        return np.ones(len(corners), bool)
    return holds(how.bbox, corners.mean(axis=1))


def _newest(corners: Corners, here: pa.Table, how: Reading, path: object) -> Rows:
    if how.date != NEWEST:
        return np.ones(len(corners), bool)
    return newest_rows(corners, here, path)


def _first(corners: Corners, here: pa.Table, _: Reading, __: object) -> Rows:
    return ~repeated_rows(corners, here)


_CHOICES = {
    OUTSIDE: _within,
    "older than the newest of their place": _newest,
    "that repeat a place": _first,
}
"""Choices among the rows with an embedding and a place, by what is said of the others."""


def _require_some(kept: Rows, path: object, problem: str) -> None:
    if not kept.any():
        raise TableError(f"{path}: {problem}.")


def filtered(table: pa.Table, rows: Rows) -> pa.Table:
    """Return the rows of a table, (N,), that are True; the table itself if all are."""
    import pyarrow as pa

    return table if rows.all() else table.filter(pa.array(rows))
