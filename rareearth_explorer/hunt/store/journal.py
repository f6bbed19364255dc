"""The journal: every verb on disk the moment it happens, so that nothing an analyst did is lost.

`format` defines the file. One window writes into it; another that opens the same session writes
into a copy of its own, 'NAME (2)', from its first step on.
"""

from __future__ import annotations

import errno
import os
import shutil
from itertools import chain, count
from pathlib import Path
from typing import Any

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.history import History
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.store.format import (
    Entry,
    Record,
    entry_of,
    line_of,
    read_record,
    replay,
    write_record,
)
from rareearth_explorer.hunt.store.library import free_file, saved_sessions, session_file
from rareearth_explorer.hunt.store.lock import SessionLock, is_locked
from rareearth_explorer.hunt.store.table_identity import check_table, header_of


def restore(path: Path, session: Session) -> Record:
    """Repeat a session's file in a session; the record's `said` reports what is lost.

    Raises
    ------
    SessionError
        It is about another table, or no session.
    """
    record = read_record(path)
    check_table(record, session.table)
    history, record = replay(record)
    session.resume(history)
    return record


class Journal:
    """Writes a session's verbs to a file, and repeats those that are there.

    Parameters
    ----------
    path
        The file; it is begun if it is not there.

    Attributes
    ----------
    wanted
        The file asked for.
    path
        The file written into: another one since the first step, where `wanted` was locked by
        another window or is read-only.
    said
        One sentence about damage to the file, or that it is read-only; empty if neither.
    trouble
        One sentence if the last steps could not be written; empty if all are.
    read_only
        Whether a newer program wrote the file, so that this one must not.
    """

    def __init__(self, path: Path) -> None:
        self.wanted = self.path = path
        self.said = self.trouble = ""
        self.read_only = False
        self._lock = SessionLock(path)
        self._table: PatchTable | None = None
        self._header: Entry = {}
        self._entries: list[Entry] = []
        self._unwritten: list[str] = []

    @property
    def steps(self) -> int:
        """Number of verbs done in this session so far."""
        return len(self._entries)

    @property
    def aside(self) -> bool:
        """Whether steps go to a copy, because another window has the session or it is read-only."""
        return self.path != self.wanted or not self._lock.held

    @property
    def can_take_over(self) -> bool:
        """Whether another window had the session, and has it no longer."""
        return self.aside and not self.read_only and not is_locked(self.wanted)

    @classmethod
    def named(cls, table: PatchTable, name: str) -> Journal:
        """Return the journal of a named session of a table, in the user's data folder.

        Raises
        ------
        SessionError
            The name cannot be a file's name.
        """
        return cls(session_file(table, name))

    def attach(self, session: Session) -> int:
        """Repeat what the file holds in a session, then record what happens to it; see `open`.

        Returns
        -------
        Number of verbs repeated.
        """
        past = self.open(session.table)
        try:
            session.resume(past)
        finally:  # also where a panel fails to draw it
            session.on_verb = self.record
        return self.steps

    def open(self, table: PatchTable) -> History:
        """Lock the file if no other window has it, and repeat what it holds.

        Raises
        ------
        SessionError
            The file is about another table, is no session, or cannot be written.
        """
        self._table, self._header = table, header_of(table, self.path.stem)
        history = History(len(table))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = self._lock.take()
            if self.path.exists() and self.path.stat().st_size:
                history = self._replay(table)
            if self.read_only:
                self._lock.release()
            elif held:
                self._mend()
        except SessionError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise SessionError(
                f"{self.path}: the session cannot be kept there ({error.strerror}); what you do "
                "will be lost when the kernel ends."
            ) from error
        return history

    def record(self, verb: str, arguments: dict[str, Any]) -> None:
        """Append a verb; a process killed after this returns has not lost it.

        Where that fails, `trouble` says so, and the next verb brings along what is missing.
        """
        entry = entry_of(verb, arguments)
        self._unwritten.append(line_of(entry))
        self._entries.append(entry)
        self.write()

    def write(self) -> bool:
        """Write the steps that are not written yet; False, and `trouble`, where that fails."""
        if not self._unwritten:
            return True
        try:
            if self._lock.held or self.rejoin():
                self._append()
            else:
                self._step_aside()
        except (OSError, SessionError) as error:
            reason = getattr(error, "strerror", None) or error
            self.trouble = (
                f"{self.path}: the last {len(self._unwritten):,} steps are not kept ({reason}); "
                "make room, and the next step brings them along."
            )
        else:
            self._unwritten, self.trouble = [], ""
        return not self.trouble

    def rejoin(self) -> bool:
        """Go on in the file itself, if the other window is gone and left it as it is known here.

        So a page that is loaded again while its last kernel is still ending makes no copy.

        Returns
        -------
        Whether the file is this window's from now on and was not before; never after the first
        step, which went to a copy.
        """
        if self.read_only or not self.aside or self.path != self.wanted or is_locked(self.path):
            return False
        if self._lock.take() and not self._as_known():
            self._lock.release()
        return self._lock.held

    def close(self) -> None:
        """Write what is not written yet, if that is possible now, and leave the file to others."""
        self.write()
        self._lock.release()

    def _replay(self, table: PatchTable) -> History:
        record = read_record(self.path)
        check_table(record, table)
        history, record = replay(record)
        self.said, self.read_only = record.said, record.newer
        if not record.newer:  # an earlier format becomes this one
            ours = {name: self._header[name] for name in ("format", "table")}
            self._header = {**record.header, **ours}
        self._entries = [*record.entries.values()]
        return history

    def _as_known(self) -> bool:
        known = self._entries[: len(self._entries) - len(self._unwritten)]
        whole = "".join(map(line_of, (self._header, *known)))
        return self.path.exists() and self.path.read_bytes() == whole.encode()

    def _mend(self) -> None:
        """Bring the file in line with what was understood of it; what was not is kept beside."""
        if self._as_known():
            return
        if self.said:
            beside = _unused(self.path.with_suffix(".damaged"))
            shutil.copy(self.path, beside)
            self.said += f" The file as it was is kept as {beside.name}."
        write_record(self.path, self._header, self._entries)

    def _append(self) -> None:
        if not self.path.exists():
            write_record(self.path, self._header, self._entries)
            return
        content = "".join(self._unwritten).encode()
        # Not fsync: it would hold up every click by a disk's turn, and only a power cut needs it.
        with self.path.open("ab", buffering=0) as file:
            start = file.tell()
            if file.write(content) != len(content):
                file.truncate(start)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _step_aside(self) -> None:
        """Go on in a file of one's own, which begins with everything known here."""
        taken = () if self._table is None else saved_sessions(self._table)
        path = free_file(self.path, taken)
        header = {**self._header, "name": path.stem}
        try:
            write_record(path, header, self._entries)
        except SessionError:
            path.unlink()
            raise
        self.path, self._header = path, header
        self._lock = SessionLock(path)
        self._lock.take()


def _unused(path: Path) -> Path:
    """Find a name for which there is no file yet."""
    numbered = (path.with_suffix(f".{number}{path.suffix}") for number in count(2))
    return next(free for free in chain((path,), numbered) if not free.exists())
