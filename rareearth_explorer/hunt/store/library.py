"""The library: the files of all saved sessions, by table and name."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count
from pathlib import Path

from platformdirs import user_data_path

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import read_header
from rareearth_explorer.hunt.store.table_identity import is_about

LONGEST_NAME = 200
"""Longest name of a session as a file name, in bytes: file systems take 255 with the suffix."""


def sessions_folder() -> Path:
    """Return the folder of all sessions, in the user's data folder."""
    return user_data_path("rareearth-explorer") / "sessions"


def all_sessions() -> list[Path]:
    """Files of the sessions of all tables, the last used first."""
    return sorted(sessions_folder().glob("*/*.jsonl"), key=_used_last)


def session_file(table: PatchTable, name: str) -> Path:
    """Return the path of the session of that name, whether or not it exists.

    Raises
    ------
    SessionError
        The name cannot be a file name.
    """
    if not re.fullmatch(r"[\w][\w .()-]{0,80}", name) or len(name.encode()) > LONGEST_NAME:
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise SessionError(
            f"A session cannot be called {shown!r}; use letters, digits, spaces and - . _ ( ), 80 "
            "of them at most."
        )
    new = sessions_folder() / table.identity / f"{name}.jsonl"
    kept = (file for file in _session_files(table) if file.stem == name)
    return next(kept, new)


def saved_sessions(table: PatchTable) -> list[str]:
    """Names of the sessions of a table, the last used first."""
    return [*dict.fromkeys(file.stem for file in _session_files(table))]


def find_session(name: str, table: PatchTable | None = None) -> Path:
    """Find the file of a saved session, of one table or of any table.

    Raises
    ------
    SessionError
        There is no session of that name, or several tables have one.
    """
    files = all_sessions() if table is None else _session_files(table)
    found = [file for file in files if file.stem == name]
    if not found:
        kept = ", ".join(saved_sessions(table)) if table is not None else ""
        others = f"one of {kept}" if kept else "a name that 'rareearth-explorer sessions' lists"
        raise SessionError(
            f"There is no saved session {name!r}; give {others}, or the path of its .jsonl file."
        )
    if len(found) > 1 and table is None:
        tables = ", ".join(sorted(map(_table_named_in, found)))
        raise SessionError(
            f"{len(found)} tables have a session {name!r}: {tables}; choose one with --table."
        )
    return found[0]


def free_file(path: Path, taken: Collection[str] = ()) -> Path:
    """Create an empty file 'NAME (2)', or with the first free number, beside 'NAME'.

    Parameters
    ----------
    path
        The file 'NAME'.
    taken
        Names that are taken too: those of the same table in another folder.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    base = re.sub(r" \(\d+\)$", "", path.stem)
    for number in count(2):
        free = path.with_name(f"{base} ({number}){path.suffix}")
        if free.stem in taken:
            continue
        try:
            free.touch(exist_ok=False)
        except FileExistsError:
            continue
        break
    return free


def table_path(path: Path) -> Path | None:
    """Return the path of a session's table when the session was created; None if not recorded.

    Raises
    ------
    SessionError
        The file cannot be read, or is not a session.
    """
    where = read_header(path).get("path")
    return None if where is None else Path(where)


def _session_files(table: PatchTable) -> list[Path]:
    """Files of a table's sessions, the last used first."""
    folders = {sessions_folder() / table.identity, *_first_format_folders(table)}
    files = [file for folder in folders for file in folder.glob("*.jsonl")]
    return sorted(files, key=_used_last)


def _first_format_folders(table: PatchTable) -> list[Path]:
    """Folders of a table's sessions of format 1, which identified tables by rounded values."""
    found = []
    for folder in sessions_folder().glob("*"):
        if folder.name == table.identity:
            continue
        for file in folder.glob("*.jsonl"):
            try:
                about = is_about(read_header(file), table)
            except SessionError:
                continue  # a damaged file does not identify the table
            if about:
                found.append(folder)
                break
    return found


def _used_last(file: Path) -> float:
    try:
        return -file.stat().st_mtime
    except OSError:  # removed meanwhile, or a link to nothing
        return 0.0


def _table_named_in(path: Path) -> str:
    try:
        where = table_path(path)
    except SessionError:  # damaged, so the path cannot be read
        where = None
    return str(where or "one with no recorded path")
