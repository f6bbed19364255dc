"""Geometry of mines and other patches in the embeddings, which explains how well a scorer works.

Cosine Contrast ranks by ``log mean_positive - log mean_negative``. The term with the larger spread
decides. The AUC of the second term alone shows how much subtracting it costs.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from rareearth_explorer.score.contrast import Vector, contrast_of
from rareearth_explorer.score.evaluation import Ranking
from rareearth_explorer.study.labelled import Labelled


@dataclass(frozen=True)
class Geometry:
    """Means over draws of templates.

    Attributes
    ----------
    mean_cosine
        Mean cosine between patches.
    ordinary
        AUC of ordinariness, the mean cosine of a patch to all patches. Below 0.5, mines are less
        ordinary than other patches; above 0.5, they are more ordinary.
    positives, random_negatives, mistakes
        AUC of the mean cosine to positives, to random negatives and to mistakes, each ranked as
        if they were positives.
    positives_spread, negatives_spread
        Standard deviation over the patches of the logarithm of the mean cosine to positives and
        to random negatives.
    correlation
        Correlation of these two logarithms.
    ordinary_correlation
        Correlation of the mean cosine to positives with ordinariness.
    contrast, contrast_with_all
        AUC of Cosine Contrast with random negatives, and with all patches as negatives.
    strange_mines
        Share of the mines that are in the least ordinary tenth of the patches.
    strange_by_positives, strange_by_contrast
        Share of the first 5 % of a ranking that is in this tenth, by the mean cosine to
        positives and by Cosine Contrast with random negatives.
    centred
        AUC of the mean cosine to positives after subtracting the mean embedding.
    saturated
        Share of the patches whose mean whitened cosines to positives and to random negatives have
        opposite signs. Equation 3 is not defined there, and its bounded form is 1 or -1.
    """

    mean_cosine: float
    ordinary: float
    positives: float
    random_negatives: float
    mistakes: float
    positives_spread: float
    negatives_spread: float
    correlation: float
    ordinary_correlation: float
    contrast: float
    contrast_with_all: float
    strange_mines: float
    strange_by_positives: float
    strange_by_contrast: float
    centred: float
    saturated: float


def describe(data: Labelled, count: int, *, draws: int, seed: int = 0) -> Geometry:
    """Measure the geometry with `count` templates of each sign, on non-negative embeddings."""
    measured = [_one_draw(data, count, np.random.default_rng([seed, d])) for d in range(draws)]
    return Geometry(
        *(float(np.mean([getattr(m, f.name) for m in measured])) for f in fields(Geometry))
    )


def _one_draw(data: Labelled, count: int, rng: np.random.Generator) -> Geometry:
    marked = rng.choice(data.mines, count, replace=False)
    cosines = data.columns(marked, whitened=False)
    positive = cosines.mean(axis=0)
    at_random = rng.choice(data.others, count, replace=False)
    negative = data.columns(at_random, whitened=False).mean(axis=0)
    ranked = np.argsort(-positive)
    mistakes = ranked[data.pools[ranked] == 0][:count]
    whitened = (data.columns(rows, whitened=True).mean(axis=0) for rows in (marked, at_random))
    mean = data.embeddings.mean(axis=0)
    ordinary = data.embeddings @ mean
    length = np.sqrt(1 - 2 * ordinary + mean @ mean)  # length of each row minus the mean
    centred = cosines - ordinary - ordinary[marked, None] + mean @ mean

    def auc(scores: Vector) -> float:
        return Ranking.of(np.delete(scores, marked), np.delete(data.pools, marked)).auc

    def strange(scores: Vector) -> float:
        return float(least_ordinary[np.argsort(-scores)[: len(scores) // 20]].mean())

    contrast = contrast_of(positive, negative)
    least_ordinary = ordinary <= np.quantile(ordinary, 0.1)
    logs = np.log(np.maximum([positive, negative], 1e-6))
    return Geometry(
        mean_cosine=float(ordinary.mean()),
        ordinary=auc(ordinary),
        positives=auc(positive),
        random_negatives=auc(negative),
        mistakes=auc(data.columns(mistakes, whitened=False).mean(axis=0)),
        positives_spread=float(logs[0].std()),
        negatives_spread=float(logs[1].std()),
        correlation=float(np.corrcoef(logs)[0, 1]),
        ordinary_correlation=float(np.corrcoef(positive, ordinary)[0, 1]),
        contrast=auc(contrast),
        contrast_with_all=auc(contrast_of(positive, ordinary)),
        strange_mines=float(least_ordinary[data.mines].mean()),
        strange_by_positives=strange(positive),
        strange_by_contrast=strange(contrast),
        centred=auc((centred / length[marked, None]).mean(axis=0) / length),
        saturated=float((np.abs(contrast_of(*whitened)) == 1).mean()),
    )
