"""The session panel: opens, creates, saves and imports sessions."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
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
"""Seconds between checks whether another window has released the session."""


class SessionPanel:
    """Shows a workspace: opens sessions, creates new ones, saves and imports them as files."""

    def __init__(self, workspace: Workspace, stages: Stages | None = None) -> None:
        self.workspace, self.session = workspace, workspace.session
        self._listing = False
        self._watch: asyncio.TimerHandle | None = None
        self.saved = w.Dropdown(
            description="Session",
            tooltip="Saved sessions of this table; choose one to open it",
            layout=w.Layout(width="230px"),
            style={"description_width": "52px"},
        )
        self.name = w.Text(
            description="New",
            placeholder="name",
            continuous_update=False,  # else a quick click on 'create' precedes the last letters
            tooltip="Name of a new session: letters, digits, spaces and - . _ ( )",
            layout=w.Layout(width="165px"),
            style={"description_width": "30px"},
        )
        self.create = button("create", "Create a session with this name; the present one is kept")
        self.copy = button("copy", "Copy this session under this name, and stay in this one")
        self.rename = button("rename", "Give this session this name")
        self.take_over = button(
            "take over", "The other window is closed: continue the original session here"
        )
        self.save = button(
            "save as file", "Save the whole session as one file, to open on another machine"
        )
        self.upload = w.FileUpload(
            accept=".jsonl",
            description="import a file",
            tooltip="Import a session that was saved as a file; then open it or merge it",
            layout=w.Layout(width="auto"),
        )
        self.note, self.link = w.HTML(), w.HTML()
        self._connect(stages or Stages(self.session))
        rows = (
            [self.saved, self.name, self.create, self.copy, self.rename],
            [self.save, self.upload, self.take_over, self.link],
        )
        bars = [bar(row) for row in rows]
        self.widget = w.VBox([bars[0], self.note, bars[1]], layout=w.Layout(width="100%"))
        self._show()

    def _connect(self, stages: Stages) -> None:
        self.saved.observe(lambda change: self._choose(change.new), "value")
        self.upload.observe(lambda change: self._import(change.new), "value")
        self.create.on_click(lambda _: self._name(self.workspace.begin))
        self.copy.on_click(lambda _: self._name(self.workspace.copy, "copied as"))
        self.rename.on_click(lambda _: self._name(self.workspace.rename, "now called"))
        self.take_over.on_click(lambda _: self._take_over())
        self.save.on_click(lambda _: self._save())
        followed = ["names", "name", "status", "can_take_over"]
        self.workspace.observe(lambda _: self._show(), followed)
        # Each step clears the status line, so the trouble is shown again after each.
        stages.after(self._warn, "state", "threshold")

    def open(self, name: str) -> None:
        """Open the session of that name, or create it; the status line shows an error."""
        try:
            self.workspace.open(name)
        except ExplorerError as error:
            self.session.message = str(error)
            self._show()
            return
        self._greet()

    def _greet(self) -> None:
        """Report that a session continues, and its state on disk."""
        workspace, self.link.value = self.workspace, ""
        again = (
            f"Session '{workspace.name}' is as you left it; its menu lists the others."
            if workspace.steps
            else ""
        )
        self.session.notice, self.session.message = again, workspace.status
        self._look_again()

    def close(self) -> None:
        """Release the session for other windows; see `Workspace.close`."""
        self.workspace.close()
        if self._watch is not None:
            self._watch.cancel()

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
            self.note.value = note("No session is open: what you do is not saved.")
            return
        where = f"Every step is saved at once in<br><code>{html.escape(str(workspace.path))}</code>"
        status = html.escape(workspace.status, quote=False)
        self.note.value = note("<br>".join(filter(None, [where, status])))

    def _choose(self, name: str | None) -> None:
        if name is not None and not self._listing:
            self.open(name)

    def _name(self, verb: Callable[[str], None], done: str = "") -> None:
        """Create, copy or rename a session by the name that was typed."""
        name = self.name.value.strip()
        try:
            verb(name)
        except ExplorerError as error:
            self.session.message = str(error)
            self._show()
            return
        self.name.value = ""
        self._greet()
        if done:
            self.session.notice = f"The session is {done} '{name}'."

    # Another window ----------------------------------------------------------------------------

    def look(self) -> None:
        """Check whether the other window has released the session; if not, check again later."""
        self._watch = None
        if not self.workspace.aside:
            return
        could = self.workspace.can_take_over
        if self.workspace.look():
            self.session.message = ""
            name = self.workspace.name
            self.session.notice = f"The other window is closed; session '{name}' continues here."
        elif self.workspace.can_take_over and not could:
            requested = self.workspace.requested
            self.session.message = (
                f"The other window is closed: 'take over' in the session's menu continues session "
                f"'{requested}' here. Your steps are saved as '{self.workspace.name}'."
            )
        self._look_again()

    def _look_again(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # a script does not wait for another window
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
                f"This is session '{self.workspace.name}' as the other window left it. Your steps "
                f"meanwhile are saved as '{copy}'; merge it below."
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

    def _import(self, files: tuple[t.Bunch, ...]) -> None:
        """Import the uploaded session without opening it."""
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
            imported = f"Session '{kept}' is imported; open it above, or merge it below."
            self.session.message, self.session.notice = record.warning, imported
        self.upload.value = ()
