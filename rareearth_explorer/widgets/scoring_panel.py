"""The scoring panel: the scorer and the weight of the negatives."""

from __future__ import annotations

import asyncio

import ipywidgets as w

from rareearth_explorer.hunt import Session
from rareearth_explorer.score.scorers import SCORERS
from rareearth_explorer.widgets.stages import Stages


class ScoringPanel:
    """Two controls that change how the templates give scores; undo covers both."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self._pending: str | None = None
        self._preparing = ""
        self.scorer = w.Dropdown(
            options=[(scorer.title, name) for name, scorer in SCORERS.items()],
            description="Score",
            tooltip="How similarity to the templates becomes a score; Cosine Contrast in the paper",
            layout=w.Layout(width="230px"),
            style={"description_width": "70px"},
        )
        self.weight = w.FloatSlider(
            description="− weight",
            tooltip="Weight of the negatives: 1 in the paper, 0 ignores them. Lower it if a "
            "negative pushed known mines down",
            min=0,
            max=1,
            step=0.05,
            continuous_update=False,
            readout_format=".2f",
            layout=w.Layout(width="230px"),
            style={"description_width": "70px"},
        )
        self.widget = w.VBox([self.scorer, self.weight], layout=w.Layout(flex="0 0 auto"))
        self.scorer.observe(lambda change: self._choose(change.new), "value")
        self.weight.observe(lambda change: session.score_by(weight=change.new), "value")
        (stages or Stages(session)).after(self._show, "state")
        self._show()

    def _choose(self, name: str) -> None:
        """Use a scorer; prepare it on another thread if that takes long.

        Choosing another scorer meanwhile, or the present one again, cancels the pending choice.
        """
        session = self.session
        self._cancel()
        if name == session.decisions.scoring.scorer:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None or session.columns.ready(name):
            session.score_by(name)
            return
        self._pending = name
        title = SCORERS[name].title
        session.notice = self._preparing = (
            f"Preparing {len(session.table):,} patches for {title}; choose the other scorer to "
            "cancel."
        )

        def finish(done: asyncio.Future[None]) -> None:
            error = done.exception()
            if self._pending != name:
                return
            self._cancel()
            if error is None:
                session.score_by(name)
                return
            self._show()
            session.message = (
                f"The patches cannot be prepared for {title} ({str(error) or type(error).__name__})"
                "; the scores have not changed."
            )

        loop.run_in_executor(None, session.columns.prepare, name).add_done_callback(finish)

    def _cancel(self) -> None:
        """Cancel the pending choice and clear its notice."""
        self._pending = None
        if self.session.notice == self._preparing:
            self.session.notice = ""

    def _show(self) -> None:
        scoring = self.session.decisions.scoring
        if self._pending is None:
            self.scorer.value = scoring.scorer
        self.weight.value = scoring.weight
        self.weight.disabled = not self.session.negatives
