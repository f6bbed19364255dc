"""Import of embeddings from other tools: GeoParquet in, patch table out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
    open_table,
)
from rareearth_explorer.data.table.parquet_source import open_source
from rareearth_explorer.data.table.row_selection import may_be_selected, selection
from rareearth_explorer.data.table.table_reading import read_table
from rareearth_explorer.errors import TableError

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
) -> ImportReport:
    """Write embeddings of another tool as a patch table.

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
        found = read_table(opened, how)
        with _whole(target) as beside:
            return _write(found, beside, target, _origin(source, how, found))
    with _whole(target) as beside, selection(opened, how, beside.parent) as rows:
        table = open_table(rows.path, reading=rows.reading)
        left_out = Counter(rows.left_out) + Counter(table.left_out)
        found = replace(table, left_out=dict(left_out))
        return _write(found, beside, target, _origin(source, rows.reading, found))


def _origin(source: Path | Address, reading: Reading, found: PatchTable) -> dict[str, Any]:
    """Describe where the embeddings come from and how they were read, as JSON types."""
    how = {key: value for key, value in vars(reading).items() if value is not None}
    if found.recipe:
        how["recipe"] = found.recipe
        how["licence"] = recipe_called(found.recipe).licence
    read = {**how, "column": found.embedding_column, "dropped": found.dropped}
    return {**_identity(source), **read}


def _write(found: PatchTable, beside: Path, target: Path, origin: dict[str, Any]) -> ImportReport:
    """Write an opened table to `beside` as a patch table of ours."""
    metadata = {**found.metadata, "imported": origin}
    placed = found.row is not None and found.column is not None
    carried = found.carried
    schema = None if carried is None else carried.schema
    with TableWriter(beside, found.dim, metadata, placed=placed, carried=schema) as writer:
        for start in range(0, len(found), ROW_GROUP):
            part = slice(start, start + ROW_GROUP)
            row, col = (each if each is None else each[part] for each in (found.row, found.column))
            beside_them = None if carried is None else carried[part]
            writer.append(row, col, found.corners[part], found.embeddings[part], beside_them)
    if found.umap is not None:
        add_projection(beside, found.umap, found.metadata.get("projection", {}))
    return ImportReport(target, len(found), found.left_out, found.dim, found.notes)


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
