"""What is already embedded, kept on disk block by block, so that a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from rareearth_explorer.errors import TableError
from rareearth_explorer.pipeline.blocks import EmbeddedBlock


def file_identity(path: Path) -> dict[str, Any]:
    """Identify a file by its name and all of its content, as JSON types."""
    with path.open("rb") as file:
        return {"name": path.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


class Checkpoint:
    """A folder beside the table with one file for each finished block.

    Parameters
    ----------
    table
        Where the table will be; the folder is ``<table>.blocks``.
    plan
        Everything the numbers depend on, JSON types. A folder begun with another plan is
        refused, never mixed in.

    Raises
    ------
    TableError
        The folder was begun with other input, options or weights, or cannot be written.
    """

    def __init__(self, table: Path, plan: dict[str, Any]) -> None:
        self.folder = table.with_name(table.name + ".blocks")
        self._table = table
        text = json.dumps(plan, indent=1, sort_keys=True)
        kept = self.folder / "plan.json"
        try:
            if kept.exists() and kept.read_text() != text:
                self._refuse(json.loads(kept.read_text()), json.loads(text))
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(kept, text.encode())
        except OSError as error:
            raise TableError(
                f"{table}: nothing can be written there ({error.strerror}); choose another place."
            ) from error

    def _refuse(self, then: dict[str, Any], now: dict[str, Any]) -> None:
        changed = sorted(k for k in then.keys() | now.keys() if then.get(k) != now.get(k))
        raise TableError(
            f"{self._table}: an unfinished run in {self.folder.name} used other "
            f"{', '.join(changed)}; use what it used, or remove that folder to begin again."
        )

    def has(self, number: int) -> bool:
        """Whether a block is finished."""
        return self._file(number).exists()

    def load(self, number: int) -> EmbeddedBlock:
        """Read a finished block."""
        with np.load(self._file(number)) as parts:
            return EmbeddedBlock(
                parts["row"], parts["column"], parts["embeddings"], int(parts["left_out"])
            )

    def save(self, number: int, block: EmbeddedBlock) -> None:
        """Keep a finished block; it is there whole or not at all, also after a power cut."""
        beside = self._file(number).with_suffix(".part")
        with beside.open("wb") as file:
            np.savez(
                file,
                row=block.row,
                column=block.column,
                embeddings=block.embeddings,
                left_out=block.left_out,
            )
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file(number))

    def remove(self) -> None:
        """Delete the folder, once the table is written."""
        shutil.rmtree(self.folder)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"


def _write_whole(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(path)
