"""The header: product, scene, session, undo and redo by name, in one line."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as w

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.hunt import Workspace
from rareearth_explorer.widgets.kit import button, toggle
from rareearth_explorer.widgets.stages import Stages

LONGEST = 26
"""Characters of a name that are shown; the tooltip shows the whole."""


class Header:
    """One line above the map.

    Parameters
    ----------
    workspace
        Its session is named, undone and redone.
    scene
        The scene of the table, or None.
    menu
        What the name of the session opens: the session's own panels.
    export
        Opens the export.
    keys
        The button of the list of keys.
    stages
        Decides when the header is updated; new ones if None.
    """

    def __init__(
        self,
        workspace: Workspace,
        scene: Scene | None,
        menu: w.Widget,
        export: Callable[[], None],
        keys: w.Widget,
        stages: Stages | None = None,
    ) -> None:
        self.workspace, self.session = workspace, workspace.session
        self.title = w.HTML(_title(workspace.table.path, scene))
        self.title.add_class("rareearth-title")
        self.name = toggle("session", "The session: open, create, save, import, merge")
        self.menu = w.Box([menu], layout=w.Layout(display="none"))
        self.menu.add_class("rareearth-menu")
        self.undo = button("Undo", "Take back the last step (u)", self.session.undo)
        self.redo = button("Redo", "Repeat the step that was undone (y)", self.session.redo)
        self.export = button("Export", "Save candidates, verdicts, a report or a figure", export)
        space = w.Box(layout=w.Layout(flex="1 1 0", min_width="0"))
        self.widget = w.HBox(
            [self.title, space, self.name, self.undo, self.redo, self.export, keys, self.menu],
            layout=w.Layout(width="100%", flex="0 0 auto", align_items="center"),
        )
        self.widget.add_class("rareearth-header")
        self.name.observe(lambda change: self._open(opened=change.new), "value")
        workspace.observe(lambda _: self._show(), ["name", "trouble", "status"])
        (stages or Stages(self.session)).after(self._show, "state")
        self._show()

    def _open(self, *, opened: bool) -> None:
        self.menu.layout.display = None if opened else "none"

    def _show(self) -> None:
        history = self.session.history
        self.name.description = f"{_short(self.workspace.name or 'not saved')} ▾"
        for each, verb, name in (
            (self.undo, "Undo", history.undo_name),
            (self.redo, "Redo", history.redo_name),
        ):
            each.description = f"{verb}: {_short(name)}" if name else verb
            each.disabled = not name


def _title(table: object, scene: Scene | None) -> str:
    """Write product, scene and date, with a badge where the scene is synthetic."""
    said = ["<b>Rare Earth Explorer</b>"]
    if scene is None:
        said.append(html.escape(f"{getattr(table, 'name', '') or 'table'}"))
    else:
        said.append(html.escape(scene.path.name))
        said += [f"{scene.time:%Y-%m-%d}"] if scene.time else []
        if scene.is_synthetic:
            said.append("<span class='rareearth-badge'>SYNTHETIC</span>")
    return f"<span title='{html.escape(' · '.join(said[1:3]))}'>{' · '.join(said)}</span>"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
