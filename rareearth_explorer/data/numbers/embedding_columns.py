"""Which column of a table holds the embeddings, or which columns hold one number each."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rareearth_explorer.data.arrow_kinds import is_bytes, is_list
from rareearth_explorer.data.places.declared_crs import shape_column
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

EMBEDDING_NAMES = ("embedding", "embeddings", "vector", "features", "clay_embedding")
"""Names of a column of embeddings, the usual ones first."""

FEWEST_WIDE = 8
"""Fewest numbered columns that are taken for an embedding without being asked for."""

_NUMBERED = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True)
class Embeddings:
    """The columns of the embeddings.

    Attributes
    ----------
    names
        One column of lists or bytes, or a column for each number, in order.
    wide
        Whether each column is one number of the embedding.
    """

    names: tuple[str, ...]
    wide: bool = False

    @property
    def title(self) -> str:
        """What to call them: the name of the column, or the first and last of many."""
        return f"{self.names[0]}...{self.names[-1]}" if self.wide else self.names[0]


def find_embeddings(schema: pa.Schema, name: object, column: str | None = None) -> Embeddings:
    """Find the columns of the embeddings.

    Without `column` it is one of the usual names, the only column of lists, the only column of
    bytes, or the only run of at least eight numbered columns, such as A00 to A63.

    Parameters
    ----------
    schema
        That of the table.
    name
        What to call the file in errors.
    column
        Name of the column; or a pattern such as "A*" for one number in each column.

    Raises
    ------
    TableError
        There is none, or several could be it.
    """
    if column is not None:
        return _named(schema, name, column)
    known = [each for each in EMBEDDING_NAMES if each in schema.names]
    if known:
        return Embeddings((known[0],))
    places = shape_column(schema)
    others = [each for each in schema if each.name not in (places, "bbox")]
    lists = [Embeddings((each.name,)) for each in others if is_list(each.type)]
    binary = [Embeddings((each.name,)) for each in others if is_bytes(each.type)]
    for found in (lists, binary, _runs(schema)):
        if len(found) == 1:
            return found[0]
    raise TableError(
        f"{name}: there is no embedding column among {_listed(schema.names)}; "
        "name it with column=... or --column, or numbered columns as 'A*'."
    )


def _named(schema: pa.Schema, name: object, column: str) -> Embeddings:
    if column in schema.names:
        return Embeddings((column,))
    matching = [each for each in schema.names if fnmatchcase(each, column)]
    runs = [run for run in _runs(schema, fewest=1) if set(run.names) <= set(matching)]
    if len(runs) == 1:
        return runs[0]
    raise TableError(
        f"{name}: there is no column {column!r}; choose one of {_listed(schema.names)}."
    )


def _runs(schema: pa.Schema, fewest: int = FEWEST_WIDE) -> list[Embeddings]:
    """Find columns of numbers whose names differ in a number alone, which counts up by one."""
    runs: dict[str, dict[int, str]] = defaultdict(dict)
    for each in schema:
        found = _NUMBERED.fullmatch(each.name)
        if found and _is_number(each.type):
            runs[found[1]][int(found[2])] = each.name
    return [
        Embeddings(tuple(run[number] for number in sorted(run)), wide=True)
        for run in runs.values()
        if len(run) >= fewest and max(run) - min(run) == len(run) - 1
    ]


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow.types as pat

    return bool(pat.is_floating(kind) or pat.is_integer(kind))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
