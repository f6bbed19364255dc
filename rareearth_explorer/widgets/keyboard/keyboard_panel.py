"""The keyboard panel: which key does what, and the list of keys that `?` shows."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets as w
import traitlets as t

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.frontend import FrontendWidget
from rareearth_explorer.widgets.kit import button

ARROWS = {"ArrowRight": "→", "ArrowLeft": "←"}
"""Browser name of a key -> what is printed on it."""


class KeyListener(FrontendWidget):
    """Reports keys pressed inside the explorer as ``{"key": name}``."""

    script = t.Unicode("keys").tag(sync=True)

    names = t.List(t.Unicode()).tag(sync=True)
    """Names of the keys to report, such as ``c`` or ``Ctrl+z``; the page gets all others."""


@dataclass(frozen=True)
class Key:
    """A description of what a key does, and the function that does it."""

    meaning: str
    act: Callable[[], None]


class KeyboardPanel:
    """Runs the function of a key and shows the list of keys.

    Parameters
    ----------
    session
        Its status line shows errors.
    keys
        Name of each key -> what it does.
    """

    def __init__(self, session: Session, keys: Mapping[str, Key]) -> None:
        self.session = session
        self.keys = {**keys, "?": Key("show or hide this list", self.toggle_help)}
        self.listener = KeyListener(names=[*self.keys, "Escape"], layout=w.Layout(display="none"))
        self.listener.on_msg(lambda _widget, message, _buffers: self.receive(message))
        rows = "".join(_row(ARROWS.get(name, name), key.meaning) for name, key in self.keys.items())
        self.help = w.HTML(
            f"<table class='rareearth-keys'>{rows}</table>", layout=w.Layout(display="none")
        )
        self.help.add_class("rareearth-help")
        self.button = button("keys ?", "Show the list of keys", lambda: self.toggle_help())
        self.widget = w.HBox([self.listener, self.help], layout=w.Layout(flex="0 0 auto"))

    def receive(self, message: dict[str, Any]) -> None:
        """Run the function of the key in a message from the browser."""
        if message.get("key") == "Escape":
            self.help.layout.display = "none"
        key = self.keys.get(str(message.get("key")))
        if key is None:
            return
        self.session.message = ""
        try:
            key.act()
        except ExplorerError as error:
            self.session.message = str(error)

    def toggle_help(self) -> None:
        """Show or hide the list of keys."""
        self.help.layout.display = None if self.help.layout.display == "none" else "none"


def _row(name: str, meaning: str) -> str:
    return f"<tr><td><kbd>{html.escape(name)}</kbd></td><td>{html.escape(meaning)}</td></tr>"
