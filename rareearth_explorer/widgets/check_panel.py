"""The check: how many mines were discarded, by a random sample."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review import progress, reviewed
from rareearth_explorer.hunt.review_order import Order
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.stages import Stages

AUDIT_SIZE = 50
"""Patches of an audit sample."""

WHY = (
    "A refinement discards patches without anyone having seen them. The share of mines in a random "
    "sample of them tells how many mines were discarded, with an interval (Clopper-Pearson)."
)


class CheckPanel:
    """Draws audit samples of the discarded patches, and shows the estimate of the missed mines.

    Parameters
    ----------
    session
        What is shown and changed.
    review
        Opens the review of the sample.
    stages
        Decides when the panel is updated; new ones if None.
    """

    def __init__(
        self, session: Session, review: Callable[[], None], stages: Stages | None = None
    ) -> None:
        self.session = session
        self._review = review
        self.draw = button(
            "sample the discarded",
            f"Draw an audit sample of {AUDIT_SIZE} discarded patches, to estimate the missed mines",
            self.draw_sample,
        )
        self.resume = button("review the sample", "Go on with the sample that was drawn", review)
        self.estimate = w.HTML()
        self.widget = w.VBox(
            [w.HTML(note(WHY)), bar([self.draw, self.resume]), self.estimate],
            layout=w.Layout(width="100%"),
        )
        (stages or Stages(session)).in_front("Check", self._show, "state")
        self._show()

    def draw_sample(self) -> None:
        """Draw an audit sample of the discarded patches and begin to review it."""
        try:
            self.session.audit(AUDIT_SIZE)
        except ExplorerError as error:
            self.session.message = str(error)
            return
        self._review()

    def _show(self) -> None:
        state = self.session.state
        done, of, _ = reviewed(state, Order.AUDIT)
        discarded = int((~state.active).sum())
        self.draw.disabled = not discarded
        self.resume.layout.display = None if done < of else "none"
        lines = [f"{discarded:,} patches are discarded", *progress(state)]
        if of:
            lines.insert(1, f"{done:,} of {of:,} patches of the sample are reviewed")
        self.estimate.value = "<br>".join(f"{line[0].upper()}{line[1:]}." for line in lines)
