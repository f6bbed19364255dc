"""The format of a session's file, the journal: one JSON object per line.

The first line, the header, names the format and the table of the session. Each further line is a
verb with the arguments that repeat it. Damaged lines are left out and reported, so one lost step
does not cost the steps after it.

Formats:

1. Rounds list the row numbers of their patches; the table is identified by rounded values.
2. Rounds are packed masks; the table is identified by the bytes that it stores.

The program reads all formats up to its own, and writes its own. It opens a newer format read-only:
it leaves out unknown verbs, reports this, and never writes to that file. It counts each of them as
a step, so that a following undo takes back no other step.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rareearth_explorer.data.storage.replacing import explained, write_atomically
from rareearth_explorer.errors import ExplorerError, SessionError
from rareearth_explorer.hunt.history import MOVES, History
from rareearth_explorer.hunt.steps import STEPS

FORMAT = 2

LONGEST_HEADER = 65_536
"""Longest accepted first line, in bytes."""

MOST_BYTES, MOST_STEPS, MOST_PATCHES = 48 * 2**20, 100_000, 100_000_000
"""Largest accepted file, number of its lines, and number of patches of its table.

A hunt of ten thousand steps takes 1 MB; a file beyond these limits was not written by an analyst,
and reading it could fill the memory.
"""

LONGEST_PATH = 4096
"""Longest accepted path of a table, in characters."""

MOST_NAMED = 10
"""Damaged lines that a warning names one by one."""

Entry = dict[str, Any]
"""A line: the header, or a verb with its arguments and time."""

UNREPEATABLE = (
    ExplorerError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""Raised by a verb that is damaged, or that needs a lost step."""

VERBS = frozenset((*STEPS, *MOVES))
"""Verbs that a journal may hold."""

UNDOING = ("undo", "redo")


