"""Where sessions are kept, by name, and how a session knows its table again: by its content."""

from __future__ import annotations

import hashlib
import re
from itertools import count
from pathlib import Path

import numpy as np
from platformdirs import user_data_path

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import FORMAT, Entry, Record, read_record


def fingerprint(table: PatchTable) -> str:
    """Identify a table by where its patches are and what their embeddings say.

    The same for a copy of the file, and also after a projection was added to it.
    """
    digest = hashlib.blake2b(digest_size=12)
    digest.update(f"{len(table)} {table.dim}".encode())
    digest.update(np.ascontiguousarray(table.corners.round(7)).tobytes())
    sample = np.linspace(0, len(table) - 1, num=min(64, len(table)), dtype=int)
    digest.update(np.ascontiguousarray(table.unit_embeddings[sample].round(4) + 0.0).tobytes())
    return digest.hexdigest()


def sessions_folder() -> Path:
    """Return where the sessions of all tables are kept: the user's data folder."""
    return user_data_path("rareearth-explorer") / "sessions"


def session_folder(table: PatchTable) -> Path:
    """Return where the sessions of a table are kept."""
    return sessions_folder() / fingerprint(table)


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
    return session_folder(table) / f"{name}.jsonl"


def saved_sessions(table: PatchTable) -> list[str]:
    """Names of the sessions of a table, the one used last first."""
    files = list(session_folder(table).glob("*.jsonl"))
    return [f.stem for f in sorted(files, key=lambda f: f.stat().st_mtime, reverse=True)]


def find_session(name: str, table: PatchTable | None = None) -> Path:
    """Find the file of a saved session, of one table or of any.

    Raises
    ------
    SessionError
        There is none of that name, or several tables have one.
    """
    folder = sessions_folder().glob("*") if table is None else [session_folder(table)]
    found = [file for each in folder for file in each.glob("*.jsonl") if file.stem == name]
    if not found:
        kept = ", ".join(saved_sessions(table)) if table is not None else ""
        others = f"one of {kept}" if kept else "a name that 'rareearth-explorer sessions' lists"
        raise SessionError(
            f"There is no saved session {name!r}; give {others}, or the path of its .jsonl file."
        )
    if len(found) > 1:
        tables = ", ".join(sorted(map(_told_table, found)))
        raise SessionError(
            f"{len(found)} tables have a session {name!r}: {tables}; say with --table which is "
            "meant."
        )
    return found[0]


def free_file(path: Path) -> Path:
    """Make an empty file 'NAME (2)', or the first number that is free, beside 'NAME'.

    Raises
    ------
    OSError
        Nothing can be written there.
    """
    base = re.sub(r" \(\d+\)$", "", path.stem)
    for number in count(2):
        free = path.with_name(f"{base} ({number}){path.suffix}")
        try:
            free.touch(exist_ok=False)
        except FileExistsError:
            continue
        break
    return free


def table_of(path: Path) -> Path | None:
    """Where the table of a session was when the session began, or None if it does not tell.

    Raises
    ------
    SessionError
        The file cannot be read, or is no journal.
    """
    where = read_record(path).header.get("path")
    return None if where is None else Path(where)


def _told_table(path: Path) -> str:
    try:
        where = table_of(path)
    except SessionError:  # a damaged file is not the one asked for, for all that is known
        where = None
    return str(where or "one that is not recorded")


def header_of(table: PatchTable, name: str) -> Entry:
    """Say which table a session is about."""
    return {
        "format": FORMAT,
        "table": fingerprint(table),
        "name": name,
        "patches": len(table),
        "path": str(table.path.resolve()) if table.path else None,
    }


def check_table(record: Record, table: PatchTable) -> None:
    """Refuse a table that a session is not about; only the content counts.

    Raises
    ------
    SessionError
        It is about another one.
    """
    if record.header.get("table") != fingerprint(table):
        where = record.header.get("path")
        raise SessionError(
            f"{record.path}: this session is about another table of "
            f"{record.header['patches']:,} patches{f', {where}' if where else ''}; open "
            "that one."
        )
