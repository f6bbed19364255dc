"""Patch tables whose embeddings are read in pieces, never all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.recipes.chosen_coding import stored_type
from rareearth_explorer.data.table.carried_columns import decoded
from rareearth_explorer.data.table.own_columns import is_ours
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.reading import Reading
from rareearth_explorer.data.table.recorded_facts import recorded_facts
from rareearth_explorer.data.table.rows_to_read import RowsToRead, embeddings_of, rows_to_read
from rareearth_explorer.data.table.stored_embeddings import StoredEmbeddings
from rareearth_explorer.data.table.streamed_embeddings import StreamedEmbeddings
from rareearth_explorer.data.table.table_columns import recipe_to_follow

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class TablePieces:
    """A patch table, whose embeddings are read in pieces.

    Its attributes are those of `PatchTable`.
    """

    _rows: RowsToRead
    _stored: StreamedEmbeddings

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def corners(self) -> npt.NDArray[np.float64]:
        """(N, 4, 2) lon/lat of the footprints."""
        return self._rows.chosen.corners

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._stored.dim

    @property
    def columns(self) -> Mapping[str, Any]:
        """`row`, `column`, `umap` and `activity`, each an array or None."""
        return self._rows.columns

    @property
    def metadata(self) -> dict[str, Any]:
        """Recorded facts."""
        return self._rows.facts

    @property
    def left_out(self) -> Mapping[str, int]:
        """Numbers of rows that were left out, by what they lack."""
        return self._rows.chosen.left_out

    @property
    def notes(self) -> tuple[str, ...]:
        """Clauses about the file that its reader should know."""
        return self._rows.notes(self.dim)

    @property
    def embedding_column(self) -> str:
        """Name of the file's column that holds the embeddings."""
        return self._stored.found.title

    @property
    def recipe(self) -> str:
        """Name of the recipe that the file follows, or that it was imported by."""
        return self._rows.recipe_name(self.dim)

    @property
    def carried(self) -> pa.Schema | None:
        """Columns of others that are carried, or None."""
        import pyarrow as pa

        names = self._rows.carried
        if not names:
            return None
        fields = [self._stored.source.schema.field(name) for name in names]
        return decoded(pa.schema(fields).empty_table(), names).schema

    def pieces(self) -> Iterator[tuple[npt.NDArray[np.float32], pa.Table | None]]:
        """Decode the embeddings, (n, D) of n rows in their order, with the carried columns."""
        names = self._rows.carried
        for numbers, others in self._stored.pieces(self._rows.chosen.kept, [*names]):
            yield numbers, decoded(others, names) if names else None


def read_in_pieces(source: ParquetSource, how: Reading, *, progress: bool = False) -> TablePieces:
    """Read an opened patch table whose embeddings are never all in memory.

    Memory holds about 600 bytes for each row, most of them while footprints are decoded, and a
    batch of rows.

    Parameters
    ----------
    source, how
        As for `read_table`, which also lists the errors.
    progress
        Whether to show progress on standard error.
    """
    rows = rows_to_read(source, how, partial(StreamedEmbeddings, progress=progress))
    assert isinstance(rows.stored, StreamedEmbeddings)
    return TablePieces(rows, rows.stored)


def may_be_in_pieces(source: ParquetSource, how: Reading) -> bool:
    """Whether each row tells alone what its numbers are: bytes without a type do not."""
    facts, _ = recorded_facts(source.schema.metadata)
    recipe = recipe_to_follow(source.schema, how, ours=is_ours(facts))
    stored = embeddings_of(source, how, recipe, StoredEmbeddings, ours=is_ours(facts))
    return stored_type(source.schema, stored.found) != "bytes" or stored.dtype is not None
