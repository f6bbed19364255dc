"""The selection bar: actions on the selected patches."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from rareearth_explorer.hunt import Session
from rareearth_explorer.widgets.kit import button


class SelectionBar:
    """Shows how many patches are selected and acts on them; hidden without a selection.

    Parameters
    ----------
    session
        Holds the selection.
    review, export
        Open the review and the export of the selected patches.
    """

    def __init__(
        self, session: Session, review: Callable[[], None], export: Callable[[], None]
    ) -> None:
        self.session = session
        self.count = w.HTML()
        self.mark_positive = button(
            "+ mark", "Mark the selected patches as positive templates", lambda: self._mark(True)
        )
        self.mark_negative = button(
            "− mark", "Mark the selected patches as negative templates", lambda: self._mark(False)
        )
        self.review = button("review", "Review only the selected patches", review)
        self.export = button("export", "Export only the selected patches", export)
        self.clear = button("clear", "Clear the selection", lambda: session.select(()))
        self.widget = w.HBox(
            [
                self.count,
                self.mark_positive,
                self.mark_negative,
                self.review,
                self.export,
                self.clear,
            ]
        )
        self.widget.add_class("rareearth-selection")
        session.observe(lambda _: self._show(), "selection")
        self._show()

    def _mark(self, positive: bool) -> None:
        self.session.mark(self.session.selection, "positive" if positive else "negative")

    def _show(self) -> None:
        count = len(self.session.selection)
        self.count.value = f"<b>{count:,} selected</b>"
        self.widget.layout.display = None if count else "none"
