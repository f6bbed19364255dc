"""The narrowing: which patches a refinement keeps, before and after it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w
import numpy as np

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.narrow.histogram import Histogram
from rareearth_explorer.widgets.stages import Stages

BINS = 60


class NarrowPanel:
    """The histogram of scores with the threshold as a line, the best N, and the rounds."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self._showing = False
        self.histogram = Histogram()
        self.keeps = w.HTML()
        self.threshold = w.BoundedFloatText(
            description="Threshold",
            tooltip="Patches that score below the threshold are discarded; 0 in the paper",
            min=-1,
            max=1,
            step=0.005,
            layout=w.Layout(width="160px"),
            style={"description_width": "68px"},
        )
        self.best = w.BoundedIntText(
            description="or the best",
            tooltip="Set the threshold so that this many patches are kept",
            min=0,
            max=len(session.table),
            continuous_update=False,
            layout=w.Layout(width="170px"),
            style={"description_width": "80px"},
        )
        self.refine = self._button(
            "refine",
            "Discard the patches below the threshold and begin the next round",
            session.refine,
        )
        self.back = self._button(
            "back", "Return to the previous round; the templates stay", session.back
        )
        self.strip = w.ToggleButtons(
            options=[("1", 0)],
            description="Rounds",
            tooltip="Number of patches in each round; choose an earlier round to return to it",
            style=w.ToggleButtonsStyle(button_width="auto", description_width="52px"),
            layout=w.Layout(width="auto"),
        )
        self.counts = w.HTML()
        self.widget = w.VBox(
            [
                self.counts,
                self.histogram,
                self.keeps,
                bar([self.threshold, self.best, self.refine]),
                bar([self.strip, self.back], align_items="center"),
            ],
            layout=w.Layout(width="100%"),
        )
        self.widget.add_class("rareearth-narrow")
        self._connect(stages or Stages(session))
        self._show()

    def _connect(self, stages: Stages) -> None:
        session = self.session
        self.strip.observe(lambda change: self._return_to(change.new), "value")
        self.best.observe(lambda change: self._keep_best(change.new), "value")
        self.histogram.observe(lambda _: self._preview(), "at")
        self.histogram.on_msg(lambda _widget, message, _buffers: self.receive(message))
        self._link = w.link((session, "threshold"), (self.threshold, "value"))
        session.observe(lambda change: self._aim(change.new), "threshold")
        stages.in_front("Narrow", self._show, "state", "threshold")

    def receive(self, message: dict[str, Any]) -> None:
        """Set the threshold when the line is released."""
        if "chosen" in message:
            self.session.threshold = float(message["chosen"])

    def _button(self, name: str, tooltip: str, verb: Callable[[], None]) -> w.Button:
        def run() -> None:
            self.session.message = ""
            try:
                verb()
            except ExplorerError as error:
                self.session.message = str(error)

        return button(name, tooltip, run)

    def _aim(self, threshold: float) -> None:
        self.histogram.at = threshold

    def _keep_best(self, number: int) -> None:
        """Set the threshold to the score of the patch of this rank."""
        state = self.session.state
        if self._showing or state.kind is ScoreKind.NONE or number < 1:
            return
        scores = state.scores[state.active]
        number = min(number, len(scores))
        self.session.threshold = float(-np.partition(-scores, number - 1)[number - 1])

    def _return_to(self, number: int | None) -> None:
        last = len(self.session.decisions.rounds) - 1
        if not self._showing and number is not None and number < last:
            self.session.back(number)

    # What is shown ---------------------------------------------------------------------------

    def _show(self) -> None:
        session, state = self.session, self.session.state
        scored = state.kind is not ScoreKind.NONE
        self._showing = True
        try:
            self._show_rounds()
            self._show_histogram()
        finally:
            self._showing = False
        self.refine.disabled = self.best.disabled = not scored
        self.back.disabled = len(state.decisions.rounds) == 1
        said = [
            f"<b>Round {len(state.decisions.rounds)}</b>: "
            f"{_share(int(state.active.sum()), len(session.table))} patches kept"
        ]
        if session.mines is not None:
            known = int((session.mines & state.active).sum())
            said.append(f"{_share(known, int(session.mines.sum()))} with mines")
        self.counts.value = " · ".join(said)
        self._preview()

    def _show_rounds(self) -> None:
        rounds = self.session.decisions.rounds
        # Setting the options chooses the first; that must not return to round 1.
        self.strip.options = [(f"{n + 1}: {len(r.kept):,}", n) for n, r in enumerate(rounds)]
        self.strip.index = len(rounds) - 1

    def _show_histogram(self) -> None:
        state, mines = self.session.state, self.session.mines
        with self.histogram.hold_sync():
            if state.kind is ScoreKind.NONE:
                self.histogram.counts = self.histogram.known = []
                return
            scores = state.scores[state.active]
            counts, edges = np.histogram(scores, BINS)
            self.histogram.range = (float(edges[0]), float(edges[-1]))
            self.histogram.counts = counts.tolist()
            self.histogram.known = []
            if mines is not None:
                known = np.histogram(state.scores[state.active & mines], edges)[0]
                self.histogram.known = known.tolist()
            self.histogram.at = self.session.threshold

    def _preview(self) -> None:
        """Say what the line keeps, also while it is dragged."""
        state, mines = self.session.state, self.session.mines
        if state.kind is ScoreKind.NONE:
            self.keeps.value = note("Mark a mine first; then every patch has a score.")
            return
        kept = state.at_least(self.histogram.at)
        said = f"keeps <b>{int(kept.sum()):,}</b> of {int(state.active.sum()):,}"
        if mines is not None:
            known = int((mines & state.active).sum())
            said += f" ({int((mines & kept).sum()):,} of {known:,} known mines)"
        self.keeps.value = f"At {self.histogram.at:.3f} the refinement {said}."
        self._showing, before = True, self._showing
        self.best.value = int(kept.sum())
        self._showing = before


def _share(part: int, whole: int) -> str:
    percent = f" ({part / whole:.0%})" if whole else ""
    return f"{part:,} of {whole:,}{percent}"
