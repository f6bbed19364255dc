"""The UMAP panel: which patches have similar embeddings."""

from __future__ import annotations

import html
import os

import ipywidgets as w
import jscatter
import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.rendering import palette_hex
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.views.group_looks import VERDICT_COLOURS
from rareearth_explorer.hunt.views.layers import activity_layer
from rareearth_explorer.score import projection
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.serving.shared_process import PROJECTIONS
from rareearth_explorer.widgets.kit import bar, button, note
from rareearth_explorer.widgets.stages import Stages
from rareearth_explorer.widgets.tasks import Deferred, Failure, Worker

BACKGROUND, GREY, RED = "#7b8188", "#c3c9cf", "#d62728"
"""Both ends and the middle of either palette contrast with this background."""

POINT_SIZES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
MOST_POOLS = 10
"""Patches with this many pools or more have the largest point."""

SETTLED = 1.0
"""Seconds after which the plot has finished drawing."""


class UmapPanel:
    """A scatter plot of the patches, coloured by score or, as in Fig. 3a, by pool count.

    After a refinement another process computes a UMAP of the remaining patches; until it is
    finished, the plot keeps their old places.

    Parameters
    ----------
    session
        What is shown; a click or a lasso sets its selection.
    worker
        The process that fits projections; a new one if None.
    stages
        Decides when the panel is updated; new ones if None.
    height
        Of the plot, in pixels.
    """

    def __init__(
        self,
        session: Session,
        worker: Worker | None = None,
        stages: Stages | None = None,
        *,
        height: int = 240,
    ) -> None:
        self.session = session
        shared = os.environ.get(PROJECTIONS, "")
        self.worker = worker or Worker(projection.warm_up, shared)
        self._active = session.active
        self._home, self._note = _stored_or_linear(session)
        self.coordinates = self._home.copy()
        self._build(height)
        self._draw_again = Deferred(self._send_points, SETTLED)
        self._selecting = False
        (stages or Stages(session)).in_front("Overview", self._follow, "state")
        session.observe(lambda _: self._show_selection(), "selection")
        self.colour_by.observe(lambda _: self._colour(), "value")
        self.scatter.widget.observe(self._on_selection, "selection")
        self._colour()
        self._show_selection()

    def _build(self, height: int) -> None:
        self.scatter = jscatter.Scatter(
            x=self.coordinates[:, 0],
            y=self.coordinates[:, 1],
            height=height,
            axes=False,
            legend=False,
            transition_points=False,
            zoom_on_selection=False,
            lasso_on_long_press=False,
        )
        self.scatter.background(BACKGROUND)
        self.scatter.camera(distance=1.2)  # leaves a margin around the outermost points
        self.scatter.widget.toolbar_buttons = ["pan_zoom", "lasso", "reset"]
        options = ["score", "round", "verdict"]
        if self.session.pools is not None:
            options.append("pools")
        if self.session.table.activity is not None:
            options.append("activity")
        self.colour_by = w.Dropdown(
            options=options,
            description="Colour",
            tooltip="Colour by score, by the last round of the patch, by verdict, by pool count "
            "(red, larger for more pools), or by activity",
            layout=w.Layout(width="160px"),
            style={"description_width": "44px"},
        )
        self.note = w.HTML(note(self._note))
        tooltip = "Stop computing the UMAP; the points stay where they are"
        self.cancel = button("cancel", tooltip, lambda: self._cancel(), display="none")
        self.widget = w.VBox(
            [bar([self.colour_by]), self.scatter.widget, w.HBox([self.note, self.cancel])],
            layout=w.Layout(width="100%", flex="0 0 auto"),
        )
        self.widget.add_class("rareearth-umap")

    # Session to plot -------------------------------------------------------------------------

    def _follow(self) -> None:
        self.worker.start()
        active = self.session.active
        if not np.array_equal(active, self._active):
            self._active = active
            self._refit()
        self._colour()
        # jupyter-scatter ignores a draw call that arrives while it draws, for example when two
        # marks follow each other quickly; the points would keep the colours of the first.
        self._draw_again()

    def _send_points(self) -> None:
        self.scatter.widget.send_state("points")

    def _colour(self) -> None:
        state, pools = self.session.state, self.session.pools
        if self.colour_by.value == "pools" and pools is not None:
            shown = np.minimum(pools, MOST_POOLS).astype(float)
            self.scatter.color(by=(shown > 0).astype(float), map=[GREY, RED], norm=(0, 1))
            self.scatter.size(by=shown, map=POINT_SIZES, norm=(0, MOST_POOLS))
            return
        self.scatter.size(default=3, by=None)
        layer = activity_layer(self.session.table)
        if self.colour_by.value == "activity" and layer is not None:
            low, high = layer.scale.low, layer.scale.high
            shown = np.clip(np.nan_to_num(layer.values.astype(float), nan=low), low, high)
            shades = palette_hex(layer.scale.palette, 64)
            self.scatter.color(by=shown, map=shades, norm=(low, high))
            return
        if self.colour_by.value == "verdict":
            codes = np.zeros(len(state.scores))
            for patch, verdict in state.decisions.verdicts.items():
                codes[patch] = 1 + list(VERDICT_COLOURS).index(verdict)
            shades = [GREY, *VERDICT_COLOURS.values()]
            self.scatter.color(by=codes, map=shades, norm=(0, len(shades) - 1))
            return
        if self.colour_by.value == "round":
            stayed = np.sum([r.active for r in state.decisions.rounds], axis=0).astype(float)
            last = max(2, len(state.decisions.rounds))
            self.scatter.color(by=stayed, map=palette_hex("cividis", last), norm=(1, last))
            return
        if state.kind is ScoreKind.NONE:
            # Not as a default colour, which jupyter-scatter refuses after a colour map was set.
            self.scatter.color(by=np.zeros(len(state.scores)), map=[GREY, RED], norm=(0, 1))
            return
        scale = state.scale
        shown = np.clip(state.scores.astype(float), scale.low, scale.high)
        self.scatter.color(
            by=shown, map=palette_hex(scale.palette, 64), norm=(scale.low, scale.high)
        )

    def _show_selection(self) -> None:
        if not self._selecting:
            self._selecting = True
            try:
                self.scatter.selection(list(self.session.selection))
            finally:
                self._selecting = False

    # Plot to session -------------------------------------------------------------------------

    def _on_selection(self, change: t.Bunch) -> None:
        if self._selecting:
            return
        self._selecting = True
        try:
            chosen = np.asarray([] if change.new is None else change.new, dtype=np.int64)
            self.session.select(chosen[self._active[chosen]].tolist())
        finally:
            self._selecting = False

    # Projecting again ------------------------------------------------------------------------

    def _refit(self) -> None:
        """Show the active patches where they are, then at the places of a new UMAP."""
        rows = np.flatnonzero(self._active)
        if len(rows) == len(self._active):
            self._cancel()
            self._place(rows, self._home)
            self._say(self._note)
            return
        self._place(rows, self.coordinates[rows])
        self._say(f"Computing a UMAP of {len(rows):,} patches …", running=True)

        def done(result: npt.NDArray[np.float32] | Failure) -> None:
            if isinstance(result, Failure):
                self._say(f"The UMAP could not be computed: {html.escape(result.reason)}.")
            else:
                self._place(rows, result)
                self._say(f"UMAP of the {len(rows):,} patches of this round.")

        self.worker.submit(
            done, projection.refit, self.session.table.unit_embeddings[rows], self.coordinates[rows]
        )

    def _place(self, rows: npt.NDArray[np.int64], coordinates: npt.NDArray[np.float32]) -> None:
        self.coordinates = self.coordinates.copy()
        self.coordinates[rows] = coordinates
        # Hidden points are placed in the middle, so that the plot fits the visible ones.
        shown = np.where(self._active[:, None], self.coordinates, coordinates.mean(axis=0))
        self.scatter.xy(x=shown[:, 0], y=shown[:, 1], animate=False)
        self.scatter.filter(None if self._active.all() else rows)

    def _cancel(self) -> None:
        if self.worker.busy:
            self.worker.cancel()
            self._say("The UMAP was cancelled; the points keep their places.")

    def _say(self, text: str, *, running: bool = False) -> None:
        self.note.value = note(text)
        self.cancel.layout.display = None if running else "none"


def _stored_or_linear(session: Session) -> tuple[npt.NDArray[np.float32], str]:
    """Return the first coordinates, (N, 2), and a sentence about them."""
    table = session.table
    if table.umap is not None:
        return table.umap, f"UMAP of all {len(table):,} patches."
    linear = projection.first_two(projection.principal_components(table.unit_embeddings, 2))
    return linear, "First two principal components; 'rareearth-explorer project' adds a UMAP."
