"""How a session recognises its table, wherever the file of the table is.

Today a table is identified by the bytes that it stores. Sessions of format 1 hold a digest of
rounded, normalised embeddings. Normalisation differs in the last bit between builds of numpy, which
changes the digest if a value is at the edge of rounding. So all possible roundings are tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import FORMAT, Entry, Record

DIGITS = 4
"""Digits after the point to which format 1 rounds the values of unit embeddings."""

SPREAD = 5e-7
"""Relative difference between two normalisations of one row in single precision, summed anyhow."""

MOST_AT_EDGE = 12
"""Most values at the edge of rounding that are tried both ways, the nearest first."""

_first: WeakKeyDictionary[PatchTable, frozenset[str]] = WeakKeyDictionary()
"""Identities in format 1, cached by table."""


def header_of(table: PatchTable, name: str) -> Entry:
    """Return the header of a session of a table."""
    return {
        "format": FORMAT,
        "table": table.identity,
        "name": name,
        "patches": len(table),
        "path": str(table.path.resolve()) if table.path else None,
    }


def is_about(header: Entry, table: PatchTable) -> bool:
    """Whether a session's header names this table; only the content counts, not the path."""
    if header.get("patches") != len(table):
        return False
    if header["format"] == 1:
        return header.get("table") in first_identities(table)
    return bool(header.get("table") == table.identity)


def check_table(record: Record, table: PatchTable) -> None:
    """Require that a session belongs to a table.

    Raises
    ------
    SessionError
        It belongs to another table.
    """
    if not is_about(record.header, table):
        where = record.header.get("path")
        raise SessionError(
            f"{record.path}: this session belongs to another table of "
            f"{record.header['patches']:,} patches{f', {where}' if where else ''}; open "
            "that table."
        )


def first_identities(table: PatchTable) -> frozenset[str]:
    """Return the identities that format 1 may have given a table, under any build of numpy."""
    if table in _first:
        return _first[table]
    start = hashlib.blake2b(digest_size=12)
    start.update(f"{len(table)} {table.dim}".encode())
    start.update(np.ascontiguousarray(table.corners.round(7)).tobytes())
    sample = np.linspace(0, len(table) - 1, num=min(64, len(table)), dtype=int)
    found = set()
    for values in _roundings(np.ascontiguousarray(table.unit_embeddings[sample])):
        digest = start.copy()
        digest.update(values.tobytes())
        found.add(digest.hexdigest())
    _first[table] = frozenset(found)
    return _first[table]


def _roundings(units: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.float32]]:
    """Yield every array that rounding may give if values are at the edge of rounding."""
    zero = np.float32(0)  # added, so that no zero is negative
    low, high = ((units * np.float32(1 + by)).round(DIGITS) + zero for by in (-SPREAD, SPREAD))
    edges = np.flatnonzero(low != high)
    sizes = np.abs(units.flat[edges].astype(np.float64) * 10**DIGITS)
    from_edge = np.abs(sizes % 1 - 0.5) / sizes  # a row differs by a factor
    edges = edges[np.argsort(from_edge, kind="stable")][:MOST_AT_EDGE]
    values = units.round(DIGITS) + zero
    for choice in product((low, high), repeat=len(edges)):
        values.flat[edges] = [side.flat[e] for e, side in zip(edges, choice, strict=True)]
        yield values
