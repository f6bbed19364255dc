"""The most alike patches as pictures, each confirmed or rejected by one click."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review import queue
from rareearth_explorer.hunt.review_order import Order
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import note
from rareearth_explorer.widgets.review.review_pictures import Pictures
from rareearth_explorer.widgets.review.sheet import ChipSheet
from rareearth_explorer.widgets.stages import Stages

MOST = 12
"""Pictures on the sheet."""

HEADING = "<b>Most alike</b>: which of these show a mine?"

VERBS = [
    {"verb": "confirmed", "text": "✓", "title": "Confirm: this shows a mine"},
    {"verb": "rejected", "text": "✕", "title": "Reject: this shows no mine"},
]


class AlikeSheet:
    """Shows the patches with the highest scores that are neither templates nor judged.

    Confirming one makes it a positive template, rejecting it a negative one, in the same step as
    the verdict.
    """

    def __init__(
        self, session: Session, scene: Scene | None = None, stages: Stages | None = None
    ) -> None:
        self.session = session
        self._pictures = Pictures(session.table, scene)
        self.patches: list[int] = []
        self.heading = w.HTML()
        self.sheet = ChipSheet(verbs=VERBS)
        self.sheet.on_msg(lambda _widget, message, _buffers: self.receive(message))
        self.sheet.observe(lambda change: self._take(change.new), "place")
        self.widget = w.VBox([self.heading, self.sheet], layout=w.Layout(width="100%"))
        self.widget.add_class("rareearth-alike")
        (stages or Stages(session)).in_front("Mark", self._show, "state", "bands", "scene")
        self._show()

    def receive(self, message: dict[str, Any]) -> None:
        """Record the verdict of a button."""
        verdict, patch = message.get("verb"), message.get("patch")
        if verdict in ("confirmed", "rejected") and patch in self.patches:
            self.session.judge(int(patch), verdict, mark=True)

    def _take(self, place: int) -> None:
        if 0 <= place < len(self.patches):
            self.session.under_review = self.patches[place]

    def _show(self) -> None:
        session, state = self.session, self.session.state
        scored = state.kind is not ScoreKind.NONE
        self.patches = (
            queue(state, Order.BEST, session.table.unit_embeddings, length=MOST).tolist()
            if scored
            else []
        )
        self.heading.value = (
            note("<b>Most alike</b>: which of these show a mine?") if scored else ""
        )
        with self.sheet.hold_sync():
            self.sheet.chips = [
                {"patch": patch, "caption": f"{patch} · {state.scores[patch]:+.3f}"}
                for patch in self.patches
            ]
            self.sheet.pictures = [
                self._pictures.of(patch, session.bands, session.scene) for patch in self.patches
            ]
            self.sheet.verdicts = [""] * len(self.patches)
            self.sheet.place = -1
