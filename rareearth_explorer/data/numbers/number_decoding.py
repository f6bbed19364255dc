"""From columns to one array of embeddings: lists, tensors, bytes, and a column for each number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.arrow_kinds import is_bytes, is_list
from rareearth_explorer.data.numbers.coding import PLAIN, Coding, Numbers
from rareearth_explorer.data.numbers.embedding_columns import Embeddings
from rareearth_explorer.data.numbers.number_types import (
    BITS,
    NUMBER_TYPES,
    number_type,
    possible_types,
)
from rareearth_explorer.errors import TableError, first_line

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[Any]


def decode_embeddings(
    table: pa.Table,
    found: Embeddings,
    name: object,
    dtype: str | None = None,
    coding: Coding = PLAIN,
) -> Numbers:
    """Decode the embeddings of all rows that have one.

    Parameters
    ----------
    table
        At least the columns of the embeddings.
    found
        Which these are.
    name
        What to call the file in errors.
    dtype
        What bytes hold, one of `NUMBER_TYPES` or `BITS`; None takes float32 where the numbers show
        it.
    coding
        What the stored numbers stand for.

    Returns
    -------
    (M, D) float32 of the M rows that `present_rows` tells; NaN in rows without data.

    Raises
    ------
    TableError
        The columns hold other things than numbers, of several lengths, or bytes of a type that
        must be named.
    """
    import pyarrow as pa

    if dtype not in (None, BITS, *NUMBER_TYPES):
        raise TableError(
            f"{name}: {dtype!r} is no type of numbers; choose {_any((*NUMBER_TYPES, BITS))}."
        )
    try:
        return coding.decode(_codes(table, found, name, dtype))
    except (ValueError, TypeError, pa.ArrowException) as error:
        said = f" ({first_line(error, most=100)})" if found.wide or not coding.plain else ""
        kind = "other things" if found.wide else table.column(found.names[0]).type
        raise TableError(
            f"{name}: column {found.title!r} holds {kind}, not embeddings{said}, which are lists "
            "of numbers, or numbers as binary; name another column."
        ) from error


def present_rows(table: pa.Table, found: Embeddings) -> npt.NDArray[np.bool_]:
    """Tell which rows have an embedding, (N,)."""
    there = [np.asarray(table.column(each).is_valid()) for each in found.names]
    return np.asarray(np.logical_and.reduce(there))


def _codes(table: pa.Table, found: Embeddings, name: object, dtype: str | None) -> Codes:
    """Numbers as stored, (M, D)."""
    if found.wide:
        return _of_wide(table, found)
    column = table.column(found.names[0]).drop_null()
    column.validate(full=True)
    return _of_column(column, found.title, name, dtype)


def _of_wide(table: pa.Table, found: Embeddings) -> Codes:
    import pyarrow as pa

    there = present_rows(table, found)
    kinds = [table.schema.field(each).type.to_pandas_dtype() for each in found.names]
    kind = np.result_type(*kinds)
    shape = (int(there.sum()), len(found.names))
    numbers = np.empty(shape, np.float32 if kind.kind == "f" else kind)
    for at, each in enumerate(found.names):
        numbers[:, at] = table.column(each).filter(pa.array(there)).to_numpy()
    return numbers


def _of_column(column: pa.ChunkedArray, title: str, name: object, dtype: str | None) -> Codes:
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([c.storage for c in column.chunks], kind.storage_type)
        kind = column.type
    if is_bytes(kind):
        return _of_bytes(column.to_pylist(), title, name, dtype)
    if dtype not in (None, BITS):
        raise TableError(
            f"{name}: column {title!r} holds {kind}, whose numbers say their type; leave "
            "--dtype out."
        )
    lengths, flat = _flat(column)
    _require_one_length(lengths, name)
    return np.ascontiguousarray(flat).reshape(len(lengths), -1)


def _flat(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], Codes]:
    """Lengths of lists, and all their numbers; a list of one list counts as that list."""
    import pyarrow as pa
    import pyarrow.types as pat

    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # before pyarrow 20, without chunks
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], column.type)
    if not is_list(whole.type):
        raise ValueError("not lists")
    inner = whole.type.value_type
    if is_list(inner):
        if (_lengths(whole) != 1).any():
            raise ValueError("lists of several lists")
        whole = whole.flatten()
        inner = whole.type.value_type
    if not (pat.is_floating(inner) or pat.is_integer(inner)):
        raise ValueError("not numbers")
    return _lengths(whole), np.asarray(whole.flatten().to_numpy(zero_copy_only=False))


def _lengths(lists: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(lists.value_lengths().to_numpy(zero_copy_only=False), np.int64)


def _of_bytes(values: list[bytes], title: str, name: object, dtype: str | None) -> Codes:
    dtype = "uint8" if dtype == BITS else dtype
    lengths = np.array([len(value) for value in values])
    size = 1 if dtype is None else np.dtype(dtype).itemsize
    _require_one_length(lengths, name, unit=" bytes")
    if lengths[0] % size:
        raise TableError(
            f"{name}: {lengths[0]} bytes in {title!r} are not whole {dtype} numbers; "
            "name another type with --dtype."
        )
    rows = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
    sure = dtype or number_type(rows)
    if sure is None:
        raise TableError(
            f"{name}: column {title!r} holds binary, not embeddings of a known type: "
            f"{lengths[0]} bytes may be {possible_types(int(lengths[0]))}; name the type with "
            "'rareearth-explorer import --dtype', such as --dtype float16."
        )
    return rows.view(np.dtype(sure).newbyteorder("<"))


def _require_one_length(lengths: npt.NDArray[np.int64], name: object, unit: str = "") -> None:
    usual = np.bincount(lengths).argmax() if len(lengths) else 0
    if usual == 0 or (lengths != usual).any():
        odd = int(np.argmax(lengths != usual)) if usual else 0
        raise TableError(
            f"{name}: embeddings must all have one length, but row {odd} has "
            f"{lengths[odd] if len(lengths) else 0}{unit}; embed the scene again with one encoder."
        )


def _any(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
