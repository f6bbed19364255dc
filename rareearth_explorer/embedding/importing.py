"""Import of embeddings from other tools: GeoParquet in, patch table out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.file_kinds import parquet_parts
from rareearth_explorer.data.recipes import recipe_called
from rareearth_explorer.data.storage.file_identity import file_identity
from rareearth_explorer.data.storage.remote_files import Address
from rareearth_explorer.data.storage.replacing import explained, replacing
from rareearth_explorer.data.table import (
    PatchTable,
    Reading,
    TableWriter,
    add_projection,
)
from rareearth_explorer.data.table.parquet_source import ParquetSource, open_source
from rareearth_explorer.data.table.row_selection import may_be_selected, selection
from rareearth_explorer.data.table.table_pieces import (
    TablePieces,
    may_be_in_pieces,
    read_in_pieces,
)
from rareearth_explorer.data.table.table_reading import read_table
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 4096
"""Patches in a row group of the table."""


@dataclass(frozen=True)
class ImportReport:
    """The result of an import.

    Attributes
    ----------
    table
        The patch table.
    patches
        Number of patches in it.
    left_out
        Numbers of rows that were left out, by what they lack.
    dim
        Length of an embedding.
    notes
        Clauses about the source that its reader should know.
    """

    table: Path
    patches: int
    left_out: Mapping[str, int]
    dim: int
    notes: tuple[str, ...] = ()

    @property
    def dropped(self) -> int:
        """Number of rows that were left out."""
        return sum(self.left_out.values())


def import_table(
    source: Path | Address,
    target: Path,
    *,
    column: str | None = None,
    reading: Reading | None = None,
    progress: bool = False,
) -> ImportReport:
    """Write embeddings of another tool as a patch table.

    The embeddings are never all in memory, only about 600 bytes for each row and 65,536 rows at
    once; except where bytes do not say what type their numbers are.

    Parameters
    ----------
    source
        Parquet file, or folder of its parts, with embeddings and places in any usual encoding; or
        the address of one, of which only the row groups of the box and date are fetched.
    target
        Path of the patch table to write; it may be the source.
    column
        Name of the embedding column; None detects it.
    reading
        What else the source does not say.
    progress
        Whether to show progress on standard error.

    Raises
    ------
    TableError
        The source has no embeddings or footprints or does not say what they are, or the target
        cannot be written.
    """
    how = reading or Reading()
    how = replace(how, column=column) if column is not None else how
    opened = open_source(source)
    if isinstance(source, Path) and not may_be_selected(opened, how):
        with _whole(target) as beside:
            return _write(_read(opened, how, progress), beside, target, source, how)
    with _whole(target) as beside, selection(opened, how, beside.parent) as rows:
        found = _read(ParquetSource.open(rows.path), rows.reading, progress)
        return _write(found, beside, target, source, rows.reading, rows.left_out)


def _read(source: ParquetSource, how: Reading, progress: bool) -> PatchTable | TablePieces:
    """Read a table in pieces; in one where each row alone does not tell what its numbers are."""
    if not may_be_in_pieces(source, how):
        return read_table(source, how)
    try:
        return read_in_pieces(source, how, progress=progress)
    except TableError:
        # What is wrong is said of the table as a whole.
        return read_table(source, how)


def _origin(
    source: Path | Address, reading: Reading, found: PatchTable | TablePieces, dropped: int
) -> dict[str, Any]:
    """Describe where the embeddings come from and how they were read, as JSON types."""
    how = {key: value for key, value in vars(reading).items() if value is not None}
    if found.recipe:
        how["recipe"] = found.recipe
        how["licence"] = recipe_called(found.recipe).licence
    read = {**how, "column": found.embedding_column, "dropped": dropped}
    return {**_identity(source), **read}


def _write(
    found: PatchTable | TablePieces,
    beside: Path,
    target: Path,
    source: Path | Address,
    reading: Reading,
    left_out: Mapping[str, int] = MappingProxyType({}),
) -> ImportReport:
    """Write an opened table to `beside` as a patch table of ours."""
    counted = dict(Counter(left_out) + Counter(found.left_out))
    origin = _origin(source, reading, found, sum(counted.values()))
    metadata = {**found.metadata, "imported": origin}
    columns = found.columns if isinstance(found, TablePieces) else vars(found)
    row, col, umap = columns["row"], columns["column"], columns["umap"]
    placed = row is not None and col is not None
    schema = _carried_schema(found)
    with TableWriter(beside, found.dim, metadata, placed=placed, carried=schema) as writer:
        start = 0
        for embeddings, carried in _row_groups(_pieces(found)):
            part = slice(start, start + len(embeddings))
            start += len(embeddings)
            here, there = (each if each is None else each[part] for each in (row, col))
            writer.append(here, there, found.corners[part], embeddings, carried)
    if umap is not None:
        add_projection(beside, umap, found.metadata.get("projection", {}))
    return ImportReport(target, len(found), counted, found.dim, found.notes)


Piece = tuple[npt.NDArray[np.float32], "pa.Table | None"]
"""Embeddings of some rows, (n, D), and the columns that they carry."""


def _carried_schema(found: PatchTable | TablePieces) -> pa.Schema | None:
    carried = found.carried
    return carried.schema if isinstance(found, PatchTable) and carried is not None else carried


def _pieces(found: PatchTable | TablePieces) -> Iterator[Piece]:
    if isinstance(found, TablePieces):
        return found.pieces()
    return iter([(found.embeddings, found.carried)])


def _row_groups(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Cut and join pieces to row groups of `ROW_GROUP` rows, the last one smaller."""
    waiting: list[Piece] = []
    count = 0
    for numbers, carried in pieces:
        start = 0
        while start < len(numbers):
            stop = min(len(numbers), start + ROW_GROUP - count)
            part = None if carried is None else carried[start:stop]
            waiting.append((numbers[start:stop], part))
            count += stop - start
            start = stop
            if count == ROW_GROUP:
                yield _joined(waiting)
                waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(pieces: list[Piece]) -> Piece:
    import pyarrow as pa

    if len(pieces) == 1:
        return pieces[0]
    tables = [carried for _, carried in pieces if carried is not None]
    numbers = np.concatenate([numbers for numbers, _ in pieces])
    return numbers, pa.concat_tables(tables) if tables else None


def _identity(source: Path | Address) -> dict[str, Any]:
    """Identify the file, or the folder by its name and its parts; a remote one by its address."""
    if isinstance(source, Address):
        return {"name": f"{source}"}
    if not source.is_dir():
        return file_identity(source)
    parts = [file_identity(part) for part in parquet_parts(source)]
    return {"name": source.resolve().name, "parts": parts}


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Provide a temporary path, so that a table never lacks the UMAP that is added last.

    Raises
    ------
    TableError
        The table cannot be written; the sentence names `target`.
    """
    problem = "the table cannot be written there"
    with explained(target, problem, TableError), replacing(target, synced=True) as beside:
        try:
            yield beside
        except TableError as error:
            raise TableError(str(error).replace(f"{beside}", f"{target}")) from error
