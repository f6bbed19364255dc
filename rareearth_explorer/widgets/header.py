"""The header: product, scene, session, undo and redo by name, in one line."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

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


def _title(table: Path | None, scene: Scene | None) -> str:
    """Write product, scene and date, with a badge where the scene is synthetic."""
    name = table.name if scene is None and table is not None else ""
    shown = [name or "no scene"] if scene is None else [scene.path.name]
    if scene is not None and scene.time is not None:
        shown.append(f"{scene.time:%Y-%m-%d}")
    badge = "<span class='rareearth-badge'>SYNTHETIC</span> " if _is_synthetic(scene) else ""
    what = html.escape(" · ".join(shown))
    return f"<span title='{what}'><b>Rare Earth Explorer</b> {badge}{what}</span>"


def _is_synthetic(scene: Scene | None) -> bool:
    return scene is not None and scene.is_synthetic


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
