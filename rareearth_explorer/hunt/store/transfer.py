"""Saving a session as one file, and importing such a file."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import (
    Record,
    line_of,
    read_record,
    replay,
    write_content,
    write_record,
)
from rareearth_explorer.hunt.store.library import free_file, saved_sessions, session_file
from rareearth_explorer.hunt.store.table_identity import check_table, header_of


def save_copy(source: Path, target: Path) -> Record:
    """Save a session as one file; an existing file is replaced.

    Returns
    -------
    The record of the source; its `warning` lists the damaged lines that were left out.

    Raises
    ------
    SessionError
        `source` is not a session, or `target` cannot be written.
    """
    record = read_record(source)
    if record.newer:  # including the steps that are unknown here
        write_content(target, source.read_bytes())
    else:
        write_record(target, record.header, record.entries.values())
    return record


def import_session(source: Path, table: PatchTable, name: str | None = None) -> tuple[Path, Record]:
    """Import a session from a file into the sessions of a table.

    Parameters
    ----------
    source
        The file.
    table
        Its table, which is recognised by its content.
    name
        Name of the session here; None keeps the name in the file, with a number if it is taken.

    Returns
    -------
    Path of the imported session, and its record, without the lines that could not be repeated.

    Raises
    ------
    SessionError
        The file is not a session or belongs to another table, the name is taken or cannot be used,
        or the folder of the sessions cannot be written to.
    """
    record = read_record(source)
    check_table(record, table)
    _, record = replay(record)
    called = name or str(record.header["name"] or source.stem)
    target = session_file(table, called)
    taken = saved_sessions(table)
    if called in taken:
        if name is not None:
            raise SessionError(f"There is a session {name!r} already; choose another name.")
        try:
            target = free_file(target, taken)
        except OSError as error:
            raise SessionError(
                f"{source}: it cannot be saved in {target.parent} ({error.strerror}); free some "
                "space there or allow writing."
            ) from error
    try:
        _write(record, target, table)
    except SessionError:
        target.unlink(missing_ok=True)  # the empty file that reserved the name
        raise
    return target, record


def _write(record: Record, target: Path, table: PatchTable) -> None:
    header = header_of(table, target.stem)
    if record.newer:  # unchanged, with the steps that are unknown here
        _, _, steps = record.path.read_bytes().partition(b"\n")
        newer = {**record.header, "name": header["name"], "path": header["path"]}
        write_content(target, line_of(newer).encode() + steps)
    else:
        write_record(target, header, record.entries.values())
