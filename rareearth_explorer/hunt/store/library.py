"""The library: where the sessions of every table are kept, by name."""

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


def sessions_folder() -> Path:
    """Return where the sessions of all tables are kept: the user's data folder."""
    return user_data_path("rareearth-explorer") / "sessions"


def all_sessions() -> list[Path]:
    """Files of the sessions of all tables, the one used last first."""
    return sorted(sessions_folder().glob("*/*.jsonl"), key=_used_last)


def session_file(table: PatchTable, name: str) -> Path:
    """Return where the session of that name is kept, whether or not there is one.

    Raises
    ------
    SessionError
        The name cannot be a file's name.
    """
    if not re.fullmatch(r"[\w][\w .()-]{0,80}", name):
        raise SessionError(
            f"A session cannot be called {name!r}; use letters, digits, spaces and - . _ ( )"
        )
    new = sessions_folder() / table.identity / f"{name}.jsonl"
    kept = (file for file in _session_files(table) if file.stem == name)
    return next(kept, new)


def saved_sessions(table: PatchTable) -> list[str]:
    """Names of the sessions of a table, the one used last first."""
    return [*dict.fromkeys(file.stem for file in _session_files(table))]


def find_session(name: str, table: PatchTable | None = None) -> Path:
    """Find the file of a saved session, of one table or of any.

    Raises
    ------
    SessionError
        There is none of that name, or several tables have one.
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
            f"{len(found)} tables have a session {name!r}: {tables}; say with --table which is "
            "meant."
        )
    return found[0]


def free_file(path: Path, taken: Collection[str] = ()) -> Path:
    """Make an empty file 'NAME (2)', or the first number that is free, beside 'NAME'.

    Parameters
    ----------
    path
        The file 'NAME'.
    taken
        Names that are not free either: those of the same table in another folder.

    Raises
    ------
    OSError
        Nothing can be written there.
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
    """Return where the table of a session was when the session began, None if it is not recorded.

    Raises
    ------
    SessionError
        The file cannot be read, or is no session.
    """
    where = read_header(path).get("path")
    return None if where is None else Path(where)


def _session_files(table: PatchTable) -> list[Path]:
    """Files of a table's sessions, the one used last first."""
    folders = {sessions_folder() / table.identity, *_first_format_folders(table)}
    files = [file for folder in folders for file in folder.glob("*.jsonl")]
    return sorted(files, key=_used_last)


def _first_format_folders(table: PatchTable) -> list[Path]:
    """Folders of a table's sessions from before tables were identified by their stored bytes."""
    found = []
    for folder in sessions_folder().glob("*"):
        if folder.name == table.identity:
            continue
        for file in folder.glob("*.jsonl"):
            try:
                about = is_about(read_header(file), table)
            except SessionError:
                continue  # a damaged file says nothing of its folder
            if about:
                found.append(folder)
                break
    return found


def _used_last(file: Path) -> float:
    return -file.stat().st_mtime


def _table_named_in(path: Path) -> str:
    try:
        where = table_path(path)
    except SessionError:  # a damaged file is not the one asked for, for all that is known
        where = None
    return str(where or "one that is not recorded")
