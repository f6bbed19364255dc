"""The workspace: one table, its saved sessions, and the open session."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.session import Session
from rareearth_explorer.hunt.store.format import Record
from rareearth_explorer.hunt.store.journal import Journal, load
from rareearth_explorer.hunt.store.library import saved_sessions, session_file
from rareearth_explorer.hunt.store.merge import Difference, difference_of
from rareearth_explorer.hunt.store.transfer import import_session, save_copy


class Workspace(t.HasTraits):
    """Saves a session of a table on disk, opens others, saves and imports them as files.

    Parameters
    ----------
    table
        The patches.
    labels
        Labelled pools, if there are any: `Labels`, or the pool count of each patch, (N,).
    name
        Name of the session to open, or to create if there is none; None opens no session, and
        nothing is saved until `open` is called.

    Attributes
    ----------
    session
        The session; opening another one replaces its contents, not the object.

    Raises
    ------
    LabelsError
        No label lies in any patch.
    SessionError
        The session cannot be opened, see `open`.

    Examples
    --------
    The explorer later shows what a script marks here, if it opens the session of that name::

        workspace = Workspace(open_table("table.parquet"), name="my hunt")
        workspace.session.mark(812, "positive")
        workspace.close()
    """

    names = t.Tuple()
    """Names of the saved sessions of this table, the last used first."""

    name = t.Unicode("")
    """Name of the open session; empty if none is open."""

    status = t.Unicode("")
    """Sentences about the open session: damage to its file, or another window that has it open."""

    trouble = t.Unicode("")
    """One sentence while the last steps could not be written; empty if all are written."""

    can_take_over = t.Bool(False)
    """Whether another window had the session open and has released it; see `take_over`."""

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
        """The file that steps are written to; None if no session is open."""
        return None if self._journal is None else self._journal.path

    @property
    def aside(self) -> bool:
        """Whether steps go to a copy: another window has the session open, or it is read-only."""
        return self._journal is not None and self._journal.aside

    @property
    def requested(self) -> str:
        """Name of the session that was asked for; `name` is that of its copy if it is `aside`."""
        return "" if self._journal is None else self._journal.requested.stem

    @property
    def steps(self) -> int:
        """Number of verbs done in the open session so far."""
        return 0 if self._journal is None else self._journal.steps

    def open(self, name: str) -> None:
        """Open the session of that name, or create it; the session that was open stays saved.

        Raises
        ------
        SessionError
            The name cannot be a file name; the last steps of the session that was open cannot be
            written (it stays open); or the file cannot be used (then no session is open).
        """
        journal = Journal.named(self.table, name)
        self._leave()
        try:
            journal.attach(self.session)
            self._journal, self.session.on_verb = journal, self._record
        except SessionError:
            self.session.resume()
            raise
        finally:
            self._tell()

    def begin(self, name: str) -> None:
        """Create a session of that name; the session that was open stays saved.

        Raises
        ------
        SessionError
            There is a session of that name already, or it cannot be opened, see `open`.
        """
        if name in saved_sessions(self.table):
            raise SessionError(f"There is a session {name!r} already; choose another name.")
        self.open(name)

    def copy(self, name: str) -> None:
        """Copy the open session, with all its steps, under another name; it is not opened.

        Raises
        ------
        SessionError
            No session is open, there is one of that name, or the copy cannot be written.
        """
        with TemporaryDirectory() as folder:
            beside = Path(folder) / "copy.jsonl"
            self.save_copy(beside)
            import_session(beside, self.table, name)
        self._list()

    def rename(self, name: str) -> None:
        """Give the open session another name; its old file goes when the new one is open.

        A file with damaged lines is kept under its old name.

        Raises
        ------
        SessionError
            As for `copy`; or another window has the session open.
        """
        journal = self._journal
        if journal is not None and (journal.read_only or (journal.aside and not journal.steps)):
            raise SessionError("Another window has this session open; rename it there.")
        damaged = journal is not None and bool(journal.warning)
        self.copy(name)
        old = self.path
        self.open(name)
        if old is not None and not damaged:
            old.unlink(missing_ok=True)
        self._list()

    def look(self) -> bool:
        """Check whether another window has released the session.

        The original session continues here only if neither window made a step since it was opened
        here, so nothing on the screen changes; otherwise `can_take_over` becomes true.

        Returns
        -------
        Whether the original session continues here.
        """
        journal = self._journal
        if journal is None:
            return False
        if rejoined := journal.rejoin():
            self._tell()
        else:  # asked every few seconds, so no folder is listed
            self.can_take_over = journal.can_take_over
        return rejoined

    def take_over(self) -> str:
        """Open the original session, which another window has released.

        Returns
        -------
        Name of the copy with the steps that were made here meanwhile; empty if there are none.

        Raises
        ------
        SessionError
            See `open`.
        """
        if self._journal is None:
            return ""
        requested, path = self._journal.requested, self._journal.path
        self.open(requested.stem)
        return path.stem if path != requested and not self.aside else ""

    def save_copy(self, target: Path) -> Record:
        """Save the open session as one file, to open on another machine.

        Raises
        ------
        SessionError
            No session is open, or its last steps or the file cannot be written.
        """
        if self._journal is None:
            raise SessionError("No session is open, so there is nothing to save; open one by name.")
        self._require_written()
        return save_copy(self._journal.path, target)

    def import_file(self, source: Path, name: str | None = None) -> tuple[str, Record]:
        """Import a session from a file, without opening it; see `transfer.import_session`.

        Returns
        -------
        Its name here, and its record.
        """
        kept, record = import_session(source, self.table, name)
        self._tell()
        return kept.stem, record

    def read(self, name: str) -> tuple[Decisions, Record]:
        """Read another session of this table, without opening it.

        Raises
        ------
        SessionError
            There is no session of that name, or it belongs to another table.
        """
        history, record = load(session_file(self.table, name), self.table)
        return history.present, record

    def difference(self, other: Decisions) -> Difference:
        """Find the statements that another session adds, and the conflicts with this one."""
        return difference_of(self.session.decisions, other)

    def close(self) -> None:
        """Release the session for other windows; later steps are not saved.

        Raises
        ------
        SessionError
            The last steps cannot be written; the session stays open.
        """
        self._leave()
        self.session.on_verb = None
        self._tell()

    def _leave(self) -> None:
        if self._journal is not None:
            self._require_written()
            self._journal.close()
            self._journal = None

    def _require_written(self) -> None:
        """Try again to write the last steps, if that failed before.

        Raises
        ------
        SessionError
            They still cannot be written.
        """
        if self._journal is not None and not self._journal.write():
            self._list()
            raise SessionError(f"{self._journal.trouble} Until then the session stays open.")

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
        warning = "" if journal is None else journal.warning
        self.status = " ".join(filter(None, [warning, self._other_window()]))

    def _list(self) -> None:
        with self.hold_trait_notifications():
            self.names = tuple(saved_sessions(self.table))
            self.name = "" if self._journal is None else self._journal.path.stem

    def _other_window(self) -> str:
        """Report that another window has the session open, if one has."""
        journal = self._journal
        if journal is None or not journal.aside or journal.read_only:
            return ""
        requested, path = journal.requested.stem, journal.path.stem
        copy = f"as '{path}'" if path != requested else "in a copy, from your first step on"
        if path == requested and any(name.startswith(f"{requested} (") for name in self.names):
            copy += "; the session's menu lists earlier copies"
        return f"Session '{requested}' is open in another window; your steps are saved {copy}."
