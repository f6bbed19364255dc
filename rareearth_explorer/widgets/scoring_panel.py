"""The scoring panel: which scorer, and how much the negatives weigh."""

from __future__ import annotations

import asyncio

import ipywidgets as w

from rareearth_explorer.hunt import Session
from rareearth_explorer.score.scorers import SCORERS
from rareearth_explorer.widgets.stages import Stages


class ScoringPanel:
    """Two controls that re-score with the templates there are; undo takes them back too."""

    def __init__(self, session: Session, stages: Stages | None = None) -> None:
        self.session = session
        self._wanted: str | None = None
        self._preparing = ""
        self.scorer = w.Dropdown(
            options=[(scorer.title, name) for name, scorer in SCORERS.items()],
            description="Score",
            tooltip="How likeness to the templates becomes a score; the paper's is Cosine Contrast",
            layout=w.Layout(width="230px"),
            style={"description_width": "70px"},
        )
        self.weight = w.FloatSlider(
            description="− weight",
            tooltip="How much the negatives count: 1 is the paper's, 0 the positives alone. Less "
            "helps where a negative pushed known mines down",
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
        """Score by it; what must be computed for all patches before is not done on this thread.

        Choosing another one meanwhile, or the present one again, drops the wish.
        """
        session = self.session
        self._drop()
        if name == session.decisions.scoring.scorer:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None or session.columns.ready(name):
            session.score_by(name)
            return
        self._wanted = name
        title = SCORERS[name].title
        session.notice = self._preparing = (
            f"Preparing {len(session.table):,} patches for {title}; choose the other score to "
            "cancel."
        )

        def finish(done: asyncio.Future[None]) -> None:
            error = done.exception()
            if self._wanted != name:
                return
            self._drop()
            if error is None:
                session.score_by(name)
                return
            self._show()
            session.message = (
                f"The patches cannot be prepared for {title} ({str(error) or type(error).__name__})"
                "; the score stays as it was."
            )

        loop.run_in_executor(None, session.columns.prepare, name).add_done_callback(finish)

    def _drop(self) -> None:
        """Cancel the pending choice and clear its notice."""
        self._wanted = None
        if self.session.notice == self._preparing:
            self.session.notice = ""

    def _show(self) -> None:
        scoring = self.session.decisions.scoring
        if self._wanted is None:
            self.scorer.value = scoring.scorer
        self.weight.value = scoring.weight
        self.weight.disabled = not self.session.negatives
