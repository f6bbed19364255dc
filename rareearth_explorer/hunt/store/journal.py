"""The journal: every verb on disk the moment it happens, so that nothing an analyst did is lost.

`record` says what is in the file. One window writes into it; another that opens the same session
writes into a copy of its own, 'NAME (2)', from its first step on.
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
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.store.format import (
    Entry,
    Record,
    entry_of,
    line_of,
    read_record,
    repeat,
    write_record,
)
from rareearth_explorer.hunt.store.library import check_table, free_file, header_of, session_file
from rareearth_explorer.hunt.store.lock import Hold, is_held


def replay(path: Path, session: Session) -> Record:
    """Repeat a session's file in a fresh session; the record's `said` tells what is lost.

    Raises
    ------
    SessionError
        It is about another table, or no session.
    """
    record = read_record(path)
    check_table(record, session.table)
    return repeat(record, session)


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
        The file written into: another one since the first step, where `wanted` was held by
        another window.
    said
        One sentence about what was lost by damage to the file; empty if nothing was.
    trouble
        One sentence if the last steps could not be written; empty if all are.
    """

    def __init__(self, path: Path) -> None:
        self.wanted = self.path = path
        self.said = self.trouble = ""
        self._hold = Hold(path)
        self._header: Entry = {}
        self._entries: list[Entry] = []
        self._unwritten: list[str] = []

    @classmethod
    def named(cls, table: PatchTable, name: str) -> Journal:
        """Return the journal of a named session of a table, in the user's data folder.

        Raises
        ------
        SessionError
            The name cannot be a file's name.
        """
        return cls(session_file(table, name))

    @property
    def aside(self) -> bool:
        """Whether another window has the session, so that steps go to a copy."""
        return self.path != self.wanted or not self._hold.kept

    @property
    def can_take_over(self) -> bool:
        """Whether another window had the session, and has it no longer."""
        return self.aside and not is_held(self.wanted)

    def attach(self, session: Session) -> int:
        """Repeat what the file holds in a fresh session, then record what happens to it.

        Returns
        -------
        Number of verbs repeated.

        Raises
        ------
        SessionError
            The file is about another table, is no session, or cannot be written.
        """
        self._header = header_of(session.table, self.path.stem)
        # Nobody observes this one: a panel that fails is no damage to the file, and none has to
        # draw a step that the next one replaces.
        repeated = Session(session.table, session.pools)
        repeated.columns = session.columns
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = self._hold.take()
            if self.path.exists() and self.path.stat().st_size:
                self._repeat(repeated)
            if held:
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
        try:
            session.take_over(repeated)
        finally:  # also where a panel fails to draw it
            session.on_verb = self.record
        return len(self._entries)

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
            if self._hold.kept or self.rejoin():
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
        """
        if self.path != self.wanted or self._hold.kept or is_held(self.path):
            return self._hold.kept
        if self._hold.take() and not self._as_known():
            self._hold.release()
        return self._hold.kept

    def close(self) -> None:
        """Write what is not written yet, if that is possible now, and leave the file to others."""
        self.write()
        self._hold.release()

    def _repeat(self, session: Session) -> None:
        record = replay(self.path, session)
        self.said = record.said
        self._header, self._entries = record.header, [*record.entries.values()]

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
        path = free_file(self.path)
        header = {**self._header, "name": path.stem}
        try:
            write_record(path, header, self._entries)
        except SessionError:
            path.unlink()
            raise
        self.path, self._header = path, header
        self._hold = Hold(path)
        self._hold.take()


def _unused(path: Path) -> Path:
    """Find a name for which there is no file yet."""
    numbered = (path.with_suffix(f".{number}{path.suffix}") for number in count(2))
    return next(free for free in chain((path,), numbered) if not free.exists())
