"""Columns of others that a table carries: ids, dates, and whatever else names its rows.

They are read only when they are shown or exported, so a table opens no slower for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rareearth_explorer.data.storage.safe_text import plain

if TYPE_CHECKING:
    import pyarrow as pa

RESERVED = frozenset(
    (
        *("geometry", "embedding", "row", "col", "umap_x", "umap_y"),
        *("patch", "score", "rank", "round", "active", "template", "verdict", "note", "pools"),
        *("activity", "lon", "lat", "wkt", "name", "description", "fid"),
    )
)
"""Names that our tables and exports use themselves, in lower case."""

PREFIX = "source_"
"""Stands before the name of a carried column that is reserved."""

LONGEST_NAME = 60
"""Characters of a name that are kept."""


@dataclass(frozen=True, eq=False)
class CarriedColumns:
    """Carried columns of a table, of which none is read before it is asked for.

    Attributes
    ----------
    names
        From `carried_columns`.
    stored
        Reads columns, by their names in the file, of the rows that are read.
    """

    names: Mapping[str, str]
    stored: Callable[[Sequence[str]], pa.Table]

    def read(self) -> pa.Table:
        """Read and decode all of them."""
        return decoded(self.stored([*self.names]), self.names)

    def titles(self, known: Collection[str] = ()) -> Titles:
        """Read the columns that name a row, and no others; `known` as for `title_columns`."""
        chosen = {*title_columns(self.names.values(), known)}
        names = {stored: name for stored, name in self.names.items() if name in chosen}
        return Titles(self.stored([*names]), names)


@dataclass(frozen=True, eq=False)
class Titles:
    """What names each row of a table, decoded one row at a time."""

    stored: pa.Table
    names: Mapping[str, str]

    def of(self, row: int) -> tuple[str, ...]:
        """Id and date of a row, as far as it has them."""
        table = decoded(self.stored.slice(row, 1), self.names)
        values = [value for column in table.columns for value in column.to_pylist()]
        return tuple(str(value) for value in values if value not in (None, ""))


def carried_columns(schema: pa.Schema, taken: Collection[str]) -> dict[str, str]:
    """Choose the columns to carry: all with one text, number, truth value or time a row.

    Parameters
    ----------
    schema
        Columns of the file.
    taken
        Names of those that are read for another purpose.

    Returns
    -------
    The name of each in the file, and what it is called in our tables and exports: names that differ
    in more than case, and none that is `RESERVED`.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for field in schema:
        if field.name in taken or field.name in names or not _is_simple(field.type):
            continue
        name = plain(field.name)[:LONGEST_NAME].strip() or "unnamed"
        name = f"{PREFIX}{name}" if name.lower() in RESERVED else name
        number, free = 2, name
        while free.lower() in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free.lower())
        names[field.name] = free
    return names


def decoded(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Bring carried columns to types that every format has: text, numbers, truth values, times.

    Parameters
    ----------
    table
        The columns as the file has them.
    names
        From `carried_columns`.
    """
    import pyarrow as pa

    return pa.table({to: _decoded(table.column(name)) for name, to in names.items()})


def title_columns(names: Iterable[str], known: Collection[str] = ()) -> list[str]:
    """Choose the columns that tell a row from others at a glance: an id, and a date.

    Parameters
    ----------
    names
        Those of the carried columns.
    known
        Those that the recipe of the table names.
    """
    names = list(names)
    if chosen := [name for name in names if name in known]:
        return chosen
    return [name for name in names if name.lower() in _TITLES][:2]


_TITLES = frozenset(
    (
        *("id", "name", "source_name", "title", "tile", "tile_id", "patch_id", "chip_id"),
        *("chips_id", "unique_id", "date", "datetime", "timestamp", "time", "acquired"),
    )
)


def _is_simple(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    if pat.is_dictionary(kind):
        return _is_simple(kind.value_type)
    return bool(
        pat.is_string(kind) or pat.is_large_string(kind) or pat.is_boolean(kind)
        or pat.is_integer(kind) or pat.is_floating(kind)
        or pat.is_timestamp(kind) or pat.is_date(kind)
    )  # fmt: skip


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.types as pat

    if pat.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pat.is_date(kind):
        return column.cast(pa.string())
    if pat.is_string(kind) or pat.is_large_string(kind):
        texts = [text if text is None else plain(text) for text in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column.cast(pa.float32()) if pat.is_float16(kind) else column
