"""The session panel: which named session this is, earlier ones, new ones, and those of others."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets as w
import traitlets as t

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Workspace
from rareearth_explorer.widgets.download import download_link
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.stages import Stages

WATCH = 2.0
"""Seconds between looks whether another window has let a session go."""


class SessionPanel:
    """Shows a workspace: opens sessions, begins new ones, moves them as files."""

    def __init__(self, workspace: Workspace, stages: Stages | None = None) -> None:
        self.workspace, self.session = workspace, workspace.session
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
        self._connect(stages or Stages(self.session))
        rows = (
            [self.saved, self.name, self.begin],
            [self.save, self.bring, self.take_over, self.link],
        )
        bars = [bar(row) for row in rows]
        self.widget = w.VBox([bars[0], self.said, bars[1]], layout=w.Layout(width="100%"))
        self._show()

    def _connect(self, stages: Stages) -> None:
        self.saved.observe(lambda change: self._choose(change.new), "value")
        self.bring.observe(lambda change: self._bring(change.new), "value")
        self.begin.on_click(lambda _: self._begin())
        self.take_over.on_click(lambda _: self._take_over())
        self.save.on_click(lambda _: self._save())
        followed = ["names", "name", "status", "can_take_over"]
        self.workspace.observe(lambda _: self._show(), followed)
        # The status line forgets its message at every step, so trouble is said at each.
        stages.after(self._warn, "state", "threshold")

    def open(self, name: str) -> None:
        """Open the session of that name, or begin it; an error is said in the status line."""
        try:
            self.workspace.open(name)
        except ExplorerError as error:
            self.session.message = str(error)
            self._show()
            return
        self._greet()

    def _greet(self) -> None:
        """Say that a session goes on, and its state on disk."""
        workspace, self.link.value = self.workspace, ""
        again = (
            f"Session '{workspace.name}' is as you left it; others are in the tab 'Session'."
            if workspace.steps
            else ""
        )
        self.session.notice, self.session.message = again, workspace.status
        self._look_again()

    def close(self) -> None:
        """Leave the session to other windows."""
        if self._watch is not None:
            self._watch.cancel()
        self.workspace.close()

    def _warn(self) -> None:
        if self.workspace.trouble:
            self.session.message = self.workspace.trouble

    def _show(self) -> None:
        workspace = self.workspace
        self._listing = True
        self.saved.options = workspace.names
        self.saved.value = workspace.name if workspace.name in workspace.names else None
        self._listing = False
        self.save.disabled = workspace.path is None
        self.take_over.layout.display = "" if workspace.can_take_over else "none"
        if workspace.path is None:
            self.said.value = note("No session is open: what you do is not kept.")
            return
        where = f"Every step is kept at once in<br><code>{html.escape(str(workspace.path))}</code>"
        status = html.escape(workspace.status, quote=False)
        self.said.value = note("<br>".join(filter(None, [where, status])))

    def _choose(self, name: str | None) -> None:
        if name is not None and not self._listing:
            self.open(name)

    def _begin(self) -> None:
        try:
            self.workspace.begin(self.name.value.strip())
        except ExplorerError as error:
            self.session.message = str(error)
            self._show()
            return
        self.name.value = ""
        self._greet()

    # Another window ----------------------------------------------------------------------------

    def look(self) -> None:
        """See whether the other window has let the session go, and say so; look again later."""
        self._watch = None
        if not self.workspace.aside:
            return
        if self.workspace.look():
            self.session.message = ""
            self.session.notice = (
                f"The window that had session '{self.workspace.name}' is closed; it goes on here."
            )
        self._look_again()

    def _look_again(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # a script has no time to look
        if self._watch is None and self.workspace.aside:
            self._watch = loop.call_later(WATCH, self.look)

    def _take_over(self) -> None:
        try:
            copy = self.workspace.take_over()
        except ExplorerError as error:
            self.session.message = str(error)
            return
        self._greet()
        if copy:
            self.session.notice = (
                f"This is session '{self.workspace.name}' as the other window left it; what you "
                f"did meanwhile is kept as '{copy}', merge it below."
            )

    # Files -------------------------------------------------------------------------------------

    def _save(self) -> None:
        path = self.workspace.path
        if path is None:
            return
        try:
            with TemporaryDirectory() as folder:
                target = Path(folder) / path.name
                self.workspace.save_copy(target)
                self.link.value = download_link(path.name, target.read_bytes())
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
                kept, record = self.workspace.import_file(source)
        except ExplorerError as error:
            self.session.message = str(error).replace(f"{source}", source.name)
        else:
            said = f"Session '{kept}' is kept here now; open it above, or merge it below."
            self.session.message, self.session.notice = record.said, said
        self.bring.value = ()
