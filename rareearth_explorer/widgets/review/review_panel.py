"""The review panel: pages of pictures, verdicts, notes, and the audit sample."""

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
"""Seconds after a step before pictures are drawn ahead, so that the map and panels come first."""

EVIDENCE = (
    f"'{RECOMMENDED.value}' is recommended: simulated analysts needed the fewest clicks to find "
    "80 % of the mines with it, on all data of the study in docs/scorers.md."
)


class ReviewPanel:
    """Shows patches without a verdict page by page and records verdicts.

    Parameters
    ----------
    session
        What is shown and changed.
    scene
        Source of the pictures; without it, there are captions only.
    stages
        Decides when the panel is updated; new ones if None.
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
        session.observe(lambda _: self._follow_patch(), "under_review")
        self.note.observe(lambda change: self._write(change.new), "value")
        stages = stages or Stages(session)
        stages.in_front("Review", self._on_state, "state")
        stages.in_front("Review", Deferred(self._draw_ahead, IDLE), "state")

    def _build(self) -> None:
        self.order = w.Dropdown(
            options=[(_name(order), order) for order in Order],
            value=RECOMMENDED,
            description="Order",
            tooltip=f"Review order: which patches come next. {EVIDENCE}",
            layout=w.Layout(width="250px"),
            style={"description_width": "40px"},
        )
        self.marking = w.Checkbox(
            value=True,
            description="verdicts mark templates",
            tooltip="Confirmed patches become positive templates, rejected ones negative templates",
            indent=False,
            layout=w.Layout(width="auto"),
        )
        self.only_selected = w.Checkbox(
            description="only the selected",
            tooltip="Review only the selected patches",
            disabled=True,
            indent=False,
            layout=w.Layout(width="auto"),
        )
        known = self.session.table.activity is not None
        record = self.session.table.metadata.get("activity", {})
        blue_white = record.get("index") == "blue-white"
        self.least_activity = w.BoundedFloatText(
            description="activity ≥",
            tooltip="Review only patches with at least this activity; 0 reviews all"
            + (f". Pools in use have {LEAST_STD:.3f} or more" if blue_white else ""),
            min=0,
            max=1e6,
            step=0.005,
            continuous_update=False,
            layout=w.Layout(width="140px", display=None if known else "none"),
            style={"description_width": "64px"},
        )
        self.buttons = w.HBox(
            [
                button("confirm", "This patch shows a mine", lambda: self.judge("confirmed")),
                button("reject", "This patch shows no mine", lambda: self.judge("rejected")),
                button("skip", "Leave undecided", lambda: self.judge("skipped")),
                button("next page", "Show the next patches in this order", self.turn),
            ]
        )
        self.audit = button(
            "sample the discarded",
            f"Draw an audit sample of {AUDIT_SIZE} discarded patches, to estimate the missed mines",
            self.draw_audit,
        )
        self.note = w.Text(
            description="Note",
            placeholder="on this patch",
            tooltip="Note on the patch under review; saved with the session and exported",
            continuous_update=False,
            layout=w.Layout(width="auto"),
            style={"description_width": "40px"},
        )
        self.under_review = w.HTML()
        self.estimate = w.HTML()
        self.sheet = ChipSheet()
        top = bar([self.order, self.marking, self.only_selected, self.least_activity])
        below = bar([self.buttons, self.audit])
        self.widget = w.VBox(
            [top, below, self.under_review, self.note, self.sheet, self.estimate],
            layout=w.Layout(width="100%"),
        )
        self.widget.add_class("rareearth-review")

    def _on_selection(self) -> None:
        """Keep the page; if the selection is empty, the next page shows all patches again."""
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

        After the last page, patches that got no verdict are shown again.
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
        """Record a verdict on the patch under review and go to the next; turn the page at its end.

        A patch that was chosen on the map and is not on the page stays under review.
        """
        patch = self.session.under_review
        if patch is None:
            self.session.message = "No patch is under review; press 'next page' to begin."
            return
        # A verdict on the audit sample is a measurement; it must not change what it measures.
        marking = self.marking.value and self.order.value is not Order.AUDIT
        self.session.judge(patch, verdict, mark=marking)
        if patch in self.patches:
            self.step(1)

    def step(self, by: int) -> None:
        """Review the next patch (1) or the previous one (-1)."""
        place = self.sheet.place + by
        if place >= len(self.patches):
            self.turn()
        elif place >= 0:
            self.sheet.place = place

    def draw_audit(self) -> None:
        """Draw an audit sample of the discarded patches and begin to review it."""
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
        """Row numbers of the patches to review; None for all."""
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
        """Draw this page and the next one before they are needed."""
        self._pictures.prepare(self._queue(2 * PAGE), self.session.bands)

    def _caption(self, patch: int) -> str:
        state = self.session.state
        if state.kind is ScoreKind.NONE:
            return str(patch)
        return f"{patch} · {state.scores[patch]:+.3f}"

    def _follow_patch(self) -> None:
        """Show which patch is under review, even if it was chosen on the map."""
        if self.session.under_review in self.patches:
            self.sheet.place = self.patches.index(self.session.under_review)
        self._describe()

    def _take(self) -> None:
        place = self.sheet.place
        self.session.under_review = self.patches[place] if place < len(self.patches) else None
        self._describe()

    def _on_state(self) -> None:
        verdicts = self.session.decisions.verdicts
        self.sheet.verdicts = [verdicts.get(p, "") for p in self.patches]
        self._describe()
        self.estimate.value = note(self._tally())

    def _tally(self) -> str:
        """Count the verdicts, and give the estimate from the audit sample."""
        lines = progress(self.session.state)
        return "<br>".join(f"{line[0].upper()}{line[1:]}." for line in lines)

    def _describe(self) -> None:
        patch, state = self.session.under_review, self.session.state
        if patch is None:
            left = "No patch is" if self._chosen() is None else "None of the chosen patches is"
            text = "No patch is under review." if self.patches else f"{left} left to review."
            if not self.patches and self.order.value is Order.AUDIT:
                text = "The audit sample is reviewed; choose another order to go on."
            self.under_review.value = note(text)
            return
        lon, lat = self.session.table.centroids[patch]
        text = f"<b>patch {patch}</b> · {written(lat, lon)}"
        if state.kind is not ScoreKind.NONE:
            text += f" · score {state.scores[patch]:+.3f} · rank {state.ranks[patch]:,}"
        self.under_review.value = text
        self.note.value = state.decisions.notes.get(patch, "")

    def _write(self, text: str) -> None:
        if self.session.under_review is not None:
            self.session.note(self.session.under_review, text)


def _name(order: Order) -> str:
    return f"{order.value} (recommended)" if order is RECOMMENDED else order.value
