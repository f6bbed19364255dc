"""The measurements of `rareearth-explorer evaluate` on a labelled patch table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import SessionError
from rareearth_explorer.score.contrast import cosine_to, score
from rareearth_explorer.score.evaluation import RocCurve, roc_corners
from rareearth_explorer.study.measures import PAPER, measures, summarise
from rareearth_explorer.study.reproduction import (
    Judge,
    Rows,
    pair_contrasts,
    random_pairs,
    single_template_curves,
)
from rareearth_explorer.study.simulated_rounds import refine

__all__ = ["Evaluation", "evaluate"]

PAIRS = 1000
"""Number of random template pairs; it fixes the mean AUC to a few thousandths."""

HUNTS = 20
"""Number of random pairs from which the simulated analyst refines."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The measured numbers, and the curves behind them.

    Attributes
    ----------
    record
        The numbers, as JSON types; docs/evaluate.md explains each.
    positives, negatives
        Row numbers of the templates in the figures: the chosen ones, or else the random pair
        with the median AUC.
    single, pairs
        ROC curves of each template alone and of Cosine Contrast for each random pair.
    chosen
        ROC curve of the chosen templates, or None.
    """

    record: dict[str, Any]
    positives: tuple[int, ...]
    negatives: tuple[int, ...]
    single: list[RocCurve]
    pairs: list[RocCurve]
    chosen: RocCurve | None


def evaluate(
    judge: Judge,
    positives: Sequence[int] = (),
    negatives: Sequence[int] = (),
    *,
    pairs: int = PAIRS,
    hunts: int = HUNTS,
    seed: int = 0,
) -> Evaluation:
    """Compute the paper's measures on a labelled table.

    Parameters
    ----------
    judge
        The labelled table, and the choice of the patches that are evaluated.
    positives, negatives
        Row numbers of chosen templates, if any.
    pairs
        Number of random pairs of a positive and a negative template, 2 or more.
    hunts
        Number of these pairs from which a simulated analyst refines.
    seed
        Seed of the draws.

    Raises
    ------
    LabelsError
        Without the templates and the held-out blocks, no patches are left to evaluate.
    SessionError
        A template is not a row of the table, is given twice or has both signs, or there are fewer
        than 2 pairs.
    """
    _require_templates(judge, positives, negatives)
    if pairs < 2:
        raise SessionError(f"{pairs} random pairs have no mean; give 2 or more.")
    single = single_template_curves(judge)
    drawn = random_pairs(judge, pairs, seed)
    pair_curves, pair_measures = _measure_pairs(judge, drawn)
    refined = [
        refine(judge, [positive], [negative]) for positive, negative in drawn[:hunts].tolist()
    ]
    record: dict[str, Any] = {
        "program": f"rareearth-explorer {version('rareearth-explorer')}",
        "data": _describe(judge),
        "protocol": _protocol(judge, pairs, hunts, seed),
        "single_template": _summarise_single(judge, single),
        "random_pairs": {
            "count": pairs,
            "contrast": summarise(pair_measures),
            "pairs": [
                {"positive": positive, "negative": negative, "auc": curve.auc}
                for (positive, negative), curve in zip(drawn.tolist(), pair_curves, strict=True)
            ],
        },
        "chosen": None,
        "rounds": _summarise_rounds(refined),
        "hunts": refined,
        "paper": PAPER,
    }
    chosen = None
    if positives or negatives:
        chosen, record["chosen"] = _measure_chosen(judge, positives, negatives)
    else:
        median = np.argsort([curve.auc for curve in pair_curves])[pairs // 2]
        positives, negatives = drawn[median, :1].tolist(), drawn[median, 1:].tolist()
    return Evaluation(record, tuple(positives), tuple(negatives), single, pair_curves, chosen)


def _require_templates(judge: Judge, positives: Sequence[int], negatives: Sequence[int]) -> None:
    for row in [*positives, *negatives]:
        if not 0 <= row < len(judge.pools):
            raise SessionError(
                f"{judge.table.path or 'The table'}: there is no row {row}; rows are numbered 0 to "
                f"{len(judge.pools) - 1}."
            )
    for given in (positives, negatives):
        if twice := [row for row, times in Counter(given).items() if times > 1]:
            raise SessionError(f"Row {twice[0]} is given twice; give each row once.")
    both = set(positives) & set(negatives)
    if both:
        raise SessionError(f"Row {min(both)} is given as positive and as negative; choose one.")


def _describe(judge: Judge) -> dict[str, Any]:
    table, mines = judge.table, judge.mines
    scenes = [scene["name"] for scene in table.metadata.get("scenes", [])]
    return {
        "table": str(table.path),
        "scenes": scenes,
        "encoder": table.metadata.get("encoder", {}).get("name"),
        "synthetic": any("synthetic" in name for name in scenes),
        "patches": len(mines),
        "mine_patches": int(mines.sum()),
        "pools": int(judge.pools.sum()),
        "labels": judge.count
        and {
            "said": str(judge.count),
            "number": judge.count.labels,
            "outside": judge.count.outside,
            "left_out": dict(judge.count.left_out),
        },
        "accuracy_of_no_mine": float(1 - mines.mean()),
    }


def _protocol(judge: Judge, pairs: int, hunts: int, seed: int) -> dict[str, Any]:
    return {
        "templates_scored": judge.include_templates,
        "blocks_held_out_m": judge.block_side,
        "pairs": pairs,
        "hunts": hunts,
        "seed": seed,
    }


def _summarise_single(judge: Judge, curves: list[RocCurve]) -> dict[str, Any]:
    aucs = np.array([curve.auc for curve in curves])
    mines = np.flatnonzero(judge.mines)
    return {
        "auc": {
            "mean": float(aucs.mean()),
            "std": float(aucs.std()),
            "min": float(aucs.min()),
            "max": float(aucs.max()),
            "share_below_0.5": float((aucs < 0.5).mean()),
        },
        "templates": [
            {"row": int(row), "pools": int(judge.pools[row]), "auc": float(auc)}
            for row, auc in zip(mines, aucs, strict=True)
        ],
    }


def _measure_pairs(judge: Judge, drawn: Rows) -> tuple[list[RocCurve], list[dict[str, Any]]]:
    curves, measured = [], []
    for pair, scores in zip(drawn, pair_contrasts(judge, drawn), strict=True):
        scored = judge.scored(pair.tolist())
        curves.append(_corners(judge, scores, scored))
        measured.append(measures(judge.ranking(scores, scored)))
    return curves, measured


def _measure_chosen(
    judge: Judge, positives: Sequence[int], negatives: Sequence[int]
) -> tuple[RocCurve, dict[str, Any]]:
    rows = judge.table.unit_embeddings
    columns = [[cosine_to(rows, t) for t in templates] for templates in (positives, negatives)]
    scores, kind = score(columns[0], columns[1], len(rows))
    scored = judge.scored([*positives, *negatives])
    record: dict[str, Any] = {
        "positives": list(positives),
        "negatives": list(negatives),
        "positives_without_pool": [row for row in positives if not judge.mines[row]],
        "negatives_with_pool": [row for row in negatives if judge.mines[row]],
        "score": kind.value,
        "contrast": measures(judge.ranking(scores, scored)),
    }
    if positives and negatives:
        record["rounds"] = refine(judge, positives, negatives)
    return _corners(judge, scores, scored), record


def _summarise_rounds(hunts: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Summarise every round that at least half of the hunts reach, over the hunts that reach it."""
    rounds = []
    for number in range(max(map(len, hunts))):
        reached = [hunt[number]["contrast"] for hunt in hunts if len(hunt) > number]
        if 2 * len(reached) >= len(hunts):
            summed = summarise(reached)
            rounds.append({"round": number + 1, "hunts": len(reached), "contrast": summed})
    return rounds


def _corners(
    judge: Judge, scores: npt.NDArray[np.float32], scored: npt.NDArray[np.bool_]
) -> RocCurve:
    return roc_corners(scores[scored & judge.mines], scores[scored & ~judge.mines])
