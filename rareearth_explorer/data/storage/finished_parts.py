"""The finished parts of a run, kept on disk one by one, so that a stopped run can resume."""

from __future__ import annotations

import io
import json
import lzma
import shutil
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.storage.replacing import explained, write_atomically
from rareearth_explorer.errors import ExplorerError

Arrays = dict[str, npt.NDArray[Any]]

DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,  # encrypted, or compressed in an unknown way
    OverflowError,
    MemoryError,  # an array that is said to be larger than the machine
    SyntaxError,  # these two in the header of an array
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)
"""Exceptions of numpy from files with lost or changed bytes, or that it did not write."""


MOST_NAMED, LONGEST_NAME = 10, 60
"""Members of a plan that a sentence names, and the characters that it gives of each."""


class FinishedParts:
    """A folder beside the file to be written, with one small file for each finished part.

    On leaving a `with` statement, a folder without any finished part is deleted.

    Parameters
    ----------
    output
        The file to be written; the folder has its name and `suffix`.
    plan
        Everything that the parts depend on, as JSON types. A folder begun with another plan is
        rejected, never mixed.
    suffix
        Suffix of the folder, such as ".parts".
    error
        Class of the exceptions raised.

    Attributes
    ----------
    folder
        Folder of the parts; other files in it are deleted with it.

    Raises
    ------
    ExplorerError
        The folder was begun with another plan, its plan is damaged, or it cannot be written.
    """

    def __init__(
        self, output: Path, plan: dict[str, Any], suffix: str, error: type[ExplorerError]
    ) -> None:
        self.folder = output.with_name(output.name + suffix)
        self._output = output
        self._plan = self.folder / "plan.json"
        self._error = error
        with self.writing():
            if self._plan.exists():
                self._require(plan)
            else:
                write_atomically(self._plan, json.dumps(plan, indent=1), synced=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder.exists() and not any(self.folder.glob("*.npz")):
            self.remove()

    def has(self, name: str, fits: Callable[[Arrays], bool] | None = None) -> bool:
        """Whether a part is finished and intact; a damaged part is removed.

        Parameters
        ----------
        name
            Name of the part.
        fits
            Whether its arrays are such as the run makes; None accepts any.

        Raises
        ------
        ExplorerError
            A damaged part cannot be removed.
        """
        try:
            arrays = self.load(name)
            intact = fits is None or fits(arrays)
        except FileNotFoundError:
            return False
        except DAMAGED:
            intact = False
        if not intact:
            with self.writing():
                _remove(self._file(name))
        return intact

    def load(self, name: str, *only: str) -> Arrays:
        """Read all or some arrays of a part, and verify their checksums."""
        # Opened here, because numpy leaves a damaged file open.
        with self._file(name).open("rb") as file:
            _require_stored(file)
            with np.load(file) as part:
                return {each: part[each] for each in only or part.files}

    def save(self, name: str, **arrays: Any) -> None:
        """Keep a part; it is written completely or not at all, also after a power cut.

        Raises
        ------
        ExplorerError
            The disk is full or missing; parts kept before remain.
        """
        content = io.BytesIO()
        np.savez(content, **arrays)
        with self.writing():
            write_atomically(self._file(name), content.getvalue(), synced=True)

    def remove(self) -> None:
        """Delete the folder; the plan is deleted last, so that parts never lack one."""
        for entry in sorted(self.folder.iterdir(), key=self._plan.__eq__):
            _remove(entry)
        self.folder.rmdir()

    def writing(self, *also: type[Exception]) -> AbstractContextManager[None]:
        """Explain in a sentence that the disk is full or read-only."""
        return explained(
            self._output,
            "nothing can be written there",
            self._error,
            "choose another place or free some space, and start again: finished parts are kept",
            also=also,
        )

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _require(self, plan: dict[str, Any]) -> None:
        try:
            then = json.loads(self._plan.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            then = None
        if not isinstance(then, dict):
            raise self._error(
                f"{self._output}: {self._plan.name} of the unfinished run in {self.folder.name} is "
                "damaged, so its parts may belong to anything; remove that folder to begin again."
            )
        if changed := list(differences(then, plan)):
            raise self._error(
                f"{self._output}: an unfinished run in {self.folder.name} used other "
                f"{_few(changed)}; use the same, choose another place, or remove that "
                "folder to begin again."
            )


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _require_stored(file: IO[bytes]) -> None:
    """Require that nothing in a part is compressed, as a small file could fill the memory.

    Raises
    ------
    ValueError
        Something is.
    """
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("a part is never compressed")
    file.seek(0)


def _few(names: Sequence[str]) -> str:
    """List names for a sentence; those of a damaged plan may be many, long or not printable."""
    shown = [name if name.isprintable() else ascii(name) for name in names[:MOST_NAMED]]
    short = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in shown]
    more = len(names) - len(shown)
    return ", ".join(short) + (f" and {more:,} more" if more else "")


def differences(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Name the members in which two JSON objects differ, such as `encoder gsd`."""
    for key in sorted(then.keys() | now.keys()):
        before, after = then.get(key), now.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from (f"{key} {name}" for name in differences(before, after))
        elif before != after:
            yield key
