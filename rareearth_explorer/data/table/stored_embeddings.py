"""The embeddings of a table's file: decoded at most once, normalised in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.arrow_kinds import is_bytes
from rareearth_explorer.data.numbers import Embeddings, decode_embeddings
from rareearth_explorer.data.numbers.number_decoding import present_rows
from rareearth_explorer.data.table.identity import table_identity
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.data.table.patch_table import unit_rows
from rareearth_explorer.data.table.unit_cache import LAYOUT, cached_array, cached_text
from rareearth_explorer.errors import TableError

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StoredEmbeddings:
    """Embeddings of the rows of a file that are read.

    Attributes
    ----------
    source
        The file.
    found
        Its columns of embeddings.
    dtype
        Type of the numbers in a binary column, or None.
    kept
        (N,) which rows are read; all of them have an embedding.
    embedded
        (N,) which rows have an embedding.
    stored_places
        Returns the stored place of each row that is read, as `table_identity` takes it.
    """

    source: ParquetSource
    found: Embeddings
    dtype: str | None
    kept: npt.NDArray[np.bool_]
    embedded: npt.NDArray[np.bool_]
    stored_places: Callable[[], Iterable[bytes]]

    def read(self) -> Numbers:
        """Decode the embeddings as stored, (M, D)."""
        return self._chosen(self._all())

    def units(self) -> Numbers:
        """Return rows of length 1, (M, D), from the cache if the file was opened before."""
        units = cached_array(self._key, self._normalise)
        if len(units) != self.embedded.sum():
            raise TableError(f"{self.source.path}: it changed while it was read; open it again.")
        return self._chosen(units)

    def identity(self) -> str:
        """Digest of the embeddings and places as stored."""
        return self._identity(self.read)

    def _identity(self, embeddings: Callable[[], Numbers]) -> str:
        key = self._key
        if not self._whole:
            key += f"-{hashlib.blake2b(self.kept.tobytes(), digest_size=8).hexdigest()}"
        return cached_text(key, lambda: table_identity(embeddings(), self.stored_places()))

    def _normalise(self) -> Numbers:
        stored = self._all()
        units = unit_rows(stored, str(self.source.path))
        if self._whole:
            self._identity(lambda: stored)  # now, because decoding again takes much longer
        return units

    def _all(self) -> Numbers:
        name = self.source.path
        return decode_embeddings(self.source.read(self.found.names), self.found, name, self.dtype)

    def _chosen(self, rows: Numbers) -> Numbers:
        return rows if self._whole else rows[self.kept[self.embedded]]

    @cached_property
    def _whole(self) -> bool:
        return int(self.kept.sum()) == int(self.embedded.sum())

    @cached_property
    def _key(self) -> str:
        return self.source.content_key(f"{self.found.title}{self.dtype or ''}", layout=LAYOUT)


def embedded_rows(source: ParquetSource, found: Embeddings) -> npt.NDArray[np.bool_]:
    """Tell which rows have an embedding, (N,); decodes the columns only if some have not.

    Raises
    ------
    TableError
        No row has one.
    """
    if source.whole(found.names):
        return np.ones(source.rows, bool)
    present = present_rows(source.read(found.names), found)
    if not present.any():
        raise TableError(
            f"{source.path}: every embedding in {found.title!r} is missing; embed again."
        )
    return present


def notes_on_numbers(
    source: ParquetSource, found: Embeddings, dtype: str | None
) -> tuple[str, ...]:
    """Say how numbers were taken that the file does not explain."""
    import pyarrow.types as pat

    kind: Any = source.schema.field(found.names[0]).type
    kind = getattr(kind, "storage_type", kind)
    if is_bytes(kind):
        how = dtype or "float32, as its numbers show"
        return (f"column {found.title!r} is binary, read as {how}",)
    while pat.is_nested(kind) and kind.num_fields == 1:
        kind = kind.field(0).type
    if pat.is_integer(kind):
        return (
            f"column {found.title!r} holds {kind}, taken as they are: if they are codes of other "
            "numbers, convert them before",
        )
    return ()
