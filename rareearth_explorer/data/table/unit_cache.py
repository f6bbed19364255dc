"""Cache of unit-length embeddings in the user's cache folder, so that a table opens fast.

A list column decodes slowly (0.5 s at 28,757 rows), a memory-mapped array needs no decoding,
and several kernels share its pages. An entry is keyed by the file's content, so it is never
stale, and the folder may be deleted at any time. An entry ends with a digest of its numbers, so
that what a failing disk changed is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from rareearth_explorer.data.storage.finished_parts import DAMAGED
from rareearth_explorer.data.storage.replacing import replacing, write_atomically

LAYOUT = "units-1"
"""Part of every key; change it when the stored format changes."""


LINE = re.compile("(?P<text>[0-9a-f]{24}) (?P<check>[0-9a-f]{8})\n")
"""What `cached_text` stores: a digest, and its checksum."""

PAGE = 512
"""Pairs of numbers of which one sum is taken, 4 kB as in the pages of disks and memory."""

DIGEST_BYTES = 20


def content_key(path: Path, column: str) -> str:
    """Digest of a file's bytes and of the column read from it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20))
    digest.update(f"{LAYOUT}:{column}".encode())
    return digest.hexdigest()


def cached_array(key: str, make: Callable[[], npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Memory-map the array stored under `key`; compute and store it first if it is missing.

    An empty, cut, changed or foreign file counts as missing, and is made again. If the cache
    folder cannot be written, the array is kept in memory instead.
    """
    entry = _folder() / f"{key}.npy"
    if (kept := _mapped(entry)) is not None:
        return kept
    array = make()
    with contextlib.suppress(OSError):
        _save(entry, array)
    kept = _mapped(entry)
    return array if kept is None else kept


def cached_text(key: str, make: Callable[[], str]) -> str:
    """Return the digest stored under `key`; compute and store it first if it is missing."""
    entry = _folder() / f"{key}.txt"
    with contextlib.suppress(OSError, ValueError):
        kept = LINE.fullmatch(entry.read_text(encoding="ascii"))
        if kept and kept["check"] == _check(kept["text"]):  # otherwise it is cut or damaged
            return kept["text"]
    text = make()
    with contextlib.suppress(OSError):
        write_atomically(entry, f"{text} {_check(text)}\n".encode("ascii"))
    return text


def _folder() -> Path:
    return user_cache_path("rareearth-explorer") / "embeddings"


def _check(text: str) -> str:
    return f"{zlib.crc32(text.encode('ascii')):08x}"


def numbers_digest(array: npt.NDArray[np.float32]) -> bytes:
    """Digest of an array's shape and of the sums of its pages, which tells damage but no forgery.

    One flipped bit always changes the sum of its page; several may cancel out, but hardly ever do.
    CRC-32 would take two to three times as long, and a cryptographic digest of all bytes twelve.
    """
    flat = array.reshape(-1)
    paired = flat[: len(flat) // 2 * 2].view(np.uint64)
    sums = np.add.reduceat(paired, np.arange(0, len(paired), PAGE)) if len(paired) else paired
    content = repr(array.shape).encode() + sums.tobytes() + flat[2 * len(paired) :].tobytes()
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def _mapped(entry: Path) -> npt.NDArray[np.float32] | None:
    """Memory-map an entry; None if there is none, or if it is not as it was saved."""
    try:
        array = np.asarray(np.lib.format.open_memmap(entry, mode="r"))
        with entry.open("rb") as file:
            file.seek(-DIGEST_BYTES, os.SEEK_END)
            digest = file.read()
    except DAMAGED:
        return None
    units = array.dtype == np.float32 and array.ndim == 2 and array.size
    return array if units and array.flags.c_contiguous and numbers_digest(array) == digest else None


def _save(entry: Path, array: npt.NDArray[np.float32]) -> None:
    # Kernels that open the same table at the same time each write their own file. The last
    # rename wins; all files are equal.
    # Synced, as a power cut could else leave a file of the right size, full of zeros.
    with replacing(entry, synced=True) as beside, beside.open("wb") as file:
        np.save(file, array)
        file.write(numbers_digest(array))
