"""Write a file completely or not at all: under a temporary name, then renamed.

Readers find either the old file or the new one, never a part, also while several kernels write it
at the same time. A killed run may leave a hidden folder `.NAME.RANDOM.part`
beside the file; nothing reads it, and the next run that writes the file removes it when it is old.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rareearth_explorer.errors import ExplorerError, first_line

SUFFIX = ".part"
"""Suffix of the folders in which files are being written."""

LONGEST_REASON = 200
"""Longest reason of a library that a sentence quotes, in characters."""

ABANDONED = 24 * 3600.0
"""Seconds without a change after which such a folder counts as left by a killed run."""


@contextmanager
def replacing(path: Path, *, synced: bool = False, within: Path | None = None) -> Iterator[Path]:
    """Provide a temporary path; the file written there is renamed to `path` on exit.

    After an exception, `path` is unchanged and the temporary file is removed. The
    file has the permissions of any new file of this user.

    Parameters
    ----------
    path
        Path of the file to write; its folder is made if it is missing.
    synced
        Wait until the file is on disk, so that it survives a power cut.
    within
        Folder for the temporary file, on the same disk, which the caller removes later; a killed
        run then leaves only that folder.

    Yields
    ------
    A path with the same file name in a folder that no other writer uses. Other files in this
    folder, as GDAL may write, are removed with it.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    place = within or path.parent
    place.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(place, _prefix(path))
    with TemporaryDirectory(
        prefix=_prefix(path), suffix=SUFFIX, dir=place, ignore_cleanup_errors=True
    ) as folder:
        beside = Path(folder) / path.name
        mode = _mode_of_new_files(Path(folder) / f"{path.name}.mode")
        yield beside
        beside.chmod(mode)  # some libraries make files that only the user can read
        if synced:
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
        beside.replace(path)


def write_atomically(path: Path, content: bytes | str, *, synced: bool = False) -> None:
    """Write a file from memory, completely or not at all.

    Parameters
    ----------
    path, synced
        As for `replacing`.
    content
        Bytes, or text to be written as UTF-8.

    Raises
    ------
    OSError
        The file cannot be written; `path` is unchanged, and no temporary file remains.
    """
    with replacing(path, synced=synced) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def explained(
    path: Path,
    problem: str,
    kind: type[ExplorerError],
    advice: str = "choose another place or free some space",
    *,
    also: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Explain in a sentence why a file could not be written.

    Parameters
    ----------
    path, problem, advice
        The file, what is wrong, what to do: "PATH: PROBLEM (the system's reason); ADVICE."
    kind
        Class of the exception raised instead of an OSError.
    also
        Further exceptions of the library that writes the file.
    """
    wrong: tuple[type[Exception], ...] = (OSError, *also)
    try:
        yield
    except wrong as error:
        reason = getattr(error, "strerror", None) or first_line(_cause(error), LONGEST_REASON)
        raise kind(f"{path}: {problem} ({reason}); {advice}.") from error


def _cause(error: Exception) -> Exception:
    """Return the exception to which a library's own one refers, or itself."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def _mode_of_new_files(unused: Path) -> int:
    """Permissions by the user's umask, which can only be read by changing it briefly."""
    unused.touch()
    mode = stat.S_IMODE(unused.stat().st_mode)
    unused.unlink()
    return mode


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _remove_abandoned(place: Path, prefix: str) -> None:
    """Remove this file's leftovers of killed runs, but no file that is being written."""
    with os.scandir(place) as entries:
        left = [
            Path(entry)
            for entry in entries
            if entry.name.startswith(prefix) and entry.name.endswith(SUFFIX)
        ]
    for folder in left:
        if _last_change(folder) < time.time() - ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _last_change(folder: Path) -> float:
    """Time of the last change in a folder; infinite if the folder has been removed."""
    try:
        return max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
    except OSError:
        return float("inf")
