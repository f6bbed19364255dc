"""The journal: every verb on disk the moment it happens, so that nothing an analyst did is lost.

One JSON object a line. The first line says which table it is about, by content, and who wrote
it; each further line is a verb and the arguments that repeat it. A line cut off by a power cut
is ignored; a line that cannot be repeated ends in a sentence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path

from rareearth_explorer.errors import SessionError
from rareearth_explorer.session.session import Session
from rareearth_explorer.table import PatchTable

FORMAT = 1
VERBS = (
    "mark",
    "unmark",
    "mute",
    "judge",
    "note",
    "keep",
    "back",
    "audit",
    "undo",
    "redo",
    "score_by",
)


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


def table_of(path: Path) -> Path | None:
    """Where the table of a session was when the session began, or None if it does not tell.

    Raises
    ------
    SessionError
        The file cannot be read, or is no journal.
    """
    where = next(read_entries(path), {}).get("path")
    return None if where is None else Path(where)


class Journal:
    """Writes a session's verbs to a file, and repeats those that are there.

    Parameters
    ----------
    path
        The file; it is begun if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def named(cls, table: PatchTable, name: str) -> Journal:
        """Return the journal of a named session of a table, in the user's data folder.

        Raises
        ------
        SessionError
            The name cannot be a file's name.
        """
        if not re.fullmatch(r"[\w][\w .-]{0,80}", name):
            raise SessionError(
                f"A session cannot be called {name!r}; use letters, digits, spaces and - . _"
            )
        return cls(session_folder(table) / f"{name}.jsonl")

    def attach(self, session: Session) -> int:
        """Repeat what the file holds in a fresh session, then record what happens to it.

        Returns
        -------
        Number of verbs repeated.

        Raises
        ------
        SessionError
            The file is about another table, is damaged, or cannot be written.
        """
        repeated = replay(self.path, session) if self.path.exists() else 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._drop_cut_off_line()
            if not self.path.exists() or not self.path.stat().st_size:
                self._write(self._header(session.table))
        except OSError as error:
            raise SessionError(
                f"{self.path}: the session cannot be kept there ({error.strerror}); what you do "
                "will be lost when the kernel ends."
            ) from error
        session.on_verb = self.record
        return repeated

    def record(self, verb: str, arguments: dict[str, Any]) -> None:
        """Append a verb; a process killed after this returns has not lost it."""
        time = datetime.now(UTC).isoformat(timespec="seconds")
        self._write({"verb": verb, **arguments, "time": time})

    def _header(self, table: PatchTable) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "table": fingerprint(table),
            "name": self.path.stem,
            "patches": len(table),
            "path": str(table.path.resolve()) if table.path else None,
        }

    def _write(self, entry: dict[str, Any]) -> None:
        # Not fsync: it would hold up every click by a disk's turn, and only a power cut needs it.
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")

    def _drop_cut_off_line(self) -> None:
        """Remove an end without a line break, which a power cut left, before more is appended."""
        if self.path.exists():
            content = self.path.read_bytes()
            if not content.endswith(b"\n"):
                os.truncate(self.path, content.rfind(b"\n") + 1)


def read_entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal, the first being its header.

    Raises
    ------
    SessionError
        The file cannot be read, or is no journal.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SessionError(f"{path}: this cannot be read as a session; check the path.") from error
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            if number == len(lines) - 1 and number > 0:
                return  # cut off while it was written
            raise SessionError(
                f"{path}: line {number + 1} is damaged; restore a copy of the file, or remove the "
                "lines from there on."
            ) from None
        if number == 0 and not (isinstance(entry, dict) and entry.get("format") == FORMAT):
            raise SessionError(f"{path}: this is no session of this program; choose another file.")
        yield entry


def replay(path: Path, session: Session) -> int:
    """Repeat a journal's verbs in a session; returns their number.

    Raises
    ------
    SessionError
        The journal is about another table, or damaged.
    """
    entries = read_entries(path)
    header = next(entries, None)
    if header is None:
        return 0
    if header["table"] != fingerprint(session.table):
        raise SessionError(
            f"{path}: this session is about another table of {header['patches']:,} patches; open "
            "that one."
        )
    count = 0
    for count, entry in enumerate(entries, start=1):
        verb, arguments = entry.pop("verb", None), entry
        arguments.pop("time", None)
        if verb not in VERBS:
            raise SessionError(f"{path}: line {count + 1} holds no known verb; update the program.")
        if verb == "keep":
            active = np.zeros(len(session.table), dtype=bool)
            active[arguments.pop("rows")] = True
            arguments["active"] = active
        getattr(session, verb)(**arguments)
    return count
