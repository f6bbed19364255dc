"""Parquet files as tables come in: one file, or a folder of parts with `key=value` folders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from rareearth_explorer.data.file_kinds import parquet_parts
from rareearth_explorer.data.storage.remote_files import Address, open_remote
from rareearth_explorer.data.table.native_geometries import native_geometries
from rareearth_explorer.errors import TableError, first_line

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

LARGEST_UNPACKED = 2 << 30
"""Bytes that columns may take in memory however small the file is."""

MOST_PACKED = 200
"""Times that columns may be larger in memory than in the file, beyond `LARGEST_UNPACKED`."""

BATCH = 65_536
"""Most rows that are read at once where a table is read in pieces."""


@dataclass(frozen=True)
class RowGroup:
    """A row group: the number of its file, its own in the file, and how many rows it has."""

    part: int
    number: int
    rows: int


@dataclass(frozen=True, eq=False)
class ParquetSource:
    """A table in one file, or in the files of a folder, read one after the other.

    Attributes
    ----------
    path
        The file or folder; of a remote table, its name.
    title
        What to call it in errors: its path or address.
    parts
        The file itself, or the files of the folder; none of a remote table.
    packed
        Bytes of all files.
    files
        The opened parts; all have the columns of the first.
    keys
        For each file, the values of its `key=value` folders.
    """

    path: Path
    title: str
    parts: tuple[Path, ...]
    packed: int
    files: tuple[pq.ParquetFile, ...]
    keys: tuple[dict[str, str], ...]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or the files of a folder.

        Raises
        ------
        TableError
            There is no file, one is not Parquet, or the parts of a folder do not belong together.
        """
        parts = tuple(parquet_parts(path)) if path.is_dir() else (path,)
        if not parts:
            raise TableError(f"{path}: there is no Parquet file in this folder; check the path.")
        files = tuple(_open(part) for part in parts)
        packed = sum(part.stat().st_size for part in parts)
        keys = tuple(_keys(part.relative_to(path).parts) for part in parts)
        return cls(path, f"{path}", parts, packed, files, keys)._checked(parts)

    @classmethod
    def open_remote(cls, address: Address) -> Self:
        """Open a file at an address, or the files below a prefix of a bucket.

        Raises
        ------
        TableError
            As for `open`; or the files cannot be reached.
        """
        found = open_remote(address)
        parts = [PurePosixPath(each.name) for each in found]
        files = tuple(
            _open(each.file, f"{address}" if len(found) == 1 else f"{address}: {each.name}")
            for each in found
        )
        name = Path(address.name if len(found) == 1 else f"{address.name}.parquet")
        keys = tuple(_keys(part.parts) for part in parts)
        packed = sum(each.size for each in found)
        return cls(name, f"{address}", (), packed, files, keys)._checked(parts)

    def _checked(self, parts: Sequence[PurePath]) -> Self:
        """Check that the parts belong together, and that there are rows."""
        for part, file in zip(parts, self.files, strict=True):
            if file.schema_arrow.names != self.files[0].schema_arrow.names:
                raise TableError(
                    f"{self.title}: {part.name} has other columns than {parts[0].name}; give a "
                    "folder of one table, or one file."
                )
        if self.rows == 0:
            raise TableError(
                f"{self.title}: the table has no rows; embed a scene that has valid pixels."
            )
        return self

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of the files, with the metadata of the first, and then of the folders."""
        import pyarrow as pa

        first = self.files[0]
        folders = [pa.field(key, pa.string()) for key in self._folder_keys]
        native = native_geometries(first)
        fields = [native.get(each.name, each) for each in first.schema_arrow] + folders
        return pa.schema(fields, metadata=first.metadata.metadata)

    @property
    def _folder_keys(self) -> list[str]:
        return [key for key in self.keys[0] if key not in self.files[0].schema_arrow.names]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(file.metadata.num_rows for file in self.files)

    def read(self, names: Sequence[str]) -> pa.Table:
        """Read columns of all rows.

        Raises
        ------
        TableError
            A file is damaged, or unpacks to far more than a table of embeddings can be.
        """
        import pyarrow as pa

        stored = [name for name in names if name not in self._folder_keys]
        self._check_size(stored)
        with self._readable():
            tables = [
                self._completed(file.read([*stored]), keys, names)
                for file, keys in zip(self.files, self.keys, strict=True)
            ]
            return pa.concat_tables(tables) if len(tables) > 1 else tables[0]

    @property
    def groups(self) -> Iterator[RowGroup]:
        """The row groups of all files, in the order of the rows."""
        for part, file in enumerate(self.files):
            for number in range(file.metadata.num_row_groups):
                yield RowGroup(part, number, file.metadata.row_group(number).num_rows)

    def batches(self, group: RowGroup, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read columns of a row group, by default all, at most `BATCH` rows at once.

        Raises
        ------
        TableError
            As for `read`.
        """
        import pyarrow as pa

        names = self.schema.names if names is None else names
        stored = [name for name in names if name not in self._folder_keys]
        self._check_size(stored)
        keys = self.keys[group.part]
        with self._readable():
            for batch in self.files[group.part].iter_batches(
                batch_size=BATCH, row_groups=[group.number], columns=stored
            ):
                yield self._completed(pa.Table.from_batches([batch]), keys, names)

    def whole(self, names: Sequence[str]) -> bool:
        """Whether the statistics of the files tell that no value of these columns is missing."""
        return all(
            chunk.statistics is not None and chunk.statistics.null_count == 0
            for file in self.files
            for chunk in _chunks(file, names)
        )

    def content_key(self, column: str, *, layout: str) -> str:
        """Digest of the bytes of all files and of the column read from them."""
        from rareearth_explorer.data.table.unit_cache import content_key

        if not self.path.is_dir():
            return content_key(self.path, column)
        digest = hashlib.blake2b(layout.encode(), digest_size=20)
        for part, keys in zip(self.parts, self.keys, strict=True):
            digest.update(f"{content_key(part, column)}{keys}".encode())
        return digest.hexdigest()

    def _completed(self, table: pa.Table, keys: dict[str, str], names: Sequence[str]) -> pa.Table:
        """Add the columns that the folders hold, and the metadata of the whole."""
        import pyarrow as pa

        for key in self._folder_keys:
            if key in names:
                table = table.append_column(key, pa.array([keys[key]] * len(table)))
        fields = [self.schema.field(name) for name in table.column_names]
        return pa.Table.from_arrays(
            table.columns, schema=pa.schema(fields, metadata=self.schema.metadata)
        )

    def _check_size(self, names: Sequence[str]) -> None:
        """Refuse columns that unpack to gigabytes from a small file, before they are read."""
        chunks = [chunk for file in self.files for chunk in _chunks(file, names)]
        unpacked = sum(max(c.total_uncompressed_size, 4 * c.num_values) for c in chunks)
        if unpacked > max(LARGEST_UNPACKED, MOST_PACKED * self.packed):
            raise TableError(
                f"{self.title}: {self.packed:,} bytes would unpack to {unpacked / 2**30:,.0f} GB; "
                "this is no table of embeddings."
            )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise TableError(
                f"{self.title}: the file is damaged ({first_line(error, most=100)}); copy or make "
                "it again."
            ) from error


