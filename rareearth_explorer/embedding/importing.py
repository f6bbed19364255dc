"""Import of embeddings from other tools: GeoParquet in, patch table out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rareearth_explorer.data.table import TableWriter, add_projection, open_table
from rareearth_explorer.embedding.provenance import file_identity

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
    dropped
        Number of rows without an embedding, which were left out.
    dim
        Length of an embedding.
    """

    table: Path
    patches: int
    dropped: int
    dim: int


def import_table(source: Path, target: Path, *, column: str | None = None) -> ImportReport:
    """Write embeddings of another tool as a patch table.

    Parameters
    ----------
    source
        GeoParquet with embeddings as lists of numbers, or as binary float32.
    target
        Path of the patch table to write; it may be the source.
    column
        Name of the embedding column; None detects it.

    Raises
    ------
    TableError
        The source has no embeddings or footprints, or the target cannot be written.
    """
    found = open_table(source, column=column)
    origin = {"column": found.embedding_column, "dropped": found.dropped}
    metadata = {**found.metadata, "imported": {**file_identity(source), **origin}}
    placed = found.row is not None and found.column is not None
    with TableWriter(target, found.dim, metadata, placed=placed) as writer:
        for start in range(0, len(found), ROW_GROUP):
            part = slice(start, start + ROW_GROUP)
            row, col = (each if each is None else each[part] for each in (found.row, found.column))
            writer.append(row, col, found.corners[part], found.embeddings[part])
    if found.umap is not None:
        add_projection(target, found.umap, found.metadata.get("projection", {}))
    return ImportReport(target, len(found), found.dropped, found.dim)
