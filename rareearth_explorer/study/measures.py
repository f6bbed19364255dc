"""The paper's measures of a ranking, under the names that the JSON uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareearth_explorer.score.evaluation import Decision, Ranking

PARTS = (0.01, 0.05, 0.1, 0.2)
"""Shares of the ranking in which pools are counted."""

MOST = 0.9
"""Share of the pools whose depth in the ranking is measured."""

PAPER: dict[str, Any] = {
    "source": "Ballinger, Monitoring illicit rare earth mining in Myanmar via self-supervised "
    "learning: PlanetScope imagery of Pang War with Clay v1 embeddings, templates scored too",
    "patches": 28_757,
    "mine_patches": 531,
    "pools": 2_792,
    "single_template": {"auc": {"mean": 0.86, "std": 0.14}},
    "contrast": {
        "auc": 0.95,
        "at_zero": {
            "mines_kept": 0.95,
            "patches_gone": 0.82,
            "accuracy_of_no_mine": 1 - 531 / 28_757,
        },
        # The paper names no threshold, but with 82 % of the patches discarded it cannot be 0.
        "at_best_f1": {
            "accuracy": 0.98,
            "accuracy_of_no_mine": 1 - 531 / 28_757,
            "f1": 0.4,
        },
        "found_in_first": {"10%": {"pools": 0.9}},
    },
}
"""The paper's own numbers, under the names of ours; this program did not measure them."""


def measures(ranking: Ranking, deciding: Ranking | None = None) -> dict[str, Any]:
    """Measure a ranking.

    Parameters
    ----------
    ranking
        The evaluated patches.
    deciding
        The same patches by the scores that thresholds apply to, if those differ.
    """
    deciding = deciding or ranking
    return {
        "auc": ranking.auc,
        "average_precision": ranking.average_precision,
        "at_zero": _decision(deciding.at(0)),
        "at_best_f1": _decision(deciding.best()),
        "found_in_first": {
            f"{part:.0%}": dict(zip(("mine_patches", "pools"), ranking.found(part), strict=True))
            for part in PARTS
        },
        "ranking_for_90%_of_pools": ranking.depth(MOST),
        "patches_scored": len(ranking),
        "mine_patches_scored": int(ranking.mines[-1]),
    }


def _decision(decision: Decision) -> dict[str, float]:
    return {
        "threshold": decision.threshold,
        "mines_kept": decision.recall,
        "patches_gone": decision.patches_gone,
        "accuracy": decision.accuracy,
        "accuracy_of_no_mine": decision.accuracy_of_no_mine,
        "f1": decision.f1,
        "precision": decision.precision,
        "recall": decision.recall,
    }


def summarise(runs: Sequence[Any]) -> Any:
    """Replace every number by its mean over the runs, with intervals.

    Each becomes ``mean``, ``std``, ``mean_interval_95`` (of the mean, for this many runs on
    the same labels) and ``runs_interval_95`` (contains 95 % of the runs).
    """
    first = runs[0]
    if isinstance(first, dict):
        return {name: summarise([run[name] for run in runs]) for name in first}
    values = np.asarray(runs, dtype=np.float64)
    mean, std = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    margin = 1.96 * std / np.sqrt(len(values))
    return {
        "mean": mean,
        "std": std,
        "mean_interval_95": [mean - margin, mean + margin],
        "runs_interval_95": np.quantile(values, [0.025, 0.975]).tolist(),
    }
