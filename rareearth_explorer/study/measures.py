"""The numbers the paper gives of a ranking, by the names they have in the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareearth_explorer.score.evaluation import Decision, Ranking

PARTS = (0.01, 0.05, 0.1, 0.2)
"""First parts of the ranking in which pools are counted."""

MOST = 0.9
"""Share of the pools whose depth in the ranking is asked for."""

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
        # No threshold is named, but with 82 % of the patches gone it cannot be 0.
        "at_best_f1": {
            "accuracy": 0.98,
            "accuracy_of_no_mine": 1 - 531 / 28_757,
            "f1": 0.4,
        },
        "found_in_first": {"10%": {"pools": 0.9}},
    },
}
"""The paper's own figures, under the names that ours have here; not measured by this program."""


def measures(ranking: Ranking, deciding: Ranking | None = None) -> dict[str, Any]:
    """Measure a ranking.

    Parameters
    ----------
    ranking
        The patches that are judged by.
    deciding
        The same patches by the scores that thresholds are set on, where those are others.
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
    """Put the mean over runs in the place of every number, and how far it can be trusted.

    Each becomes ``mean``, ``std``, ``mean_interval_95`` (of the mean, for so many runs drawn from
    the same labels) and ``runs_interval_95`` (between these lie 95 % of the runs).
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
