"""Parquet files that are no patch tables, or tables of people who mean harm."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from crafted_bytes import DEEP, ODD_FILES, ODD_JSON, damaged

OURS, GEO = b"rareearth_explorer", b"geo"

POINT = struct.pack("<BIdd", 1, 1, 98.4, 25.7)
ODD_GEOMETRIES = (
    b"", b"\x00", b"junk", POINT[:-3], POINT + b"more", b"\x02" + POINT[1:],
    struct.pack("<BIdd", 1, 1, np.nan, np.nan), struct.pack("<BIdd", 1, 1, np.inf, 0),
    struct.pack("<BIdd", 1, 1, 1e300, -1e300), struct.pack("<BI", 1, 99),
    struct.pack("<BII", 1, 2, 2**32 - 1), struct.pack("<BII", 1, 3, 2**32 - 1),
    struct.pack("<BIII", 1, 3, 1, 2**32 - 1), struct.pack("<BII", 1, 3, 0),
    struct.pack("<BII", 1, 7, 1) * 100_000, struct.pack("<BII", 1, 7, 1) * 500 + POINT,
    struct.pack("<BII", 1, 6, 10**9), struct.pack("<BI", 1, 0x20000001) + POINT[5:],
    b"POINT (98 25)", b'{"type": "Point", "coordinates": [98, 25]}', b"POLYGON EMPTY",
    ("MULTIPOLYGON" + "(" * 100_000).encode(), ("GEOMETRYCOLLECTION(" * 50_000).encode(),
)  # fmt: skip
"""WKB and text in its place: cut, nested, of unknown kinds, with counts beyond the bytes."""


def written(table: pa.Table, **options: Any) -> bytes:
    """Write a table, whatever it holds."""
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def with_metadata(table: pa.Table, key: bytes, value: bytes) -> bytes:
    """Write a table with another member of its metadata."""
    return written(table.replace_schema_metadata({**(table.schema.metadata or {}), key: value}))


def with_column(table: pa.Table, name: str, values: Any) -> bytes:
    """Write a table with another column of that name, or with one more."""
    column = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    if name not in table.column_names:
        return written(table.append_column(name, column))
    return written(table.set_column(table.column_names.index(name), name, column))


def tables(whole: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of about 150 tables, made from a patch table."""
    file = pq.ParquetFile(io.BytesIO(whole))
    recorded = {key: file.metadata.metadata[key] for key in (OURS, GEO)}
    table = file.read().replace_schema_metadata(recorded)
    rows = len(table)
    for key in (OURS, GEO):
        member = json.loads(table.schema.metadata[key])
        for odd in (*rng.sample(ODD_JSON, 8), "{", "", DEEP, "\xff", "[]", "null"):
            value = odd.encode("latin1", "replace")
            yield f"metadata {key!r} is {odd[:20]}", with_metadata(table, key, value)
        for name in member:
            for odd in rng.sample(ODD_JSON, 4):
                text = json.dumps({**member, name: "HERE"}).replace('"HERE"', odd)
                yield f"{name} is {odd[:20]}", with_metadata(table, key, text.encode())
    grid = json.loads(table.schema.metadata[OURS])["grid"]
    for name in grid:
        for odd in rng.sample(ODD_JSON, 3):
            text = json.dumps({"grid": {**grid, name: "HERE"}}).replace('"HERE"', odd)
            yield f"grid {name} is {odd[:20]}", with_metadata(table, OURS, text.encode())
    for name, odd in (("encoder", "[]"), ("scenes", "5"), ("scenes", '["x"]'), ("scenes", "[{}]")):
        text = f'{{"{name}": {odd}}}'
        yield f"{name} is {odd}", with_metadata(table, OURS, text.encode())
    for crs in ('"EPSG:0"', '"EPSG:32647"', '"EPSG:4978"', '"+proj=x"', '{"type": "x"}', "5", "[]"):
        text = f'{{"primary_column": "geometry", "columns": {{"geometry": {{"crs": {crs}}}}}}}'
        yield f"crs is {crs}", with_metadata(table, GEO, text.encode())
    for odd in ODD_GEOMETRIES:
        every = pa.array([odd] * rows, pa.binary())
        yield f"geometry is {odd[:20]!r}", with_column(table, "geometry", every)
        one = table.column("geometry").to_pylist()
        one[rng.randrange(rows)] = odd
        some = pa.array(one, pa.binary())
        yield f"one geometry is {odd[:20]!r}", with_column(table, "geometry", some)
    yield from odd_columns(table, rng)
    yield from ODD_FILES.items()
    yield from damaged(whole, rng, 30)


def odd_columns(table: pa.Table, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield tables whose columns are of another type, twice there, empty, or of bad numbers."""
    rows = len(table)
    some = [*rng.choices((1.0, None, np.nan, np.inf), k=rows)]
    for name in table.column_names:
        for values in (
            *(["text"] * rows, [None] * rows, [{"a": 1}] * rows, [[1, 2]] * rows, some),
            *([True] * rows, pa.array([b"\xff"] * rows), pa.nulls(rows), [2**62] * rows),
        ):
            yield f"{name} is {str(values)[:25]}", with_column(table, name, values)
        twice = pa.Table.from_arrays(
            [*table.columns, table.column(name)], names=[*table.column_names, name]
        )
        yield f"{name} is twice there", written(twice)
        yield f"no {name}", written(table.drop_columns([name]))
    nan = pa.array([[np.nan] * 12] * rows, pa.list_(pa.float32()))
    yield "embeddings of NaN", with_column(table, "embedding", nan)
    uneven = [[1.0] * (number % 3) for number in range(rows)]
    yield "uneven", with_column(table, "embedding", pa.array(uneven, pa.list_(pa.float32())))
    binary = [bytes(number) for number in range(rows)]
    yield "uneven bytes", with_column(table, "embedding", pa.array(binary))
    yield "no rows", written(table.slice(0, 0))
    zeros = pa.Table.from_arrays([pa.array(np.zeros(10**7, np.int8))], ["embedding"])
    yield "only zeros", written(zeros)
    names = [f"c{number}" for number in range(3000)]
    yield "wide", written(pa.Table.from_arrays([pa.array([1.0])] * 3000, names))
    long = [*rng.choices(range(rows), k=100_000)]
    yield "one embedding a hundred thousand times", written(table.take(long))
