"""What a file of embeddings says about its codes: in its footer, or in STAC metadata beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rareearth_explorer.data.numbers.coding import Coding, coding_from
from rareearth_explorer.errors import TableError

FOOTER_KEYS = (b"quantization", b"emb", b"geoemb", b"emb:quantization", b"geoemb:quantization")
"""Keys of a Parquet footer that may describe the codes, as JSON."""

PREFIXES = ("", "emb:", "geoemb:")
"""Prefixes of the fields, as STAC's and Zarr's conventions write them."""

STAC_FILES = ("item.json", "collection.json")
"""Names of STAC's files that may stand beside any table."""

LARGEST_JSON = 1 << 20
"""Bytes of a STAC file that is read."""


def declared_coding(path: Path, metadata: Mapping[bytes, bytes] | None) -> Coding | None:
    """Find the coding that a table declares; None if it declares none.

    Parameters
    ----------
    path
        The table. A STAC item or collection of the same name, or called `item.json` or
        `collection.json`, may stand beside it.
    metadata
        That of the Parquet file.

    Raises
    ------
    TableError
        A coding is declared and cannot be understood; the sentence names the option that says it.
    """
    for origin, record in (*_of_footer(metadata or {}), *_of_stac(path)):
        if (quantization := _quantization(record)) is None:
            continue
        try:
            coding = coding_from(quantization, origin)
        except ValueError as fault:
            raise TableError(
                f"{path}: {origin} describes codes in a form that is not known ({fault}); say how "
                "to decode them with --scale and --offset, or --recipe."
            ) from fault
        if coding is None:
            raise TableError(
                f"{path}: {origin} says that its numbers are codes by the method "
                f"{str(quantization.get('method'))[:60]!r}, which is not known here; decode them "
                "before, or say how with --scale and --offset, or --recipe."
            )
        return coding
    return None


def _quantization(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for prefix in PREFIXES:
        found = record.get(f"{prefix}quantization")
        if isinstance(found, dict):
            return found
    return None


def _of_footer(metadata: Mapping[bytes, bytes]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in FOOTER_KEYS:
        record = _json(metadata.get(key, b""))
        if record is not None:
            name = key.decode()
            inner = record if not name.endswith("quantization") else {"quantization": record}
            yield f"its metadata {name!r}", inner


def _of_stac(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    folder = path if path.is_dir() else path.parent
    names = [path.with_suffix(".json"), *map(folder.joinpath, STAC_FILES)]
    for file in names:
        record = _read(file)
        if record is None or not _is_about(record, path):
            continue
        properties = record.get("properties")
        yield f"{file.name} beside it", properties if isinstance(properties, dict) else record


def _is_about(record: Mapping[str, Any], path: Path) -> bool:
    """Whether a STAC item or collection is about this table; one that names no file is."""
    if record.get("type") not in ("Feature", "Collection") or "stac_version" not in record:
        return False
    assets = record.get("assets")
    named = [
        str(asset.get("href", "")).rsplit("/", 1)[-1]
        for asset in (assets.values() if isinstance(assets, dict) else ())
        if isinstance(asset, dict)
    ]
    return not named or path.name in named or path.is_dir()


def _read(file: Path) -> dict[str, Any] | None:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_JSON:
            return None
        return _json(file.read_bytes())
    except OSError:
        return None


def _json(text: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
