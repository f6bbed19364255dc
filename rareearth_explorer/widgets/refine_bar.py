"""The bar above the map: threshold, refine, back, undo, redo, and the patches of the round."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.widgets.kit import bar, button
from rareearth_explorer.widgets.stages import Stages


class RefineBar:
    """Buttons for the verbs that change the round, and counts of the patches that are kept."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self._showing = False
        self.threshold = w.BoundedFloatText(
            description="Threshold",
            tooltip="refine discards the patches that score below the threshold; 0 in the paper",
            min=-1,
            max=1,
            step=0.005,
            layout=w.Layout(width="160px"),
            style={"description_width": "68px"},
        )
        self.refine = self._button(
            "refine",
            "Discard the patches below the threshold and begin the next round",
            session.refine,
        )
        self.back = self._button(
            "back", "Return to the previous round; the templates stay", session.back
        )
        self.undo = self._button("undo", "Take back the last step", session.undo)
        self.redo = self._button("redo", "Repeat the step that was undone", session.redo)
        self.strip = w.ToggleButtons(
            options=[("1", 0)],
            description="Rounds",
            tooltip="Number of patches in each round; choose an earlier round to return to it",
            style=w.ToggleButtonsStyle(button_width="auto", description_width="52px"),
            layout=w.Layout(width="auto"),
        )
        self.strip.observe(lambda change: self._return_to(change.new), "value")
        # On a line of its own: otherwise a longer sentence would move the map under the pointer.
        self.counts = w.HTML(layout=w.Layout(flex="1 0 100%"))
        self.widget = bar(
            [self.threshold, self.refine, self.back, self.undo, self.redo, self.strip, self.counts],
            align_items="center",
            flex="0 0 auto",
        )
        self._link = w.link((session, "threshold"), (self.threshold, "value"))
        (stages or Stages(session)).after(self._show, "state", "threshold")
        self._show()

    def _button(self, name: str, tooltip: str, verb: Callable[[], None]) -> w.Button:
        def run() -> None:
            self.session.message = ""
            try:
                verb()
            except ExplorerError as error:
                self.session.message = str(error)

        return button(name, tooltip, run)

    def _return_to(self, number: int | None) -> None:
        last = len(self.session.decisions.rounds) - 1
        if not self._showing and number is not None and number < last:
            self.session.back(number)

    def _show_strip(self) -> None:
        rounds = self.session.decisions.rounds
        options = [(f"{n + 1}: {len(r.kept):,}", n) for n, r in enumerate(rounds)]
        # Setting the options chooses the first; that must not return to round 1.
        self._showing = True
        self.strip.options = options
        self.strip.index = len(rounds) - 1
        self._showing = False

    def _show(self) -> None:
        self._show_strip()
        session, state = self.session, self.session.state
        scored = state.kind is not ScoreKind.NONE
        self.refine.disabled = not scored
        self.back.disabled = len(state.decisions.rounds) == 1
        self.undo.disabled, self.redo.disabled = not session.can_undo, not session.can_redo
        total, active = len(session.table), int(state.active.sum())
        parts = [
            f"<b>Round {len(state.decisions.rounds)}</b>: {_share(active, total)} patches kept"
        ]
        if session.mines is not None:
            mines = int(session.mines.sum())
            parts.append(f"{_share(int((session.mines & state.active).sum()), mines)} with mines")
        if scored:
            would = state.at_least(session.threshold)
            coming = f"refining would keep {int(would.sum()):,}"
            if session.mines is not None:
                coming += f", {int((session.mines & would).sum()):,} with mines"
            parts.append(coming)
        self.counts.value = " · ".join(parts)


def _share(part: int, whole: int) -> str:
    percent = f" ({part / whole:.0%})" if whole else ""
    return f"{part:,} of {whole:,}{percent}"
