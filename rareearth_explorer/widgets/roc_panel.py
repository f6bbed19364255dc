"""The ROC panel: how well the ranking finds the labelled mines, round by round."""

from __future__ import annotations

import io

import ipywidgets as w
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.evaluation import RocCurve
from rareearth_explorer.widgets.kit import note
from rareearth_explorer.widgets.stages import Stages

EARLIER = "#b8c4d0"
PRESENT = "#b2182b"
BINS = 60
NOTHING = (np.empty(0), np.empty(0))


class RocPanel:
    """ROC curves of this and the earlier rounds; without labels, a histogram of the scores.

    Every curve ranks all patches, discarded patches below active ones, so curves of different
    rounds can be compared. Templates are left out, because the analyst chose them and the ranking
    did not find them.
    """

    def __init__(
        self,
        session: Session,
        size: tuple[float, float] = (5.0, 2.6),
        stages: Stages | None = None,
    ) -> None:
        self.session = session
        self.curves: list[RocCurve] = []
        self.figure = Figure(figsize=size, dpi=110, layout="constrained")
        self._canvas = FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_subplot()
        self.image = w.Image(
            format="png", layout=w.Layout(object_fit="contain", flex="1 1 0", min_height="0")
        )
        self.caption = w.HTML()
        self.widget = w.VBox(
            [self.image, self.caption], layout=w.Layout(flex="1 1 0", min_height="170px")
        )
        self.widget.add_class("rareearth-roc")
        if session.mines is None:
            self._prepare_histogram()
        else:
            self._prepare_curves()
        traits = ["state"] if session.mines is not None else ["state", "threshold"]
        (stages or Stages(session)).in_front("Overview", self.draw, *traits)
        self.draw()

    def draw(self) -> None:
        """Draw the session as it is now."""
        if self.session.mines is None:
            self._draw_histogram()
            self._canvas.draw()
        else:
            self._draw_curves()
            self._paint_curves()
        file = io.BytesIO()
        pixels = Image.fromarray(np.asarray(self._canvas.buffer_rgba()))
        pixels.save(file, "png", compress_level=1)
        self.image.value = file.getvalue()

    # With labels -----------------------------------------------------------------------------

    def _prepare_curves(self) -> None:
        self.axes.set(xlabel="false positive rate", ylabel="true positive rate")
        self.axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        self.axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
        self._lines: list[Line2D] = []
        self._present = self.axes.plot([], [], color=PRESENT, linewidth=2, animated=True)[0]
        self._present.set_zorder(2.2)  # over the earlier curves, under the frame
        self.axes.spines[:].set_animated(True)
        self._canvas.draw()
        self._ground = self._canvas.copy_from_bbox(self.figure.bbox)

    def _draw_curves(self) -> None:
        state = self.session.state
        past = [curve for s in state.earlier if (curve := s.roc_curve) is not None]
        present = state.roc_curve
        self.curves = [*past, *([present] if present else [])]
        while len(self._lines) < len(past):
            self._lines += self.axes.plot([], [], color=EARLIER, linewidth=1.2, animated=True)
        for number, line in enumerate(self._lines):
            shown = number < len(past)
            fpr, tpr = (past[number].fpr, past[number].tpr) if shown else NOTHING
            line.set_data(fpr, tpr)
            line.set_label(f"round {number + 1}: {past[number].auc:.3f}" if shown else "_")
        fpr, tpr = (present.fpr, present.tpr) if present else NOTHING
        self._present.set_data(fpr, tpr)
        self._present.set_label(
            f"round {len(state.decisions.rounds)}: {present.auc:.3f}" if present else "_"
        )
        if self.curves:
            # In the order of the rounds: the line of the present one was made before most others.
            lines = [line for line in (*self._lines, self._present) if line.get_label() != "_"]
            self.axes.legend(
                handles=lines, loc="lower right", fontsize=8, title="AUC", title_fontsize=8
            )
        elif legend := self.axes.get_legend():
            legend.remove()
        self.caption.value = note(self._say(present))

    def _paint_curves(self) -> None:
        """Paint the curves over the axes.

        The axes stay as they are and are painted once: with them it takes five times as long, at
        each click of each visitor.
        """
        self._canvas.restore_region(self._ground)
        legend = self.axes.get_legend()
        over = [
            *self._lines,
            self._present,
            *self.axes.spines.values(),
            *([legend] if legend else []),
        ]
        for artist in over:
            self.axes.draw_artist(artist)

    def _say(self, present: RocCurve | None) -> str:
        if self.session.state.kind is ScoreKind.NONE:
            return "Mark a template to see how well it finds the labelled mines."
        if present is None:
            return "No curve: without the templates, all patches are mines, or none is."
        templates = len(self.session.positives) + len(self.session.negatives)
        return f"Ranking of all patches except the {templates} template{'s'[: templates != 1]}."

    # Without labels --------------------------------------------------------------------------

    def _prepare_histogram(self) -> None:
        self.axes.set(xlabel="score", ylabel="patches", yscale="symlog")
        self._bars = self.axes.stairs(np.zeros(BINS), np.linspace(-1, 1, BINS + 1), fill=True)
        self._bars.set(color="#8aa4bd")
        self._at = self.axes.axvline(0, color=PRESENT, linewidth=1.2)

    def _draw_histogram(self) -> None:
        state = self.session.state
        if state.kind is ScoreKind.NONE:
            self.caption.value = note(
                "No labels, so no ROC curve. Mark a template to see the scores."
            )
            counts, edges = np.zeros(BINS), np.linspace(-1, 1, BINS + 1)
        else:
            counts, edges = np.histogram(state.scores[state.active], BINS)
            self.caption.value = note(
                f"No labels, so no ROC curve. Histogram of the active patches: {state.score_name}; "
                "the line is the threshold."
            )
        self._bars.set_data(counts, edges)
        at = self.session.threshold
        self._at.set_xdata([at, at])
        margin = 0.02 * (edges[-1] - edges[0])
        self.axes.set_xlim(min(edges[0], at) - margin, max(edges[-1], at) + margin)
        self.axes.set_ylim(0, max(10.0, 1.5 * float(counts.max())))
