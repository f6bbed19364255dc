"""Columns of our own beside footprint and embedding: grid place, UMAP coordinates, activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

OWN_COLUMNS = ("row", "col", "umap_x", "umap_y", "activity")


def own_columns(table: pa.Table, facts: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the columns that our tables have, as far as they hold what they should.

    Parameters
    ----------
    table
        The rows that are read.
    facts
        What the file records; `grid` goes where a row or column lies outside of it. Columns whose
        origin is not recorded are those of others, and mean other things.

    Returns
    -------
    columns
        `row`, `column`, `umap` and `activity` of a `PatchTable`, each None if it is missing.
    notes
        A sentence for each that was left out.
    """
    notes = []
    row, column = _integers(table, "row"), _integers(table, "col")
    if not is_ours(facts) or row is None or column is None:
        row = column = None
    grid = facts.get("grid")
    if grid and row is not None and column is not None and not _within(row, column, grid):
        del facts["grid"]
        notes.append("its rows and columns lie outside its grid, so the grid is not used")
    umap = _umap(table) if "projection" in facts else None
    if umap is None and "projection" in facts:
        notes.append(
            "its columns umap_x and umap_y are no coordinates, so its projection is not used"
        )
    activity = _activity(table) if "activity" in facts else None
    columns = {"row": row, "column": column, "umap": umap, "activity": activity}
    return columns, tuple(notes)


def is_ours(facts: Mapping[str, Any]) -> bool:
    """Whether a file that records these facts was made by `embed` or `import`."""
    return bool({"encoder", "grid", "imported"} & set(facts))


def _within(
    row: npt.NDArray[np.int32], column: npt.NDArray[np.int32], grid: dict[str, Any]
) -> bool:
    ends = ((row, grid["rows"]), (column, grid["columns"]))
    return all(bool(((at >= 0) & (at < end)).all()) for at, end in ends)


def _integers(table: pa.Table, name: str) -> npt.NDArray[np.int32] | None:
    import pyarrow as pa
    import pyarrow.types as pat

    if name not in table.column_names or not pat.is_integer(table.schema.field(name).type):
        return None
    column = table.column(name)
    if column.null_count:
        return None
    try:
        return np.asarray(column.cast(pa.int32()).to_numpy(), np.int32)
    except pa.ArrowInvalid:  # larger than any grid
        return None


def _umap(table: pa.Table) -> npt.NDArray[np.float32] | None:
    axes = [_floats(table, name) for name in ("umap_x", "umap_y")]
    if axes[0] is None or axes[1] is None:
        return None
    coordinates = np.stack([axes[0], axes[1]], axis=-1)
    return coordinates if np.isfinite(coordinates).all() else None


def _activity(table: pa.Table) -> npt.NDArray[np.float32] | None:
    values = _floats(table, "activity")
    return None if values is None else np.where(np.isfinite(values), values, np.float32(np.nan))


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float32] | None:
    import pyarrow as pa
    import pyarrow.types as pat

    if name not in table.column_names or not pat.is_floating(table.schema.field(name).type):
        return None
    column = table.column(name).cast(pa.float32(), safe=False)
    return np.asarray(column.to_numpy(), np.float32)
