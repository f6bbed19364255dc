"""Writing a file whole or not at all: beside its place, then renamed.

Whoever reads the file finds what was there before or what is new, never half of it, also while
several kernels write it at once. A killed run may leave a hidden folder `.NAME.RANDOM.part`
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

from rareearth_explorer.errors import ExplorerError

SUFFIX = ".part"
"""What the name of every folder ends in in which a file is being written."""

ABANDONED = 24 * 3600.0
"""Seconds without a change after which such a folder is taken for one of a killed run."""


@contextmanager
def replacing(path: Path, *, synced: bool = False, within: Path | None = None) -> Iterator[Path]:
    """Lend a path beside `path`; what is written there is renamed to `path` at the end.

    After an exception, what was at `path` before is still there and nothing is beside it. The
    file has the permissions of any new file of this user.

    Parameters
    ----------
    path
        Where the file shall be; its folder is made if it is not there.
    synced
        Wait until the disk has it, so that a power cut does not lose it either.
    within
        The folder to write in instead, on the same disk, which somebody removes in the end: so a
        killed run leaves nothing but that folder.

    Yields
    ------
    A path of the same file name in a folder that no other writer knows. Other files that are
    written into this folder, as GDAL may do, are removed with it.

    Raises
    ------
    OSError
        It cannot be written.
    """
    place = within or path.parent
    place.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(place, _prefix(path))
    with TemporaryDirectory(
        prefix=_prefix(path), suffix=SUFFIX, dir=place, ignore_cleanup_errors=True
    ) as folder:
        beside = Path(folder) / path.name
        mode = _mode_of_new_files(beside)
        yield beside
        beside.chmod(mode)  # some libraries make files that only their user may read
        if synced:
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
        beside.replace(path)


def write_atomically(path: Path, content: bytes | str, *, synced: bool = False) -> None:
    """Write a file that is in memory, whole or not at all.

    Parameters
    ----------
    path, synced
        As `replacing` takes them.
    content
        Bytes, or text to be written as UTF-8.

    Raises
    ------
    OSError
        It cannot be written; what was at `path` before is still there, and nothing is beside it.
    """
    with replacing(path, synced=synced) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


def is_unfinished(path: Path) -> bool:
    """Whether a file is one that is being written, or that a killed run left so."""
    return any(part.startswith(".") and part.endswith(SUFFIX) for part in path.parts)


@contextmanager
def explained(
    path: Path,
    said: str,
    kind: type[ExplorerError],
    advice: str = "choose another place or make room",
    *,
    also: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Say in a sentence why a file could not be written.

    Parameters
    ----------
    path, said, advice
        The file, what is wrong, what to do: "PATH: SAID (the system's reason); ADVICE."
    kind
        What is raised in place of an OSError.
    also
        What else the library that writes it raises.
    """
    wrong: tuple[type[Exception], ...] = (OSError, *also)
    try:
        yield
    except wrong as error:
        reason = getattr(error, "strerror", None) or error
        raise kind(f"{path}: {said} ({reason}); {advice}.") from error


def _mode_of_new_files(unused: Path) -> int:
    """Permissions by the user's umask, which cannot be asked without changing it for a moment."""
    unused.touch()
    mode = stat.S_IMODE(unused.stat().st_mode)
    unused.unlink()
    return mode


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _remove_abandoned(place: Path, prefix: str) -> None:
    """Remove what killed runs left of this file; not what another process may be writing."""
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
    """When something in a folder was last written; infinite if it is gone meanwhile."""
    try:
        return max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
    except OSError:
        return float("inf")
