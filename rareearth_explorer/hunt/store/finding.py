"""Finding a saved session together with its table."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.table import PatchTable, open_table
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.library import find_session, table_path


def find_file(session: str, table: PatchTable | None = None) -> Path:
    """Find the file of a session that is given by name, or by the path of its `.jsonl` file.

    Raises
    ------
    SessionError
        There is no session of that name, or several tables have one.
    """
    return Path(session) if session.endswith(".jsonl") else find_session(session, table)


def find_with_table(session: str, table: Path | None = None) -> tuple[Path, PatchTable]:
    """Find the file of a session and open its table.

    Parameters
    ----------
    session
        Name of a saved session, or the path of its `.jsonl` file.
    table
        The table, if it was moved, or if several tables have a session of that name.

    Raises
    ------
    SessionError
        There is no such session, or the path of its table is not recorded or outdated.
    TableError
        The table cannot be opened.
    """
    opened = open_table(table) if table else None
    journal = find_file(session, opened)
    if opened is None:
        where = table_path(journal)
        if where is None or not _exists(where):
            lost = (
                f"its table is no longer at {where}"
                if where
                else "the path of its table is not recorded"
            )
            raise SessionError(f"{journal}: {lost}; give it with --table.")
        opened = open_table(where)
    return journal, opened


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, or a folder that may not be entered
        return False
