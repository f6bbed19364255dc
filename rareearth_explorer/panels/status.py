"""The status line: what was wrong with the last thing tried."""

from __future__ import annotations

import html

import ipywidgets as w

from rareearth_explorer.session import Session


class StatusPanel:
    """Shows the session's message, and clears it at the next thing that works."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.line = w.HTML(layout=w.Layout(flex="1 1 auto"))
        self.widget = w.HBox([self.line], layout=w.Layout(width="100%", min_height="28px"))
        self.widget.add_class("rareearth-status")
        session.observe(lambda _: self._show(), "message")
        session.observe(lambda _: self._clear(), "state")
        self._show()

    def _clear(self) -> None:
        self.session.message = ""

    def _show(self) -> None:
        message = self.session.message
        kind = "warning" if message else "ready"
        text = html.escape(message) or "Ready."
        self.line.value = f"<span class='rareearth-{kind}' role='status'>{text}</span>"
