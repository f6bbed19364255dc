"""The session panel: which named session this is, earlier ones, and new ones."""

from __future__ import annotations

import html

import ipywidgets as w

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.session import Session
from rareearth_explorer.session.journal import Journal, saved_sessions


class SessionsPanel:
    """Keeps the session in a journal, opens earlier ones and begins new ones."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.journal: Journal | None = None
        self._listing = False
        self.saved = w.Dropdown(
            description="Session",
            tooltip="Sessions kept for this table; choosing one opens it",
            layout=w.Layout(width="260px"),
            style={"description_width": "52px"},
        )
        self.name = w.Text(
            placeholder="name of a new session",
            tooltip="Letters, digits, spaces and - . _",
            layout=w.Layout(width="180px"),
        )
        self.begin = w.Button(
            description="begin",
            tooltip="Begin a new session of that name; this one is kept",
            layout=w.Layout(width="auto"),
        )
        self.said = w.HTML()
        self.saved.observe(lambda change: self._choose(change.new), "value")
        self.begin.on_click(lambda _: self._begin())
        bar = w.HBox([self.saved, self.name, self.begin], layout=w.Layout(flex_flow="row wrap"))
        bar.add_class("rareearth-bar")
        self.widget = w.VBox([bar, self.said], layout=w.Layout(width="100%"))

    @property
    def current(self) -> str:
        """Name of the session that is kept, or "unnamed" where none is."""
        return "unnamed" if self.journal is None else self.journal.path.stem

    def open(self, name: str) -> None:
        """Open the session of that name, or begin it; what cannot be done is said."""
        try:
            journal = Journal.named(self.session.table, name)
            self.session.restart()
            steps = journal.attach(self.session)
        except ExplorerError as error:
            self.session.message = str(error)
            return
        self.journal = journal
        self._list(name)
        again = f"brought back, {steps} steps" if steps else "begun"
        self.said.value = (
            f"<span class='rareearth-note'>Session <b>{html.escape(name)}</b> {again}. Every step "
            f"is kept at once in<br><code>{html.escape(str(journal.path))}</code></span>"
        )
        if steps:
            self.session.message = (
                f"Session '{name}' is as you left it; begin another in the tab 'Session'."
            )

    def _list(self, name: str) -> None:
        self._listing = True
        names = saved_sessions(self.session.table)
        self.saved.options = names
        self.saved.value = name
        self._listing = False

    def _choose(self, name: str | None) -> None:
        if name is not None and not self._listing:
            self.open(name)

    def _begin(self) -> None:
        name = self.name.value.strip()
        if name in saved_sessions(self.session.table):
            self.session.message = f"There is a session '{name}' already; choose another name."
        else:
            self.open(name)
            self.name.value = ""
