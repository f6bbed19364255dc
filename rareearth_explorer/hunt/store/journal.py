"""The journal: each verb is written to disk at once, so that no step of the analyst is lost.

`format` defines the file. One window writes to it; a second window that opens the same session
writes to a copy, 'NAME (2)', from its first step on.
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


def load(path: Path, table: PatchTable) -> tuple[History, Record]:
    """Repeat the steps of a session's file of a table; the record's `warning` reports lost ones.

    Raises
    ------
    SessionError
        It belongs to another table, or is not a session.
    """
    record = read_record(path)
    check_table(record, table)
    return replay(record)


def restore(path: Path, session: Session) -> Record:
    """Load a session's file into a session; see `load`."""
    history, record = load(path, session.table)
    session.resume(history)
    return record


class Journal:
    """Writes the verbs of a session to a file, and repeats the verbs that the file holds.

    Parameters
    ----------
    path
        The file; it is created if it does not exist.

    Attributes
    ----------
    requested
        The file that was asked for.
    path
        The file that steps are written to: a copy from the first step on, if `requested` was
        locked by another window or is read-only.
    warning
        One sentence about damage to the file, or that it is read-only; empty if there is neither.
    trouble
        One sentence if the last steps could not be written; empty if all are written.
    read_only
        Whether a newer version of the program wrote the file, so that it must not change.
    """

    def __init__(self, path: Path) -> None:
        self.requested = self.path = path
        self.warning = self.trouble = ""
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
        """Whether steps go to a copy: another window has the session open, or it is read-only."""
        return self.path != self.requested or not self._lock.held

    @property
    def can_take_over(self) -> bool:
        """Whether another window had the session open and has released it."""
        return self.aside and not self.read_only and not is_locked(self.requested)

    @classmethod
    def named(cls, table: PatchTable, name: str) -> Journal:
        """Return the journal of a named session of a table, in the user's data folder.

        Raises
        ------
        SessionError
            The name cannot be a file name.
        """
        return cls(session_file(table, name))

    def attach(self, session: Session) -> int:
        """Load the file into a session, then record the verbs of the session; see `open`.

        Returns
        -------
        Number of verbs repeated.
        """
        past = self.open(session.table)
        try:
            session.resume(past)
        finally:  # even if a panel fails to draw it
            session.on_verb = self.record
        return self.steps

    def open(self, table: PatchTable) -> History:
        """Lock the file if no other window has it open, and repeat its verbs.

        Raises
        ------
        SessionError
            The file belongs to another table, is not a session, or cannot be written.
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
                f"{self.path}: the session cannot be saved there ({error.strerror}); your steps "
                "will be lost when the kernel ends."
            ) from error
        return history

    def record(self, verb: str, arguments: dict[str, Any]) -> None:
        """Append a verb; it is not lost if the process is killed after this returns.

        If writing fails, `trouble` reports it, and the next verb writes the missing steps too.
        """
        entry = entry_of(verb, arguments)
        self._unwritten.append(line_of(entry))
        self._entries.append(entry)
        self.write()

    def write(self) -> bool:
        """Write the steps that are not written yet; return False and set `trouble` on failure."""
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
                f"{self.path}: the last {len(self._unwritten):,} steps are not saved ({reason}); "
                "free some space, and the next step saves them too."
            )
        else:
            self._unwritten, self.trouble = [], ""
        return not self.trouble

    def rejoin(self) -> bool:
        """Continue in the original file, if the other window has released it without changes.

        So a page that is reloaded while its last kernel is still ending makes no copy.

        Returns
        -------
        Whether this window now owns the file and did not before; never after the first step,
        which went to a copy.
        """
        if self.read_only or self.path != self.requested or is_locked(self.path):
            return False
        if self._lock.take() and not self._as_known():
            self._lock.release()
        return self._lock.held

    def close(self) -> None:
        """Write the steps that are not written yet, if possible, and release the file."""
        self.write()
        self._lock.release()

    def _replay(self, table: PatchTable) -> History:
        history, record = load(self.path, table)
        self.warning, self.read_only = record.warning, record.newer
        if not record.newer:  # an earlier format is converted
            ours = {name: self._header[name] for name in ("format", "table")}
            self._header = {**record.header, **ours}
        self._entries = [*record.entries.values()]
        return history

    def _as_known(self) -> bool:
        known = self._entries[: len(self._entries) - len(self._unwritten)]
        whole = "".join(map(line_of, (self._header, *known)))
        return self.path.exists() and self.path.read_bytes() == whole.encode()

    def _mend(self) -> None:
        """Rewrite the file from the lines that were understood; keep a damaged file."""
        if self._as_known():
            return
        if self.warning:
            beside = _unused(self.path.with_suffix(".damaged"))
            shutil.copy(self.path, beside)
            self.warning += f" The damaged file is kept as {beside.name}."
        write_record(self.path, self._header, self._entries)

    def _append(self) -> None:
        if not self.path.exists():
            write_record(self.path, self._header, self._entries)
            return
        content = "".join(self._unwritten).encode()
        # No fsync: it would delay every click by a disk access, and only a power cut needs it.
        with self.path.open("ab", buffering=0) as file:
            start = file.tell()
            if file.write(content) != len(content):
                file.truncate(start)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _step_aside(self) -> None:
        """Continue in a copy, which begins with all steps so far."""
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
    """Return a path at which there is no file yet."""
    numbered = (path.with_suffix(f".{number}{path.suffix}") for number in count(2))
    return next(free for free in chain((path,), numbered) if not free.exists())
