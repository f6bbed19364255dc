"""The embeddings of a table's file: decoded at most once, normalised in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.numbers import Coding, Embeddings, decode_embeddings
from rareearth_explorer.data.numbers.number_decoding import present_rows
from rareearth_explorer.data.table.identity import table_identity
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.patch_table import unit_rows
from rareearth_explorer.data.table.unit_cache import LAYOUT, cached_array, cached_text
from rareearth_explorer.errors import TableError

Numbers = npt.NDArray[np.float32]
Rows = npt.NDArray[np.bool_]


@dataclass(eq=False)
class StoredEmbeddings:
    """All embeddings of a file that hold data.

    Attributes
    ----------
    source
        The file.
    found
        Its columns of embeddings.
    dtype
        Type of the numbers in a binary column, or None.
    coding
        What the stored numbers stand for.
    ours
        Whether the file is a patch table of ours: every row of it holds data, so a number that is
        not finite is damage. In files of others such rows stand for missing data.
    """

    source: ParquetSource
    found: Embeddings
    dtype: str | None
    coding: Coding
    ours: bool
    _decoded: Numbers | None = field(default=None, init=False)

    @cached_property
    def present(self) -> Rows:
        """(N,) which rows have a value; the columns are decoded only if some have not."""
        if self.source.whole(self.found.names):
            return np.ones(self.source.rows, bool)
        present = present_rows(self.source.read(self.found.names), self.found)
        if not present.any():
            raise TableError(
                f"{self.source.path}: every embedding in {self.found.title!r} is missing; embed "
                "again."
            )
        return present

    @cached_property
    def embedded(self) -> Rows:
        """(N,) which rows have an embedding: numbers that are finite, and not all zero."""
        present = int(self.present.sum())
        if len(self.units) == present:
            return self.present
        mask = cached_array(f"{self.key}-rows", lambda: _holds_data(self._all())[None])
        rows = self.present.copy()
        if mask.shape != (1, present) or mask.sum() != len(self.units):
            self._changed()
        rows[rows] = mask[0] > 0
        return rows

    @cached_property
    def units(self) -> Numbers:
        """Rows of length 1, (M, D), from the cache if the file was opened before."""
        units = cached_array(self.key, self._normalise)
        if len(units) > self.present.sum():
            self._changed()
        return units

    def read(self) -> Numbers:
        """Decode the embeddings, (M, D)."""
        numbers = self._all()
        return numbers if self.embedded is self.present else numbers[self.embedded[self.present]]

    def take_decoded(self) -> Numbers | None:
        """Hand over the numbers that making the units has decoded, (M, D); None if it did not."""
        decoded, self._decoded = self._decoded, None
        return decoded

    @cached_property
    def key(self) -> str:
        """Key of the units in the cache."""
        told = f"{self.found.title}{self.dtype or ''}"
        told += "" if self.coding.plain else repr(self.coding)
        return self.source.content_key(told, layout=LAYOUT)

    def _normalise(self) -> Numbers:
        numbers = self._all()
        there = np.ones(len(numbers), bool) if self.ours else _holds_data(numbers) > 0
        if not there.any():
            raise TableError(
                f"{self.source.path}: every embedding in {self.found.title!r} is of zeros or holds "
                "NaN or infinity; embed again."
            )
        self._decoded = numbers if there.all() else numbers[there]
        return unit_rows(self._decoded, str(self.source.path))

    def _all(self) -> Numbers:
        """Decode all rows that have a value."""
        columns = self.source.read(self.found.names)
        return decode_embeddings(columns, self.found, self.source.path, self.dtype, self.coding)

    def _changed(self) -> None:
        raise TableError(f"{self.source.path}: it changed while it was read; open it again.")


@dataclass(frozen=True, eq=False)
class KeptEmbeddings:
    """Embeddings of the rows of a file that are read.

    Attributes
    ----------
    stored
        All embeddings of the file.
    kept
        (N,) which rows are read; all of them have an embedding.
    stored_places
        Returns the stored place of each row that is read, as `table_identity` takes it.
    """

    stored: StoredEmbeddings
    kept: Rows
    stored_places: Callable[[], Iterable[bytes]]

    def read(self) -> Numbers:
        """Decode the embeddings, (M, D)."""
        return self._chosen(self.stored.read())

    def units(self) -> Numbers:
        """Return rows of length 1, (M, D)."""
        units = self._chosen(self.stored.units)
        decoded = self.stored.take_decoded()
        if decoded is not None:  # identified now, because decoding again takes much longer
            self._identity(lambda: self._chosen(decoded))
        return units

    def identity(self) -> str:
        """Digest of the embeddings and places as stored."""
        return self._identity(self.read)

    def _identity(self, embeddings: Callable[[], Numbers]) -> str:
        key = self.stored.key
        if not self._whole:
            key += f"-{hashlib.blake2b(self.kept.tobytes(), digest_size=8).hexdigest()}"
        return cached_text(key, lambda: table_identity(embeddings(), self.stored_places()))

    def _chosen(self, rows: Numbers) -> Numbers:
        return rows if self._whole else rows[self.kept[self.stored.embedded]]

    @cached_property
    def _whole(self) -> bool:
        return int(self.kept.sum()) == int(self.stored.embedded.sum())


def _holds_data(numbers: Numbers) -> Numbers:
    """Tell which rows are finite and not all zero, (M,) as 1 and 0."""
    # The norm is NaN or infinite exactly if a number is, or if it is beyond all embeddings.
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(numbers, axis=1)
    return np.asarray(np.isfinite(norms) & (norms > 0), np.float32)
