"""Sessions that travel: one file to another place, another machine, or from another analyst."""

from __future__ import annotations

from pathlib import Path

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.store.format import (
    Record,
    line_of,
    read_record,
    write_content,
    write_record,
)
from rareearth_explorer.hunt.store.library import free_file, saved_sessions, session_file
from rareearth_explorer.hunt.store.table_identity import check_table, header_of


def save_copy(source: Path, target: Path) -> Record:
    """Save a session as one file at any place; a file that is there is replaced.

    Returns
    -------
    The record of the source; its `said` tells which damaged lines were left out.

    Raises
    ------
    SessionError
        `source` is no session, or `target` cannot be written.
    """
    record = read_record(source)
    if record.newer:  # with the steps that are unknown here
        write_content(target, source.read_bytes())
    else:
        write_record(target, record.header, record.entries.values())
    return record


def import_session(source: Path, table: PatchTable, name: str | None = None) -> tuple[Path, Record]:
    """Keep a session that came as a file among those of a table, wherever the table lies now.

    Parameters
    ----------
    source
        The file.
    table
        The table that it is about, recognised by its content.
    name
        Name of the session here; when None, the file's own, with a number where that is taken.

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
    taken = saved_sessions(table)
    if called in taken:
        if name is not None:
            raise SessionError(f"There is a session {name!r} already; choose another name.")
        try:
            target = free_file(target, taken)
        except OSError as error:
            raise SessionError(
                f"{source}: it cannot be kept in {target.parent} ({error.strerror}); make room "
                "there or allow writing."
            ) from error
    try:
        _write(record, target, table)
    except SessionError:
        target.unlink(missing_ok=True)  # the empty file that kept the name free
        raise
    return target, record


def _write(record: Record, target: Path, table: PatchTable) -> None:
    header = header_of(table, target.stem)
    if record.newer:  # as it is, with the steps that are unknown here
        _, _, steps = record.path.read_bytes().partition(b"\n")
        newer = {**record.header, "name": header["name"], "path": header["path"]}
        write_content(target, line_of(newer).encode() + steps)
    else:
        write_record(target, header, record.entries.values())
