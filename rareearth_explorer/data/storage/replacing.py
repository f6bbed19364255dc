"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes | str, *, synced: bool = False) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads half of it.

    Parameters
    ----------
    path
        Where it shall be; its folder is made if it is not there.
    content
        Bytes, or text to be written as UTF-8.
    synced
        Wait until the disk has it, so that a power cut does not lose it either.

    Raises
    ------
    OSError
        It cannot be written; what was at `path` before is still there, and nothing is beside it.
    """
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
