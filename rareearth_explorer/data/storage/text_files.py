"""Write lists and records as text files, completely or not at all."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.storage.replacing import explained, write_atomically
from rareearth_explorer.errors import ExplorerError


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Raises
    ------
    ExplorerError
        The file cannot be written there.
    """
    with explained(path, "this cannot be written there", ExplorerError):
        write_atomically(path, text)
