"""The review panel."""

from __future__ import annotations

import ipywidgets as w
import numpy as np

from rareearth_explorer.change.pools_in_use import LEAST_STD
from rareearth_explorer.data.grid import written
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session, Verdict
from rareearth_explorer.hunt.review import progress, queue
from rareearth_explorer.hunt.review_order import RECOMMENDED, Order
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.review.review_pictures import Pictures
from rareearth_explorer.widgets.review.sheet import ChipSheet
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.tasks import Deferred

PAGE = 20
AUDIT_SIZE = 50

IDLE = 1.5
"""Seconds after a step in which the machine belongs to the map and the other panels."""

EVIDENCE = (
    f"'{RECOMMENDED.value}' is recommended: simulated analysts found 80 % of the mines with the "
    "fewest clicks in it, of all orders and on all data of the study in docs/scorers.md."
)


class ReviewPanel:
    """Shows unreviewed patches page by page and takes verdicts on them.

    Parameters
    ----------
    session
        What is shown and changed.
    scene
        Where the pictures come from; without one, chips have captions only.
    stages
        When it follows the session; its own if None.
    """

    def __init__(
        self, session: Session, scene: Scene | None = None, stages: Stages | None = None
    ) -> None:
        self.session = session
        self.scene = scene
        self._pictures = Pictures(session.table, scene)
        self.patches: list[int] = []
        self._passed: set[int] = set()
        self._build()
        self.sheet.observe(lambda _: self._take(), "place")
        self.order.observe(lambda _: self.begin(), "value")
        self.only_selected.observe(lambda change: self._narrow(on=change.new), "value")
        self.least_activity.observe(lambda _: self.begin(), "value")
        session.observe(lambda _: self._fill(), "bands")
        session.observe(lambda _: self._on_selection(), "selection")
        session.observe(lambda _: self._follow_hand(), "in_hand")
        self.note.observe(lambda change: self._write(change.new), "value")
        stages = stages or Stages(session)
        stages.in_front("Review", self._on_state, "state")
        stages.in_front("Review", Deferred(self._draw_ahead, IDLE), "state")

    def _build(self) -> None:
        self.order = w.Dropdown(
            options=[(_name(order), order) for order in Order],
            value=RECOMMENDED,
            description="Order",
            tooltip=f"Which patches come next. {EVIDENCE}",
            layout=w.Layout(width="250px"),
            style={"description_width": "40px"},
        )
        self.marking = w.Checkbox(
            value=True,
            description="verdicts mark templates",
            tooltip="Confirmed patches become positive templates, rejected ones negative",
            indent=False,
            layout=w.Layout(width="auto"),
        )
        self.only_selected = w.Checkbox(
            description="only the selected",
            tooltip="Review just the patches selected by lasso or drawing",
            disabled=True,
            indent=False,
            layout=w.Layout(width="auto"),
        )
        known = self.session.table.activity is not None
        record = self.session.table.metadata.get("activity", {})
        blue_white = record.get("index") == "blue-white"
        self.least_activity = w.BoundedFloatText(
            description="activity ≥",
            tooltip="Review only patches whose activity over time is at least this; 0 reviews all"
            + (f". Pools in use vary by {LEAST_STD:.3f} or more" if blue_white else ""),
            min=0,
            max=1e6,
            step=0.005,
            continuous_update=False,
            layout=w.Layout(width="140px", display=None if known else "none"),
            style={"description_width": "64px"},
        )
        self.buttons = w.HBox(
            [
                button("confirm", "This is a mine", lambda: self.judge("confirmed")),
                button("reject", "This is none", lambda: self.judge("rejected")),
                button("skip", "Not sure", lambda: self.judge("skipped")),
                button("next page", "Show the patches that come after these", self.turn),
            ]
        )
        self.audit = button(
            "sample the discarded",
            f"Draw {AUDIT_SIZE} discarded patches at random, to estimate how many mines they hold",
            self.draw_audit,
        )
        self.note = w.Text(
            description="Note",
            placeholder="on this patch",
            tooltip="Kept with the session and exported",
            continuous_update=False,
            layout=w.Layout(width="auto"),
            style={"description_width": "40px"},
        )
        self.in_hand = w.HTML()
        self.estimate = w.HTML()
        self.sheet = ChipSheet()
        top = bar([self.order, self.marking, self.only_selected, self.least_activity])
        below = bar([self.buttons, self.audit])
        self.widget = w.VBox(
            [top, below, self.in_hand, self.note, self.sheet, self.estimate],
            layout=w.Layout(width="100%"),
        )
        self.widget.add_class("rareearth-review")

    def _on_selection(self) -> None:
        """Keep the page; without a selection the next one is of all patches again."""
        self.only_selected.disabled = not self.session.selection
        self.only_selected.value &= bool(self.session.selection)

    # What the analyst does -------------------------------------------------------------------

    def begin(self) -> None:
        """Show the first page of patches that have no verdict yet."""
        self._passed.clear()
        self.patches = []
        self.turn()

    def turn(self) -> None:
        """Show the next page: patches without a verdict that were not on a page before.

        After the last page come again those that were passed over.
        """
        self._passed.update(self.patches)
        self.patches = self._queue(PAGE)
        if not self.patches:
            self._passed.clear()
            self.patches = self._queue(PAGE)
        self._fill()
        self.sheet.place = 0
        self._take()

    def _narrow(self, *, on: bool) -> None:
        if on:
            self.begin()

    def turn_to_selected(self) -> None:
        """Show the best of the selected patches that have no verdict yet."""
        if self.order.value is Order.AUDIT:
            self.order.value = RECOMMENDED
        if self.only_selected.value:
            self.begin()
        self.only_selected.value = True

    def judge(self, verdict: Verdict) -> None:
        """Give the patch in hand a verdict and take the next of the page; at its end turn it.

        A patch that was taken in hand on the map, and is not on the page, stays in hand.
        """
        patch = self.session.in_hand
        if patch is None:
            self.session.message = "No patch is in hand; press 'next page' to begin a review."
            return
        # A verdict on the sample of the discarded is a measurement; it must not move what it
        # measures.
        marking = self.marking.value and self.order.value is not Order.AUDIT
        self.session.judge(patch, verdict, mark=marking)
        if patch in self.patches:
            self.step(1)

    def step(self, by: int) -> None:
        """Take the next patch in hand (1) or the one before (-1)."""
        place = self.sheet.place + by
        if place >= len(self.patches):
            self.turn()
        elif place >= 0:
            self.sheet.place = place

    def draw_audit(self) -> None:
        """Draw a sample of the discarded patches and begin to review it."""
        try:
            self.session.audit(AUDIT_SIZE)
        except ExplorerError as error:
            self.session.message = str(error)
            return
        if self.order.value is Order.AUDIT:
            self.begin()
        self.order.value = Order.AUDIT

    # What is shown ---------------------------------------------------------------------------

    def _queue(self, length: int) -> list[int]:
        session = self.session
        rows = queue(
            session.state,
            self.order.value,
            session.table.unit_embeddings,
            threshold=session.threshold,
            length=length + len(self._passed),
            within=self._chosen(),
        )
        return [int(row) for row in rows if row not in self._passed][:length]

    def _chosen(self) -> set[int] | None:
        """Row numbers of the patches that shall be reviewed, None for all."""
        chosen = set(self.session.selection) if self.only_selected.value else None
        activity, least = self.session.table.activity, self.least_activity.value
        if activity is None or not least:
            return chosen
        varying = set(np.flatnonzero(activity >= least).tolist())
        return varying if chosen is None else chosen & varying

    def _fill(self) -> None:
        with self.sheet.hold_sync():
            self.sheet.chips = [{"patch": p, "caption": self._caption(p)} for p in self.patches]
            self.sheet.pictures = [self._pictures.of(p, self.session.bands) for p in self.patches]
        self._on_state()
        self._draw_ahead()

    def _draw_ahead(self) -> None:
        """Draw the coming page, and this one, while the analyst looks at something else."""
        self._pictures.prepare(self._queue(2 * PAGE), self.session.bands)

    def _caption(self, patch: int) -> str:
        state = self.session.state
        if state.kind is ScoreKind.NONE:
            return str(patch)
        return f"{patch} · {state.scores[patch]:+.3f}"

    def _follow_hand(self) -> None:
        """Show which patch is in hand, also one that was taken on the map."""
        if self.session.in_hand in self.patches:
            self.sheet.place = self.patches.index(self.session.in_hand)
        self._describe()

    def _take(self) -> None:
        place = self.sheet.place
        self.session.in_hand = self.patches[place] if place < len(self.patches) else None
        self._describe()

    def _on_state(self) -> None:
        verdicts = self.session.decisions.verdicts
        self.sheet.verdicts = [verdicts.get(p, "") for p in self.patches]
        self._describe()
        self.estimate.value = note(self._tally())

    def _tally(self) -> str:
        """Count the verdicts, and say what the sample of the discarded says."""
        said = progress(self.session.state)
        return "<br>".join(f"{line[0].upper()}{line[1:]}." for line in said)

    def _describe(self) -> None:
        patch, state = self.session.in_hand, self.session.state
        if patch is None:
            left = "No patch is" if self._chosen() is None else "No patch of those chosen is"
            said = "No patch in hand." if self.patches else f"{left} left to review."
            if not self.patches and self.order.value is Order.AUDIT:
                said = "The sample is done; choose another order to go on."
            self.in_hand.value = note(said)
            return
        lon, lat = self.session.table.centroids[patch]
        said = f"<b>patch {patch}</b> · {written(lat, lon)}"
        if state.kind is not ScoreKind.NONE:
            said += f" · score {state.scores[patch]:+.3f} · rank {state.ranks[patch]:,}"
        self.in_hand.value = said
        self.note.value = state.decisions.notes.get(patch, "")

    def _write(self, text: str) -> None:
        if self.session.in_hand is not None:
            self.session.note(self.session.in_hand, text)


def _name(order: Order) -> str:
    return f"{order.value} (recommended)" if order is RECOMMENDED else order.value
