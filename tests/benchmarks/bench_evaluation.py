"""How fast every single-template ROC curve is, at the paper's size: 531 of 28,757 patches.

The embeddings are random, so only times are told. scikit-learn's loop, `roc_curve` and `auc` for
one template after the other on cosines already there, is measured in the same run, and the
greatest difference between the areas is printed. What the other scorer costs on a click is
measured beside a matrix-vector product of that size.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.score.contrast import cosine_to
from rareearth_explorer.score.scorers import SCORERS
from rareearth_explorer.score.whitening import Whitening
from rareearth_explorer.study.reproduction import Judge, single_template_curves

PATCHES, DIM, MINES = 28_757, 768, 531


def made_up() -> Judge:
    """Patches of the paper's number in random places, mines a little apart from the rest."""
    rng = np.random.default_rng(0)
    rows = rng.random((PATCHES, DIM), np.float32)
    rows[:MINES, :40] += 0.2
    corners = rng.random((PATCHES, 1, 2)) + np.array([[0, 1], [1, 1], [1, 0], [0, 0]]) / 400
    pools = np.zeros(PATCHES, np.int64)
    pools[:MINES] = rng.integers(1, 12, MINES)
    return Judge(PatchTable.from_arrays(rows, corners), pools, include_templates=True)


def timed(what: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    """Least time of several calls in seconds, and what the last gave."""
    least = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        given = what()
        least = min(least, time.perf_counter() - start)
    return least, given


def sklearn_loop(judge: Judge) -> list[float]:
    """Area under the curve of every template, by scikit-learn."""
    rows = judge.table.unit_embeddings
    areas = []
    for cosines in rows[judge.mines] @ rows.T:
        fpr, tpr, _ = metrics.roc_curve(judge.mines, cosines, drop_intermediate=False)
        areas.append(metrics.auc(fpr, tpr))
    return areas


def main() -> None:
    """Print the times, and their ratios."""
    judge = made_up()
    rows = judge.table.unit_embeddings
    gemm, _ = timed(lambda: rows[judge.mines] @ rows.T)
    ours, curves = timed(lambda: single_template_curves(judge))
    theirs, areas = timed(lambda: sklearn_loop(judge), repeats=1)
    apart = np.abs(np.array([curve.auc for curve in curves]) - areas).max()
    print(f"{MINES} curves of {PATCHES:,} patches, cosines included: {ours:.2f} s")
    print(f"  the cosines alone, one matrix product: {gemm:.2f} s, ratio {ours / gemm:.1f}")
    print(f"  scikit-learn's loop: {theirs:.1f} s, ratio {theirs / ours:.0f}")
    print(f"  greatest difference between areas: {apart:.1e}")
    product, _ = timed(lambda: rows @ rows[0])
    fit, whitening = timed(lambda: Whitening.fit(rows), repeats=1)
    apply, whitened = timed(lambda: whitening.apply(rows), repeats=1)
    print(f"whitening, once a table: {fit + apply:.1f} s")
    for scorer in SCORERS.values():
        units = whitened if scorer.whitened else rows
        column, _ = timed(lambda s=scorer, u=units: s.column(cosine_to(u, 0)))
        means = [scorer.column(cosine_to(units, template)) for template in (0, 9_999)]
        combine, _ = timed(lambda s=scorer, m=means: s.combine(*m))
        click = column + combine
        print(
            f"{scorer.title}, new template and scores: {1000 * click:.1f} ms, "
            f"ratio to a matrix-vector product {click / product:.2f}"
        )


if __name__ == "__main__":
    main()
