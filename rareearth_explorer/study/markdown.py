"""Run the study on one set of labelled patches, and format it as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import LabelsError
from rareearth_explorer.hunt.review_order import OF_THE_ACTIVE, Order
from rareearth_explorer.study.candidates import CANDIDATES, CONTRAST, KERNEL_CONTRAST
from rareearth_explorer.study.draws import COUNTS, Negatives, Outcome, outcomes_of
from rareearth_explorer.study.embedding_geometry import describe
from rareearth_explorer.study.hunting import SHARES, clicks_to_find
from rareearth_explorer.study.labelled import Labelled
from rareearth_explorer.study.reproduction import FEWEST

BEST, UNCERTAIN, DIVERSE, RANDOM = OF_THE_ACTIVE
ORDERS: dict[str, tuple[Sequence[Order], int]] = {
    **{order.value: ((order,), 1) for order in OF_THE_ACTIVE},
    "best first, rescored after every 5": ((BEST,), 5),
    "best first, rescored after every 20": ((BEST,), 20),
    "best first, every fifth the most uncertain": ((BEST, BEST, BEST, BEST, UNCERTAIN), 1),
    "best first, every fifth the most different": ((BEST, BEST, BEST, BEST, DIVERSE), 1),
    "best first, every fifth at random": ((BEST, BEST, BEST, BEST, RANDOM), 1),
}
"""Review orders in the comparison, and the number of patches reviewed before each rescoring."""

SPREAD = (np.median, np.min, np.max)
"""Statistics of the clicks of several hunts."""


@dataclass(frozen=True)
class Effort:
    """Size of the simulation.

    Attributes
    ----------
    draws
        Number of draws for each number of templates.
    hunts
        Number of hunts for each scorer and review order.
    limit
        Number of clicks after which a hunt stops.
    """

    draws: int = 20
    hunts: int = 9
    limit: int = 2000

    def __str__(self) -> str:
        """Describe the simulation."""
        return (
            f"{self.draws} draws of templates for each k; {self.hunts} hunts of at most "
            f"{self.limit:,} clicks for each scorer and order: median (lowest to highest)."
        )


def study(data: Labelled, effort: Effort) -> Iterator[str]:
    """Run the whole study on labelled patches, and yield blocks of Markdown as they are finished.

    Raises
    ------
    LabelsError
        Almost no patch is labelled, or almost every patch.
    """
    mines, patches = len(data.mines), len(data.pools)
    if min(mines, patches - mines) < FEWEST:
        raise LabelsError(
            f"{data.name}: {mines} of {patches} patches have a label; at least {FEWEST} must, and "
            "as many must not."
        )
    yield f"## {data.name}"
    yield f"{patches:,} patches, {mines:,} of them with a mine ({mines / patches:.1%}). {effort}"
    counts = [count for count in COUNTS if 2 * count < mines]
    yield geometry_table(data, counts[-1], effort)
    yield draws_table(list(outcomes_of(data, CANDIDATES, draws=effort.draws, counts=counts)))
    yield scorers_table(data, effort)
    yield orders_table(data, effort)


def geometry_table(data: Labelled, count: int, effort: Effort) -> str:
    """Geometry of the embeddings, with one template of each sign and with `count`."""
    few, many = (describe(data, k, draws=effort.draws) for k in (1, count))
    rows = {
        "mean cosine between patches": "mean_cosine",
        "AUC of ordinariness (mean cosine to all patches)": "ordinary",
        "AUC of the mean cosine to positives": "positives",
        "AUC of the mean cosine to random negatives": "random_negatives",
        "AUC of the mean cosine to mistakes": "mistakes",
        "spread of log mean cosine to positives": "positives_spread",
        "spread of log mean cosine to random negatives": "negatives_spread",
        "correlation of these two": "correlation",
        "correlation of cosine to positives with ordinariness": "ordinary_correlation",
        "AUC of Cosine Contrast, random negatives": "contrast",
        "AUC of Cosine Contrast, all patches as negatives": "contrast_with_all",
        "share of the mines in the least ordinary tenth": "strange_mines",
        "share of the first 5 % in that tenth, by cosine to positives": "strange_by_positives",
        "share of the first 5 % in that tenth, by Cosine Contrast": "strange_by_contrast",
        "AUC of the mean cosine to positives, mean embedding subtracted": "centred",
        "share of whitened Cosine Contrasts at 1 or -1": "saturated",
    }
    return _table(
        ["geometry of the embeddings", "k = 1", f"k = {count}"],
        [[row] + [f"{getattr(g, name):.3f}" for g in (few, many)] for row, name in rows.items()],
    )


def draws_table(outcomes: Sequence[Outcome]) -> str:
    """AUC, average precision and recall at 10 % by scorer, kind of negatives and templates."""
    counts = sorted({outcome.count for outcome in outcomes})
    titles, kinds = [candidate.title for candidate in CANDIDATES], [None, *Negatives]

    def row_of(outcome: Outcome) -> tuple[int, int]:
        return titles.index(outcome.candidate), kinds.index(outcome.negatives)

    rows = []
    for _, group in groupby(sorted(outcomes, key=row_of), row_of):
        same = list(group)
        cells = [_mean_cell([o for o in same if o.count == count]) for count in counts]
        rows.append([same[0].candidate, same[0].negatives or "none", *cells])
    heads = [f"k = {count}" for count in counts]
    return _table(["AUC / average precision / recall at 10 %", "negatives", *heads], rows)


def scorers_table(data: Labelled, effort: Effort) -> str:
    """Clicks until shares of the mines are found, by scorer; best first."""
    rows = [
        [c.title, *_clicks(clicks_to_find(data, c, hunts=effort.hunts, limit=effort.limit), effort)]
        for c in CANDIDATES
    ]
    least = [f"{np.ceil(share * len(data.mines)) - 1:,.0f}" for share in SHARES]
    rows.append(["no wrong click", *least])
    return _table(
        ["clicks until this share of the mines is found, best first", *_share_heads()], rows
    )


def orders_table(data: Labelled, effort: Effort) -> str:
    """Clicks until shares of the mines are found, by review order, for two scorers."""
    rows = []
    for scorer in (CONTRAST, KERNEL_CONTRAST):
        for name, (order, page) in ORDERS.items():
            clicks = clicks_to_find(
                data, scorer, order, hunts=effort.hunts, limit=effort.limit, page=page
            )
            rows.append([scorer.title, name, *_clicks(clicks, effort)])
    return _table(["clicks by review order", "order", *_share_heads()], rows)


def _share_heads() -> list[str]:
    return [f"{share:.0%}" for share in SHARES]


def _clicks(clicks: npt.NDArray[np.float64], effort: Effort) -> list[str]:
    def said(count: float) -> str:
        return f"{count:,.0f}" if np.isfinite(count) else f"over {effort.limit:,}"

    cells = []
    for median, low, high in zip(*(f(clicks, axis=0) for f in SPREAD), strict=True):
        spread = f" ({said(low)} to {said(high)})" if np.isfinite(low) else ""
        cells.append(said(median) + spread)
    return cells


def _mean_cell(outcomes: Sequence[Outcome]) -> str:
    measures = [(o.auc, o.average_precision, o.recall) for o in outcomes]
    return " / ".join(f"{mean:.3f}".lstrip("0") for mean in np.mean(measures, axis=0))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown table with padded columns, readable as plain text, too."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
