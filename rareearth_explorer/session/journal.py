"""The journal: every verb on disk the moment it happens, so that nothing an analyst did is lost.

`record` says what is in the file. One window writes into it; another that opens the same session
writes into a copy of its own, 'NAME (2)', from its first step on.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path

from rareearth_explorer.errors import SessionError
from rareearth_explorer.session.holding import Hold, is_held
from rareearth_explorer.session.record import (
    FORMAT,
    Entry,
    Record,
    entry_of,
    line_of,
    read_record,
    repeat,
    write_record,
)
from rareearth_explorer.session.session import Session
from rareearth_explorer.table import PatchTable


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
        raise SessionError(
            f"There is no saved session {name!r}; give the path of its .jsonl file"
            f"{f', or one of {kept}' if kept else ''}."
        )
    if len(found) > 1:
        raise SessionError(
            f"{len(found)} tables have a session {name!r}; say which table is meant."
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
        self._unwritten: list[Entry] = []

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
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = self._hold.take()
            if self.path.exists() and self.path.stat().st_size:
                self._repeat(session)
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
        session.on_verb = self.record
        return len(self._entries)

    def record(self, verb: str, arguments: dict[str, Any]) -> None:
        """Append a verb; a process killed after this returns has not lost it.

        Where that fails, `trouble` says so, and the next verb brings along what is missing.
        """
        entry = entry_of(verb, arguments)
        self._entries.append(entry)
        self._unwritten.append(entry)
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
        """Leave the file to other windows."""
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
        content = "".join(map(line_of, self._unwritten)).encode()
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
