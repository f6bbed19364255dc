"""What is already fetched, kept on disk part by part, so that a stopped run goes on."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.storage.replacing import write_atomically
from rareearth_explorer.errors import CatalogueError


class Parts:
    """A folder beside the file to be written, `<file>.parts`, with one small file for each part.

    Parameters
    ----------
    output
        The file to be written.
    plan
        What the parts depend on, JSON types. A folder begun with another plan is refused.

    Attributes
    ----------
    folder
        Where they are; what else is written there goes with it.

    Raises
    ------
    CatalogueError
        The folder was begun with other options or images, or cannot be written.
    """

    def __init__(self, output: Path, plan: dict[str, Any]) -> None:
        self.folder = output.with_name(output.name + ".parts")
        self._output = output
        begun = self.folder / "plan.json"
        with self.writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            if not begun.exists():
                write_atomically(begun, json.dumps(plan, indent=1), synced=True)
            then = json.loads(begun.read_text(encoding="utf-8"))
        changed = [name for name in plan if then.get(name) != plan[name]]
        if changed:
            raise CatalogueError(
                f"{output}: an unfinished run in {self.folder.name} used other "
                f"{', '.join(changed)}; use what it used, choose another -o, or remove that folder "
                "to begin again."
            )

    def has(self, name: str) -> bool:
        """Whether a part is there, whole; one that was damaged since is removed."""
        try:
            self.load(name)
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            self._file(name).unlink()
            return False
        return True

    def load(self, name: str) -> npt.NDArray[Any]:
        """Read a part; its checksum is compared."""
        with np.load(self._file(name)) as part:
            return np.asarray(part["pixels"])

    def save(self, name: str, pixels: npt.NDArray[Any]) -> None:
        """Keep a part; it is there whole or not at all, also after a power cut."""
        content = io.BytesIO()
        np.savez(content, pixels=pixels)
        with self.writing():
            write_atomically(self._file(name), content.getvalue(), synced=True)

    def remove(self) -> None:
        """Delete the folder with all that is in it."""
        shutil.rmtree(self.folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say in a sentence that the disk is full, or must not be written to."""
        try:
            yield
        except OSError as error:
            raise CatalogueError(
                f"{self._output}: nothing can be written there ({error.strerror or error}); make "
                "room or choose another place, and start again: what was fetched is kept."
            ) from error

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"
