"""The review panel: the patch under review, verdicts on it, and the patches that come next."""

from __future__ import annotations

import ipywidgets as w
import numpy as np

from rareearth_explorer.change.pools_in_use import LEAST_STD
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.hunt import Session, Verdict
from rareearth_explorer.hunt.review import queue, reviewed
from rareearth_explorer.hunt.review_order import RECOMMENDED, Order
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.review.in_hand import InHand
from rareearth_explorer.widgets.review.review_pictures import Pictures
from rareearth_explorer.widgets.review.sheet import ChipSheet
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.tasks import Deferred

NEXT = 12
"""Patches that are shown below the one under review."""

IDLE = 1.5
"""Seconds after a step before pictures are drawn ahead, so that the map and panels come first."""

EVIDENCE = (
    f"'{RECOMMENDED.value}' is recommended: simulated analysts needed the fewest clicks to find "
    "80 % of the mines with it, on all data of the study in docs/scorers.md."
)


class ReviewPanel:
    """Shows the patch under review and the next ones, ranked anew after every step.

    The patch under review is `session.under_review`, whoever chose it: the queue, a click on a
    picture, *Go to* or the map.

    Parameters
    ----------
    session
        What is shown and changed.
    scene
        Source of the pictures; without it, there are captions only.
    stages
        Decides when the panel is updated; new ones if None.
    other_dates
        Scenes of other dates, shown as a strip below the patch.
    """

    def __init__(
        self,
        session: Session,
        scene: Scene | None = None,
        stages: Stages | None = None,
        other_dates: list[Scene] | None = None,
    ) -> None:
        self.session = session
        self.scene = scene
        self._pictures = Pictures(session.table, scene)
        self.in_hand = InHand(session, scene, other_dates or [])
        self.note = self.in_hand.note
        self.patches: list[int] = []
        self._passed: list[int] = []
        self._verdicts = session.decisions.verdicts
        self._build()
        self.sheet.observe(lambda change: self._take(change.new), "place")
        self.order.observe(lambda _: self.begin(), "value")
        self.only_selected.observe(lambda change: self._narrow(on=change.new), "value")
        self.least_activity.observe(lambda _: self.begin(), "value")
        session.observe(lambda _: self._on_selection(), "selection")
        stages = stages or Stages(session)
        stages.in_front("Review", self._show, "state", "under_review", "bands", "scene")
        stages.in_front("Review", Deferred(self._draw_ahead, IDLE), "state", "under_review")
        self._show()

    def _build(self) -> None:
        self._build_choices()
        self.buttons = w.HBox(
            [
                button("✓ Confirm (c)", "This patch shows a mine", lambda: self.judge("confirmed")),
                button("✕ Reject (x)", "This patch shows no mine", lambda: self.judge("rejected")),
                button("Skip (k)", "Leave undecided", lambda: self.judge("skipped")),
                button("Note (w)", "Write a note on this patch", self.write_note),
            ]
        )
        self.buttons.add_class("rareearth-verdicts")
        self.progress = w.HTML()
        self.following = w.HTML()
        self.sheet = ChipSheet()
        self.widget = w.VBox(
            [
                self.progress,
                self.in_hand.view,
                self.buttons,
                self.in_hand.strip,
                self.note,
                self.following,
                self.sheet,
                bar([self.order, self.marking, self.only_selected, self.least_activity]),
            ],
            layout=w.Layout(width="100%"),
        )
        self.widget.add_class("rareearth-review")

    def _build_choices(self) -> None:
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

    def _on_selection(self) -> None:
        self.only_selected.disabled = not self.session.selection
        self.only_selected.value &= bool(self.session.selection)

    # What the analyst does -------------------------------------------------------------------

    def begin(self) -> None:
        """Review the first patch of the order that has no verdict yet."""
        self._passed.clear()
        self._advance()

    def _narrow(self, *, on: bool) -> None:
        if on:
            self.begin()

    def turn_to_selected(self) -> None:
        """Review the best of the selected patches that have no verdict yet."""
        if self.order.value is Order.AUDIT:
            self.order.value = RECOMMENDED
        if self.only_selected.value:
            self.begin()
        self.only_selected.value = True

    def judge(self, verdict: Verdict) -> None:
        """Record a verdict on the patch under review and go to the next."""
        patch = self.session.under_review
        if patch is None:
            self.session.message = "No patch is under review, so there is nothing to judge."
            return
        # A verdict on the audit sample is a measurement; it must not change what it measures.
        marking = self.marking.value and self.order.value is not Order.AUDIT
        self.session.judge(patch, verdict, mark=marking)
        self._verdicts = self.session.decisions.verdicts
        self._advance()

    def step(self, by: int) -> None:
        """Pass over this patch to the next one (1), or return to the one passed last (-1)."""
        patch = self.session.under_review
        if by > 0:
            if patch is not None:
                self._passed.append(patch)
            self._advance()
        elif self._passed:
            self.session.under_review = self._passed.pop()

    def write_note(self) -> None:
        """Put the cursor into the note."""
        if self.session.under_review is not None:
            self.note.focus()

    def _advance(self) -> None:
        """Take the next patch; after the last one, those that were passed over come again."""
        following = self._queue(1)
        if not following and self._passed:
            self._passed.clear()
            following = self._queue(1)
        self.session.under_review = following[0] if following else None
        self._show()

    def _take(self, place: int) -> None:
        """Review the patch whose picture was clicked."""
        if 0 <= place < len(self.patches):
            self.session.under_review = self.patches[place]
            self.sheet.place = -1
            self._show()

    # What is shown ---------------------------------------------------------------------------

    def _queue(self, length: int) -> list[int]:
        """Return the next patches, without the one under review if it was just judged or passed."""
        session, passed = self.session, set(self._passed)
        rows = queue(
            session.state,
            self.order.value,
            session.table.unit_embeddings,
            threshold=session.threshold,
            length=length + len(passed),
            within=self._chosen(),
        )
        return [int(row) for row in rows if row not in passed][:length]

    def _chosen(self) -> set[int] | None:
        """Row numbers of the patches to review; None for all."""
        chosen = set(self.session.selection) if self.only_selected.value else None
        activity, least = self.session.table.activity, self.least_activity.value
        if activity is None or not least:
            return chosen
        varying = set(np.flatnonzero(activity >= least).tolist())
        return varying if chosen is None else chosen & varying

    def _show(self) -> None:
        """Rank the next patches anew, and show them and the one under review."""
        self._return_to_undone()
        session = self.session
        following = [patch for patch in self._queue(NEXT + 1) if patch != session.under_review]
        self.patches = following[:NEXT]
        self.in_hand.show()
        with self.sheet.hold_sync():
            self.sheet.chips = [{"patch": p, "caption": self._caption(p)} for p in self.patches]
            self.sheet.pictures = [
                self._pictures.of(p, session.bands, session.scene) for p in self.patches
            ]
            self.sheet.verdicts = [""] * len(self.patches)
        self.progress.value = self._say()
        for each in self.buttons.children:
            each.disabled = session.under_review is None
        self.following.value = note("Next:" if self.patches else "")

    def _return_to_undone(self) -> None:
        """Take the patch whose verdict was undone, so that another one can be given."""
        before, now = self._verdicts, self.session.decisions.verdicts
        self._verdicts = now
        if len(now) < len(before) and self.session.can_redo:
            undone = [patch for patch in before if patch not in now]
            if len(undone) == 1:
                self.session.under_review = undone[0]

    def _draw_ahead(self) -> None:
        """Draw the next patches before they are needed."""
        bands = self.session.bands
        if self.session.scene is None:
            self.in_hand.pictures.prepare(self.patches[:3], bands)
            self._pictures.prepare(self._queue(2 * NEXT), bands)

    def _caption(self, patch: int) -> str:
        state = self.session.state
        if state.kind is ScoreKind.NONE:
            return str(patch)
        return f"{patch} · {state.scores[patch]:+.3f}"

    def _say(self) -> str:
        """Say how far the review is; or, where there is nothing to review, why."""
        done, of, mines = reviewed(self.session.state, self.order.value)
        what = "of the sample " if self.order.value is Order.AUDIT else ""
        found = f"{mines:,} mine{'s'[: mines != 1]}"
        said = f"<b>{done:,} of {of:,}</b> {what}reviewed, <b>{found}</b>"
        if self.session.under_review is not None:
            return said
        if self.order.value is Order.AUDIT:
            return f"{said}. The audit sample is reviewed; choose another order to go on."
        left = "No patch is" if self._chosen() is None else "None of the chosen patches is"
        return f"{said}. {left} left to review."


def _name(order: Order) -> str:
    return f"{order.value} (recommended)" if order is RECOMMENDED else order.value
