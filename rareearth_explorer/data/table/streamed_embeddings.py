"""The embeddings of a table's file in pieces, so that they are never all in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.numbers import decode_embeddings
from rareearth_explorer.data.numbers.number_decoding import present_rows
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.table.chosen_rows import filtered
from rareearth_explorer.data.table.stored_embeddings import Numbers, Rows, StoredEmbeddings
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(eq=False)
class StreamedEmbeddings(StoredEmbeddings):
    """Embeddings that are decoded twice, a batch of rows at once.

    First each row is told to hold data or not; then, in `pieces`, the rows that are read are given.

    Attributes
    ----------
    progress
        Whether to show progress on standard error.
    """

    progress: bool = field(default=False, kw_only=True)

    @property
    def present(self) -> Rows:
        """(N,) which rows have a value."""
        return self._seen[0]

    @property
    def embedded(self) -> Rows:
        """(N,) which rows have an embedding: numbers that are finite, and not all zero."""
        return self._seen[1]

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._seen[2]

    def pieces(self, kept: Rows, others: Sequence[str]) -> Iterator[tuple[Numbers, pa.Table]]:
        """Decode the embeddings of some rows, in their order, with other columns as stored.

        Parameters
        ----------
        kept
            (N,) the rows; all of them have an embedding.
        others
            Names of columns.
        """
        names = [*dict.fromkeys((*self.found.names, *others))]
        for table, here in self._batches("importing", names):
            there, wanted = self.present[here], kept[here]
            if wanted.any():
                numbers = self._decode(table)[wanted[there]]
                yield numbers, filtered(table.select([*others]), wanted)

    @cached_property
    def _seen(self) -> tuple[Rows, Rows, int]:
        present, embedded = (np.zeros(self.source.rows, bool) for _ in range(2))
        lengths = set[int]()
        for table, here in self._batches("reading", self.found.names):
            there = present_rows(table, self.found)
            present[here] = there
            if not there.any():
                continue
            numbers = self._decode(table)
            lengths.add(numbers.shape[1])
            holds = _holds_data(numbers)
            if self.ours and not holds.all():
                raise TableError(f"{self.source.path}: an embedding is not finite.")
            embedded[here] = _spread(there, holds)
        if len(lengths) != 1 or not embedded.any():
            raise TableError(f"{self.source.path}: it has no embeddings of one length.")
        return present, embedded, lengths.pop()

    def _batches(self, doing: str, names: Sequence[str]) -> Iterator[tuple[pa.Table, slice]]:
        """Read columns in pieces, each with its place among the rows."""
        start, title = 0, f"{doing} {self.source.path.name}"
        with progress_bar(title, "row", self.source.rows, shown=self.progress) as bar:
            for group in self.source.groups:
                for table in self.source.batches(group, names):
                    yield table, slice(start, start + len(table))
                    start += len(table)
                    bar.update(len(table))

    def _decode(self, table: pa.Table) -> Numbers:
        return decode_embeddings(table, self.found, self.source.path, self.dtype, self.coding)


def _holds_data(numbers: Numbers) -> Rows:
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(numbers, axis=1)
    return np.asarray(np.isfinite(norms) & (norms > 0))


def _spread(there: Rows, holds: npt.NDArray[np.bool_]) -> Rows:
    spread = there.copy()
    spread[there] = holds
    return spread
