"""The session panel: which named session this is, earlier ones, new ones, and those of others."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets as w
import traitlets as t

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.library import saved_sessions
from rareearth_explorer.hunt.store.transfer import bring, save_copy
from rareearth_explorer.widgets.download import download_link
from rareearth_explorer.widgets.kit import bar, button, note

WATCH = 2.0
"""Seconds between looks whether another window has let a session go."""


class SessionsPanel(t.HasTraits):
    """Keeps the session in a journal, opens earlier ones, begins new ones, moves them as files."""

    names = t.Tuple()
    """Names of the sessions of this table, the one used last first."""

    current = t.Unicode("unnamed")
    """Name of the session that is kept, "unnamed" where none is."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.journal: Journal | None = None
        self._listing = False
        self._watch: asyncio.TimerHandle | None = None
        self.saved = w.Dropdown(
            description="Session",
            tooltip="Sessions kept for this table; choosing one opens it",
            layout=w.Layout(width="230px"),
            style={"description_width": "52px"},
        )
        self.name = w.Text(
            description="New",
            placeholder="its name",
            continuous_update=False,  # or a quick click on 'begin' comes before the last letters
            tooltip="Name of a new session: letters, digits, spaces and - . _ ( )",
            layout=w.Layout(width="165px"),
            style={"description_width": "30px"},
        )
        self.begin = button("begin", "Begin a new session of that name; this one is kept")
        self.take_over = button(
            "take over", "The other window is closed: go on here in the session itself"
        )
        self.save = button(
            "save as file", "One file with the whole session, to open on another machine"
        )
        self.bring = w.FileUpload(
            accept=".jsonl",
            description="bring a file",
            tooltip="Keep a session that was saved as a file, to open it or to merge it",
            layout=w.Layout(width="auto"),
        )
        self.said, self.link = w.HTML(), w.HTML()
        self.saved.observe(lambda change: self._choose(change.new), "value")
        self.bring.observe(lambda change: self._bring(change.new), "value")
        self.begin.on_click(lambda _: self._begin())
        self.take_over.on_click(lambda _: self._take_over())
        self.save.on_click(lambda _: self._save())
        session.observe(lambda _: self._follow(), ["state", "threshold"])
        rows = (
            [self.saved, self.name, self.begin],
            [self.save, self.bring, self.take_over, self.link],
        )
        bars = [bar(row) for row in rows]
        self.widget = w.VBox([bars[0], self.said, bars[1]], layout=w.Layout(width="100%"))
        self._show()

    def open(self, name: str) -> None:
        """Open the session of that name, or begin it; what cannot be done is said."""
        try:
            journal = Journal.named(self.session.table, name)
        except ExplorerError as error:
            self.session.message = str(error)
            return
        if self.journal is not None:
            if not self._written():
                self._list()
                return
            self.journal.close()
        self.journal, self.link.value = journal, ""
        self.session.restart()
        try:
            steps = journal.attach(self.session)
        except ExplorerError as error:
            self.journal, steps = None, 0
            self._show()
            self.session.message = str(error)
            return
        self._show()
        again = f"Session '{name}' is as you left it; others are in the tab 'Session'."
        self.session.notice = again if steps else ""
        self.session.message = " ".join(filter(None, [journal.said, self._beside()]))
        self._look_again()

    def close(self) -> None:
        """Leave the session to other windows."""
        if self._watch is not None:
            self._watch.cancel()
        if self.journal is not None:
            self.journal.close()
            self.journal, self.session.on_verb = None, None

    def _written(self) -> bool:
        """Try once more to write what could not be written; where that fails, it is said."""
        if self.journal is None or self.journal.write():
            return True
        self.session.message = f"{self.journal.trouble} Until then no other session can be opened."
        return False

    def _follow(self) -> None:
        """Show where steps go, which the first step in a second window changes."""
        if self.journal is None:
            return
        if self.journal.path.stem != self.current:
            self._show()
        if self.journal.trouble:
            self.session.message = self.journal.trouble

    def _show(self) -> None:
        journal = self.journal
        self._list()
        self.save.disabled = journal is None
        self.take_over.layout.display = "none"
        if journal is None:
            self.said.value = note("No session is open: what you do is not kept.")
            return
        lines = [
            f"Every step is kept at once in<br><code>{html.escape(str(journal.path))}</code>",
            html.escape(journal.said, quote=False),
            html.escape(self._beside(), quote=False),
        ]
        self.said.value = note("<br>".join(filter(None, lines)))
        if journal.can_take_over:
            self.take_over.layout.display = ""

    def _beside(self) -> str:
        """Say that another window has the session, if one has."""
        if self.journal is None or not self.journal.aside:
            return ""
        wanted, path = self.journal.wanted.stem, self.journal.path.stem
        copy = f"as '{path}'" if path != wanted else "in a copy, from your first step on"
        if path == wanted and any(name.startswith(f"{wanted} (") for name in self.names):
            copy += "; earlier copies are in the tab 'Session'"
        return f"Session '{wanted}' is open in another window; what you do here is kept {copy}."

    def _list(self) -> None:
        self._listing = True
        self.names = tuple(saved_sessions(self.session.table))
        self.current = "unnamed" if self.journal is None else self.journal.path.stem
        self.saved.options = self.names
        self.saved.value = self.current if self.current in self.names else None
        self._listing = False

    def _choose(self, name: str | None) -> None:
        if name is not None and not self._listing:
            self.open(name)

    def _begin(self) -> None:
        name = self.name.value.strip()
        if name in saved_sessions(self.session.table):
            self.session.message = f"There is a session '{name}' already; choose another name."
            return
        self.open(name)
        if self.current == name:
            self.name.value = ""

    # Another window ----------------------------------------------------------------------------

    def look(self) -> None:
        """See whether the other window has let the session go: go on in it, or offer to.

        Nothing changes under the analyst's eyes: it goes on by itself only where neither window
        did a step since it was opened here.
        """
        self._watch = None
        if self.journal is None or not self.journal.aside:
            return
        if self.journal.rejoin():
            self._show()
            self.session.message = ""
            self.session.notice = (
                f"The window that had session '{self.current}' is closed; it goes on here."
            )
        elif self.journal.can_take_over:
            self.take_over.layout.display = ""
        else:
            self.take_over.layout.display = "none"
        self._look_again()

    def _look_again(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # a script has no time to look
        if self._watch is None and self.journal is not None and self.journal.aside:
            self._watch = loop.call_later(WATCH, self.look)

    def _take_over(self) -> None:
        if self.journal is None:
            return
        wanted, path = self.journal.wanted, self.journal.path
        self.open(wanted.stem)
        if path != wanted and self.journal is not None and not self.journal.aside:
            self.session.notice = (
                f"This is session '{wanted.stem}' as the other window left it; what you did "
                f"meanwhile is kept as '{path.stem}', merge it below."
            )

    # Files -------------------------------------------------------------------------------------

    def _save(self) -> None:
        if self.journal is None or not self._written():
            return
        name = self.journal.path.name
        try:
            with TemporaryDirectory() as folder:
                target = Path(folder) / name
                save_copy(self.journal.path, target)
                self.link.value = download_link(name, target.read_bytes())
        except ExplorerError as error:
            self.session.message = str(error)

    def _bring(self, files: tuple[t.Bunch, ...]) -> None:
        """Keep the uploaded file among the sessions, without opening it."""
        if not files:
            return
        try:
            with TemporaryDirectory() as folder:
                source = Path(folder) / Path(files[0]["name"]).name
                source.write_bytes(files[0]["content"])
                kept, record = bring(source, self.session.table)
        except ExplorerError as error:
            self.session.message = str(error).replace(f"{source}", source.name)
        else:
            self._list()
            said = f"Session '{kept.stem}' is kept here now; open it above, or merge it below."
            self.session.message, self.session.notice = record.said, said
        self.bring.value = ()
