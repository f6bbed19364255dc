"""The paper's figures 2, 3a and 3b, and the pools found by share of the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rareearth_explorer.data.storage.replacing import explained, write_atomically
from rareearth_explorer.errors import ExplorerError
from rareearth_explorer.exporting.figures import encode_figure, map_figure, new_figure
from rareearth_explorer.hunt import Session
from rareearth_explorer.score.contrast import cosine_to, score
from rareearth_explorer.score.evaluation import RocCurve
from rareearth_explorer.study.evaluation_report import Evaluation
from rareearth_explorer.study.reproduction import Judge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["contrast_map", "found_figure", "roc_figure", "umap_by_pools", "write_figures"]

MINE, OTHER = "#b2182b", "#8aa4bd"
SINGLE, CONTRAST, PAPER = "#2166ac", "#b2182b", "#1b7837"
GRID = np.linspace(0, 1, 401)
"""False positive rates at which curves are averaged."""


def write_figures(folder: Path, judge: Judge, evaluation: Evaluation) -> list[Path]:
    """Draw all figures as PNG files; Fig. 3a needs a projection in the table.

    Raises
    ------
    ExplorerError
        The folder cannot be written.
    """
    figures = {
        "fig2_contrast_map": contrast_map(judge, evaluation),
        "fig3a_umap": umap_by_pools(judge),
        "fig3b_roc": roc_figure(evaluation),
        "pools_found": found_figure(judge, evaluation),
    }
    written = []
    for name, figure in figures.items():
        if figure is not None:
            path = folder / f"{name}.png"
            _write(path, encode_figure(figure, "png"))
            written.append(path)
    return written


def _write(path: Path, content: bytes) -> None:
    with explained(path, "this cannot be written", ExplorerError):
        write_atomically(path, content)


def contrast_map(judge: Judge, evaluation: Evaluation) -> Figure:
    """Draw Cosine Contrast on the map with the mines outlined (Fig. 2)."""
    session = Session(judge.table, judge.pools)
    session.mark(evaluation.positives, "positive")
    session.mark(evaluation.negatives, "negative")
    figure = map_figure(session)
    above_the_legend = 22
    title = _named(judge, "The median of the random pairs")
    if evaluation.chosen is not None:
        title = _named(judge, "The chosen templates")
    figure.axes[0].set_title(title, fontsize=8, pad=above_the_legend)
    return figure


def umap_by_pools(judge: Judge) -> Figure | None:
    """Draw the UMAP, mines red and sized by pool count (Fig. 3a); None without a projection."""
    coordinates = judge.table.umap
    if coordinates is None:
        return None
    figure = new_figure((5.2, 4.8))
    axes = figure.add_subplot()
    others, mines = coordinates[~judge.mines], coordinates[judge.mines]
    axes.scatter(others[:, 0], others[:, 1], 2, OTHER, linewidths=0, label="no mine")
    size = judge.pools[judge.mines] * np.clip(600 / len(mines), 1.5, 6)
    axes.scatter(mines[:, 0], mines[:, 1], size, MINE, alpha=0.6, linewidths=0, label="mine")
    axes.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2", aspect="equal")
    axes.set_title(_named(judge, "Mines are sized by pool count"), fontsize=8)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=2)
    return figure


def roc_figure(evaluation: Evaluation) -> Figure:
    """Draw the curve of each template alone, and Cosine Contrast on top (Fig. 3b)."""
    from matplotlib.collections import LineCollection

    figure = new_figure((5.2, 4.6))
    axes = figure.add_subplot()
    record = evaluation.record
    single = record["single_template"]["auc"]
    lines: Any = [np.stack([curve.fpr, curve.tpr], axis=-1) for curve in evaluation.single]
    label = f"one template, cosine: AUC {single['mean']:.3f} ± {single['std']:.3f}"
    alpha = float(np.clip(12 / len(lines), 0.04, 0.4))
    axes.add_collection(
        LineCollection(lines, colors=SINGLE, alpha=alpha, linewidths=0.7, rasterized=True)
    )
    axes.plot([], [], color=SINGLE, label=f"{label} ({len(lines)} templates)")
    _draw_pairs(axes, evaluation.pairs, record["random_pairs"]["contrast"]["auc"]["mean"])
    if evaluation.chosen is not None:
        chosen = evaluation.chosen
        label = f"chosen templates: AUC {chosen.auc:.3f}"
        axes.plot(chosen.fpr, chosen.tpr, color="black", linewidth=1.5, label=label)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    axes.set_title(_caption(record), fontsize=8)
    axes.legend(loc="lower right", fontsize=7)
    return figure


def found_figure(judge: Judge, evaluation: Evaluation) -> Figure:
    """Draw the share of the pools by share of the ranking reviewed, for the templates of Fig. 2."""
    rows = judge.table.unit_embeddings
    positives, negatives = evaluation.positives, evaluation.negatives
    columns = [[cosine_to(rows, t) for t in templates] for templates in (positives, negatives)]
    scores, kind = score(columns[0], columns[1], len(rows))
    ranking = judge.ranking(scores, judge.scored([*positives, *negatives]))
    figure = new_figure((5.2, 4.0))
    axes = figure.add_subplot()
    share = np.append(0, ranking.patches) / len(ranking)
    for counts, name, colour in [
        (ranking.pools, "pools", CONTRAST),
        (ranking.mines, "patches with a mine", SINGLE),
    ]:
        axes.plot(share, np.append(0, counts) / counts[-1], color=colour, label=name)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":", label="by chance")
    axes.plot([0.1], [0.9], "o", color=PAPER, label="the paper: 90 % in the first 10 %")
    axes.set(xlabel="share of the ranking reviewed", ylabel="share found")
    axes.set(xlim=(0, 1), ylim=(0, 1.01))
    axes.set_title(f"{kind.value}. {_caption(evaluation.record)}", fontsize=8)
    axes.legend(loc="lower right", fontsize=8)
    return figure


def _draw_pairs(axes: Axes, curves: Sequence[RocCurve], auc: float) -> None:
    """Draw the mean curve of random pairs, and the band that holds the middle half of them."""
    tpr = np.array([np.interp(GRID, curve.fpr, curve.tpr) for curve in curves])
    low, high = np.quantile(tpr, [0.25, 0.75], axis=0)
    axes.fill_between(GRID, low, high, color=CONTRAST, alpha=0.15, linewidth=0)
    label = f"Cosine Contrast: AUC {auc:.3f} (mean and middle half of {len(curves):,} pairs)"
    axes.plot(GRID, tpr.mean(axis=0), color=CONTRAST, linewidth=2, label=label)


def _caption(record: dict[str, Any]) -> str:
    protocol = record["protocol"]
    scored = "Templates scored too" if protocol["templates_scored"] else "Templates not scored"
    side = protocol["blocks_held_out_m"]
    held_out = f", nor blocks of {side:,.0f} m around them" if side else ""
    return f"{scored}{held_out}{'; synthetic scene' if record['data']['synthetic'] else ''}"


def _named(judge: Judge, title: str) -> str:
    scenes = [scene["name"] for scene in judge.table.metadata.get("scenes", [])]
    return f"{title}; synthetic scene" if any("synthetic" in s for s in scenes) else title