@dataclass(frozen=True)
class Record:
    """The content of a session's file.

    Attributes
    ----------
    path
        The file.
    header
        Format, table, name, number of patches, path of the table; name and path are None, and the
        table empty, where the file has something else in their place.
    entries
        Number of the line, from 1 -> verb, arguments and time, for each line that was understood.
    damaged
        Numbers of the damaged lines.
    unknown
        Numbers of the lines of a newer format with verbs that this program does not know.
    cut_off
        Whether the last line was written only in part; it is not in `damaged`.
    """

    path: Path
    header: Entry
    entries: dict[int, Entry]
    damaged: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    cut_off: bool = False

    @property
    def newer(self) -> bool:
        """Whether a newer version of the program wrote it, so that it is read-only here."""
        return bool(self.header["format"] > FORMAT)

    @property
    def warning(self) -> str:
        """One sentence about lost steps or a read-only file; empty if there is neither."""
        if self.newer:
            unknown = f"{len(self.unknown):,} of its steps are unknown here and left out; "
            return (
                f"{self.path}: a newer version of this program wrote this session, so it is "
                f"read-only; {unknown if self.unknown else ''}your steps are saved in a copy; "
                "update the program to continue the original session."
            )
        if self.damaged:
            more = len(self.damaged) - MOST_NAMED
            lines = ", ".join(map(str, self.damaged[:MOST_NAMED]))
            lines += f" and {more:,} more" if more > 0 else ""
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
        The file cannot be read, is not a session, or is larger than any session.
    """
    with _readable(path), path.open("rb") as file:
        content = file.read(MOST_BYTES + 1) if path.is_file() else b""
    if len(content) > MOST_BYTES or content.count(b"\n") + content.count(b"\r") > MOST_STEPS:
        raise SessionError(
            f"{path}: this is larger than a session gets ({MOST_BYTES >> 20} MB, {MOST_STEPS:,} "
            "steps); choose another file."
        )
    lines = dict(enumerate(content.splitlines(), start=1))
    header = _header(lines.pop(1, b""), path)
    found = {number: _parsed(line) for number, line in lines.items()}
    last = len(lines) + 1
    cut_off = not content.endswith(b"\n") and last > 1 and found[last] is None
    if cut_off:
        del found[last]
    entries = {n: entry for n, entry in found.items() if entry and _verb(entry) in VERBS}
    others = sorted(found.keys() - entries)
    unknown = [n for n in others if header["format"] > FORMAT and found[n] is not None]
    damaged = [n for n in others if n not in set(unknown)]
    return Record(path, header, entries, tuple(damaged), tuple(unknown), cut_off)


def read_header(path: Path) -> Entry:
    """Read the first line of a session's file, and no more.

    Raises
    ------
    SessionError
        The file cannot be read, or is not a session.
    """
    with _readable(path), path.open("rb") as file:
        line = file.readline(LONGEST_HEADER + 1) if path.is_file() else b""
    return _header(line, path)


def replay(record: Record) -> tuple[History, Record]:
    """Repeat the steps of a session's file; the table is not needed.

    Returns
    -------
    The history, and the record without the lines that could not be repeated.
    """
    history = History(record.header["patches"])
    entries, failed = {}, set()
    for number in sorted({*record.entries, *record.unknown}):
        before, entry = history.present, record.entries.get(number)
        if entry is None or not _repeated(entry, history):
            failed.add(number)
            if record.newer:
                history.add_unknown()
        elif not record.newer or history.present is not before or entry["verb"] not in UNDOING:
            entries[number] = entry  # an undo of a step that is left out is left out too
    history.drop_unknown()
    if record.newer:  # the verb may have another meaning there
        return history, replace(record, entries=entries, unknown=tuple(sorted(failed)))
    damaged = tuple(sorted({*record.damaged, *failed}))
    return history, replace(record, entries=entries, damaged=damaged)


def _repeated(entry: Entry, history: History) -> bool:
    """Repeat an entry; return whether that was possible."""
    arguments = {name: value for name, value in entry.items() if name not in ("verb", "time")}
    try:
        history.repeat(entry["verb"], arguments)
    except UNREPEATABLE:
        return False
    return True


def write_record(path: Path, header: Entry, entries: Iterable[Entry]) -> None:
    """Write a session's file, completely or not at all.

    Raises
    ------
    SessionError
        It cannot be written.
    """
    content = "".join(line_of(entry) for entry in (header, *entries))
    write_content(path, content.encode())


def write_content(path: Path, content: bytes) -> None:
    """Write the bytes of a session's file, completely or not at all.

    Raises
    ------
    SessionError
        They cannot be written.
    """
    with explained(path, "the session cannot be saved there", SessionError):
        write_atomically(path, content)


def entry_of(verb: str, arguments: dict[str, Any]) -> Entry:
    """Make the entry of a verb that happens now."""
    return {"verb": verb, **arguments, "time": datetime.now(UTC).isoformat(timespec="seconds")}


def line_of(entry: Entry) -> str:
    """Write an entry as a line."""
    return json.dumps(entry, separators=(",", ":")) + "\n"


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Report in one sentence that a session's file cannot be read."""
    try:
        yield
    except OSError as error:
        raise SessionError(f"{path}: this cannot be read as a session; check the path.") from error


def _header(line: bytes, path: Path) -> Entry:
    header = _parsed(line) if len(line) <= LONGEST_HEADER else None
    if header is None or not (_counts(header.get("format")) and _counts(header.get("patches"))):
        raise SessionError(
            f"{path}: its first line is not that of a session; choose another file, or restore a "
            "copy of it."
        )
    if header["patches"] > MOST_PATCHES:
        raise SessionError(
            f"{path}: it names a table of more than {MOST_PATCHES:,} patches, which is none of "
            "ours; choose another file."
        )
    name, table, where = (header.get(key) for key in ("name", "table", "path"))
    return {
        **header,
        "name": name if isinstance(name, str) else None,
        "table": table if isinstance(table, str) else "",
        "path": where if isinstance(where, str) and _can_be_path(where) else None,
    }


def _can_be_path(text: str) -> bool:
    return 0 < len(text) <= LONGEST_PATH and "\0" not in text


def _verb(entry: Entry) -> str:
    verb = entry.get("verb")
    return verb if isinstance(verb, str) else ""


def _counts(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _parsed(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # neither JSON nor text
        return None
    return entry if isinstance(entry, dict) else None
