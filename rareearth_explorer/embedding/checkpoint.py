"""What is already embedded, kept on disk block by block, so that a stopped run goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from rareearth_explorer.data.storage.replacing import write_atomically
from rareearth_explorer.embedding.blocks import EmbeddedBlock
from rareearth_explorer.errors import TableError


class Checkpoint:
    """A folder beside the table with one file for each finished block.

    In a `with` statement, a folder in which no block is finished in the end is deleted.

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
        self._plan = self.folder / "plan.json"
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._plan.exists():
                self._require(plan)
            else:
                write_atomically(self._plan, json.dumps(plan, indent=1), synced=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder.exists() and not any(self.folder.glob("*.npz")):
            self.remove()

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
        """Keep a finished block; it is there whole or not at all, also after a power cut.

        Raises
        ------
        TableError
            The disk is full or has gone; what was kept before stays.
        """
        content = io.BytesIO()
        np.savez(content, **vars(block))
        with self._writing():
            write_atomically(self._file(number), content.getvalue(), synced=True)

    def remove(self) -> None:
        """Delete the folder; the plan goes last, so that blocks are never without one."""
        for file in sorted(self.folder.iterdir(), key=self._plan.__eq__):
            file.unlink()
        self.folder.rmdir()

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"

    def _require(self, plan: dict[str, Any]) -> None:
        then = json.loads(self._plan.read_text())
        if changed := list(differences(then, plan)):
            raise TableError(
                f"{self._table}: an unfinished run in {self.folder.name} used other "
                f"{', '.join(changed)}; use what it used, or remove that folder to begin again."
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TableError(
                f"{self._table}: nothing can be written there ({error.strerror}); choose another "
                "place or make room, and start again: finished blocks are kept."
            ) from error


def differences(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Name the members in which two JSON objects differ, such as `encoder gsd`."""
    for key in sorted(then.keys() | now.keys()):
        before, after = then.get(key), now.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from (f"{key} {name}" for name in differences(before, after))
        elif before != after:
            yield key
