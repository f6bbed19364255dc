"""What a session's file says, line by line, and repeating it.

One JSON object a line. The first line says which table it is about, by content; each further
line is a verb and the arguments that repeat it. A line that cannot be understood is left out,
and said: one lost step shall not cost all those after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from rareearth_explorer.data.storage.replacing import explained, write_atomically
from rareearth_explorer.errors import ExplorerError, SessionError
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.state import Mask

FORMAT = 1
VERBS = (
    "mark",
    "unmark",
    "mute",
    "judge",
    "note",
    "aim",
    "keep",
    "back",
    "audit",
    "undo",
    "redo",
    "score_by",
    "visit",
    "merge",
)

Entry = dict[str, Any]
"""A line: the header, or a verb with its arguments and time."""


UNREPEATABLE = (ExplorerError, AttributeError, LookupError, TypeError, ValueError)
"""What a verb raises that was damaged, or that needs a step which is lost."""


@dataclass(frozen=True)
class Record:
    """A session as its file tells it.

    Attributes
    ----------
    path
        The file.
    header
        Format, table, name, number of patches, path of the table.
    entries
        Number of the line, from 1 -> what it says, for every line that is understood.
    damaged
        Numbers of the lines that are not.
    cut_off
        Whether the last line was cut off while it was written; it is not in `damaged`.
    """

    path: Path
    header: Entry
    entries: dict[int, Entry]
    damaged: tuple[int, ...] = ()
    cut_off: bool = False

    @property
    def said(self) -> str:
        """One sentence about what is lost; empty if nothing is."""
        if self.damaged:
            lines = ", ".join(map(str, self.damaged))
            one = len(self.damaged) == 1
            return (
                f"{self.path}: {'line' if one else 'lines'} {lines} {'is' if one else 'are'} "
                f"damaged and left out; the other {len(self.entries):,} steps are there, check "
                "the last of them."
            )
        if self.cut_off:
            return (
                f"{self.path}: the last step was cut off while it was written and is lost; the "
                f"{len(self.entries):,} before it are there."
            )
        return ""


def read_record(path: Path) -> Record:
    """Read a session's file.

    Raises
    ------
    SessionError
        The file cannot be read, or is no session.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SessionError(f"{path}: this cannot be read as a session; check the path.") from error
    lines = dict(enumerate(content.splitlines(), start=1))
    header = _parsed(lines.pop(1, b""))
    if header is None or header.get("format") != FORMAT or not _counts(header.get("patches")):
        raise SessionError(
            f"{path}: its first line does not say that this is a session; choose another file, or "
            "restore a copy of it."
        )
    found = {number: _parsed(line) for number, line in lines.items()}
    last = len(lines) + 1
    cut_off = not content.endswith(b"\n") and last > 1 and found[last] is None
    if cut_off:
        del found[last]
    entries = {n: entry for n, entry in found.items() if entry and entry.get("verb") in VERBS}
    return Record(path, header, entries, tuple(sorted(found.keys() - entries)), cut_off)


def repeat(record: Record, session: Session) -> Record:
    """Repeat in a fresh session what a file says.

    Returns
    -------
    The record, less what could not be repeated.
    """
    entries, damaged = {}, set(record.damaged)
    for number, entry in record.entries.items():
        try:
            _repeat_one(entry, session)
        except UNREPEATABLE:
            damaged.add(number)
        else:
            entries[number] = entry
    return Record(record.path, record.header, entries, tuple(sorted(damaged)), record.cut_off)


def write_record(path: Path, header: Entry, entries: Iterable[Entry]) -> None:
    """Write a session's file, whole or not at all.

    Raises
    ------
    SessionError
        It cannot be written there.
    """
    with explained(path, "the session cannot be kept there", SessionError):
        write_atomically(path, "".join(map(line_of, (header, *entries))))


def entry_of(verb: str, arguments: dict[str, Any]) -> Entry:
    """Make the entry of a verb that happens now."""
    return {"verb": verb, **arguments, "time": datetime.now(UTC).isoformat(timespec="seconds")}


def line_of(entry: Entry) -> str:
    """Write an entry as a line."""
    return json.dumps(entry, separators=(",", ":")) + "\n"


def _repeat_one(entry: Entry, session: Session) -> None:
    arguments = {name: value for name, value in entry.items() if name not in ("verb", "time")}
    if entry["verb"] == "keep":
        arguments["active"] = _mask(arguments.pop("rows"), len(session.table))
    getattr(session, entry["verb"])(**arguments)


def _mask(rows: list[int], size: int) -> Mask:
    active = np.zeros(size, dtype=bool)
    active[rows] = True
    return active


def _counts(number: object) -> bool:
    return isinstance(number, int) and number > 0


def _parsed(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except ValueError:  # no JSON, or not even text
        return None
    return entry if isinstance(entry, dict) else None
