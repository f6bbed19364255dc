"""The workspace: one table, its saved sessions, and the one that is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.store.format import Record, read_record, replay
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.library import saved_sessions, session_file
from rareearth_explorer.hunt.store.merge import Difference, difference_of
from rareearth_explorer.hunt.store.table_identity import check_table
from rareearth_explorer.hunt.store.transfer import import_session, save_copy


class Workspace(t.HasTraits):
    """Keeps a session of a table on disk, opens others, and moves them as files.

    Parameters
    ----------
    table
        The patches.
    labels
        Known pools, if there are any: `Labels`, or the number of pools in each patch, (N,).
    name
        Name of the session to open, or to begin where there is none of that name; None opens
        none, and nothing is kept until `open` is called.

    Attributes
    ----------
    session
        The session; opening another name replaces what it holds, not the object.

    Raises
    ------
    LabelsError
        No label lies in any patch.
    SessionError
        The session cannot be opened, see `open`.

    Examples
    --------
    What a script marks here is there when the explorer opens the session of that name::

        workspace = Workspace(open_table("table.parquet"), name="my hunt")
        workspace.session.mark(812, "positive")
        workspace.close()
    """

    names = t.Tuple()
    """Names of the saved sessions of this table, the one used last first."""

    name = t.Unicode("")
    """Name of the session that is kept; empty where none is open."""

    status = t.Unicode("")
    """Sentences about the open session: damage to its file, another window that has it."""

    trouble = t.Unicode("")
    """One sentence while the last steps could not be written; empty if all are."""

    can_take_over = t.Bool(False)
    """Whether another window had the session, and has it no longer; see `take_over`."""

    def __init__(
        self,
        table: PatchTable,
        labels: Labels | npt.ArrayLike | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__()
        self.table = table
        self.session = Session(table, labels)
        self._journal: Journal | None = None
        self._list()
        if name is not None:
            self.open(name)

    @property
    def path(self) -> Path | None:
        """The file that steps are written into, or None where no session is open."""
        return None if self._journal is None else self._journal.path

    @property
    def aside(self) -> bool:
        """Whether steps go to a copy, because another window has the session or it is read-only."""
        return self._journal is not None and self._journal.aside

    @property
    def steps(self) -> int:
        """Number of verbs done in the open session so far."""
        return 0 if self._journal is None else self._journal.steps

    def open(self, name: str) -> None:
        """Open the session of that name, or begin it; the one open before is kept.

        Raises
        ------
        SessionError
            The name cannot be a file's name, the last steps of the session open before cannot be
            written (it stays open), or the file cannot be used (then none is open).
        """
        journal = Journal(session_file(self.table, name))
        self._leave()
        self.session.resume()
        try:
            journal.attach(self.session)
            self._journal, self.session.on_verb = journal, self._record
        finally:
            self._tell()

    def begin(self, name: str) -> None:
        """Begin a new session of that name; the one open before is kept.

        Raises
        ------
        SessionError
            There is one of that name already, or it cannot be opened, see `open`.
        """
        if name in saved_sessions(self.table):
            raise SessionError(f"There is a session {name!r} already; choose another name.")
        self.open(name)

    def look(self) -> bool:
        """See whether another window has let the session go.

        Nothing changes under the analyst's eyes: it goes on in the session itself only where
        neither window did a step since it was opened here; else `can_take_over` says so.

        Returns
        -------
        Whether the session itself goes on here from now on.
        """
        rejoined = self._journal is not None and self._journal.rejoin()
        self._tell()
        return rejoined

    def take_over(self) -> str:
        """Open the session itself that another window had, and has no longer.

        Returns
        -------
        Name of the copy that holds what was done here meanwhile; empty if nothing was.

        Raises
        ------
        SessionError
            See `open`.
        """
        if self._journal is None:
            return ""
        wanted, path = self._journal.wanted, self._journal.path
        self.open(wanted.stem)
        return path.stem if path != wanted and not self.aside else ""

    def save_copy(self, target: Path) -> Record:
        """Save the open session as one file, to open on another machine.

        Raises
        ------
        SessionError
            No session is open, its last steps cannot be written, or the file cannot.
        """
        if self._journal is None:
            raise SessionError("No session is open, so there is none to save; open one by name.")
        self._require_written()
        return save_copy(self._journal.path, target)

    def import_file(self, source: Path, name: str | None = None) -> tuple[str, Record]:
        """Keep a session that came as a file, without opening it; see `transfer.import_session`.

        Returns
        -------
        Its name here, and the record of what was understood.
        """
        kept, record = import_session(source, self.table, name)
        self._tell()
        return kept.stem, record

    def read(self, name: str) -> tuple[Decisions, Record]:
        """Read what another session of this table holds, without opening it.

        Raises
        ------
        SessionError
            There is none of that name, or it is about another table.
        """
        record = read_record(session_file(self.table, name))
        check_table(record, self.table)
        history, record = replay(record)
        return history.present, record

    def difference(self, other: Decisions) -> Difference:
        """Find what another session states and this one does not, or states differently."""
        return difference_of(self.session.decisions, other)

    def close(self) -> None:
        """Leave the session to other windows; what is done from now on is not kept."""
        if self._journal is not None:
            self._journal.close()
            self._journal, self.session.on_verb = None, None
        self._tell()

    def _leave(self) -> None:
        if self._journal is not None:
            self._require_written()
            self._journal.close()
            self._journal = None

    def _require_written(self) -> None:
        """Try once more to write what could not be written.

        Raises
        ------
        SessionError
            It cannot be written now either.
        """
        if self._journal is not None and not self._journal.write():
            self._list()
            raise SessionError(
                f"{self._journal.trouble} Until then no other session can be opened."
            )

    def _record(self, verb: str, arguments: dict[str, Any]) -> None:
        assert self._journal is not None
        self._journal.record(verb, arguments)
        self.trouble = self._journal.trouble
        if self._journal.path.stem != self.name:  # the first step of a second window
            self._tell()

    def _tell(self) -> None:
        """Tell observers which session is open, and its state on disk."""
        journal = self._journal
        self._list()
        self.trouble = "" if journal is None else journal.trouble
        self.can_take_over = journal is not None and journal.can_take_over
        said = "" if journal is None else journal.said
        self.status = " ".join(filter(None, [said, self._other_window()]))

    def _list(self) -> None:
        with self.hold_trait_notifications():
            self.names = tuple(saved_sessions(self.table))
            self.name = "" if self._journal is None else self._journal.path.stem

    def _other_window(self) -> str:
        """Say that another window has the session, if one has."""
        journal = self._journal
        if journal is None or not journal.aside or journal.read_only:
            return ""
        wanted, path = journal.wanted.stem, journal.path.stem
        copy = f"as '{path}'" if path != wanted else "in a copy, from your first step on"
        if path == wanted and any(name.startswith(f"{wanted} (") for name in self.names):
            copy += "; earlier copies are in the tab 'Session'"
        return f"Session '{wanted}' is open in another window; what you do here is kept {copy}."