def open_source(place: Path | Address) -> ParquetSource:
    """Open a table at a path or an address; errors are those of `ParquetSource.open`."""
    if isinstance(place, Address):
        return ParquetSource.open_remote(place)
    return ParquetSource.open(place)


def _open(file: Any, title: object = None) -> pq.ParquetFile:
    """Open a path, or a file that is open and called `title` in errors."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    title = file if title is None else title
    try:
        return pq.ParquetFile(file, pre_buffer=not isinstance(file, Path))
    except FileNotFoundError:
        raise TableError(f"{title}: there is no such file; check the path.") from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(
            f"{title}: this is not a complete Parquet file; make the table again with "
            "'rareearth-explorer embed'."
        ) from error


def _keys(names: Sequence[str]) -> dict[str, str]:
    """Values in the names of the folders above a part, such as year=2020; the last is its own."""
    pairs = [name.split("=", 1) for name in names[:-1] if "=" in name]
    return {key: value for key, value in pairs}


def _chunks(file: pq.ParquetFile, names: Sequence[str]) -> Iterator[pq.ColumnChunkMetaData]:
    """Yield the stored chunks of columns, all leaves of each."""
    leaves = [
        at
        for at in range(file.metadata.num_columns)
        if file.schema.column(at).path.split(".")[0] in names
        or file.schema.column(at).path in names
    ]
    for group in range(file.metadata.num_row_groups):
        for leaf in leaves:
            yield file.metadata.row_group(group).column(leaf)
