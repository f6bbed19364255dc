"""Sessions that travel: one file to another place, another machine, or from another analyst."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import Record, entry_of, read_record, write_record
from rareearth_explorer.hunt.store.library import (
    check_table,
    free_file,
    header_of,
    saved_sessions,
    session_file,
)
from rareearth_explorer.hunt.store.merging import Saying


def save_copy(source: Path, target: Path) -> Record:
    """Save a session as one file at any place; a file that is there is replaced.

    Returns
    -------
    The record written; its `said` tells what could not be understood and was left out.

    Raises
    ------
    SessionError
        `source` is no session, or `target` cannot be written.
    """
    record = read_record(source)
    write_record(target, record.header, record.entries.values())
    return record


def bring(source: Path, table: PatchTable, name: str | None = None) -> tuple[Path, Record]:
    """Keep a session that came as a file among those of a table, wherever the table lies now.

    Parameters
    ----------
    source
        The file.
    table
        The table that it is about, recognised by its content.
    name
        What the session shall be called; when None, as the file says, with a number where that
        is taken.

    Returns
    -------
    Where it is kept, and the record of what was understood.

    Raises
    ------
    SessionError
        The file is no session or about another table, the name is taken or cannot be used, or
        nothing can be written there.
    """
    record = read_record(source)
    check_table(record, table)
    called = name or str(record.header.get("name") or source.stem)
    target = session_file(table, called)
    if called in saved_sessions(table):
        if name is not None:
            raise SessionError(f"There is a session {name!r} already; choose another name.")
        try:
            target = free_file(target)
        except OSError as error:
            raise SessionError(
                f"{source}: it cannot be kept in {target.parent} ({error.strerror}); make room "
                "there or allow writing."
            ) from error
    try:
        write_record(target, header_of(table, target.stem), record.entries.values())
    except SessionError:
        target.unlink(missing_ok=True)  # the empty file that kept the name free
        raise
    return target, record


def save_merged(mine: Path, said: list[Saying], source: str, target: Path) -> None:
    """Save a session with what was decided to merge into it as its last step.

    Parameters
    ----------
    mine
        The session's file; it stays as it is.
    said
        As `merging.Difference.decided` gives it.
    source
        Name of the session that it came from.
    target
        The new file; undoing there gives `mine` back.

    Raises
    ------
    SessionError
        `mine` is no session, or `target` cannot be written.
    """
    record = read_record(mine)
    merge = [entry_of("merge", {"said": said, "source": source})] if said else []
    header = {**record.header, "name": target.stem}
    write_record(target, header, [*record.entries.values(), *merge])
