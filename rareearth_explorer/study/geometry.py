"""Why a scorer helps or hurts: how mines and other patches lie in the embeddings.

Cosine Contrast ranks by ``log mean_positive - log mean_negative``. Which of the two decides is a
matter of their spreads, and what the second takes away is told by how well it finds mines itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from rareearth_explorer.contrast import Vector, contrast_of
from rareearth_explorer.evaluation import Ranking
from rareearth_explorer.study.labelled import Labelled


@dataclass(frozen=True)
class Geometry:
    """Means over draws of templates.

    Attributes
    ----------
    mean_cosine
        Mean cosine between patches.
    ordinary
        AUC of how ordinary a patch is, its mean cosine to all patches; below 0.5 mines are
        unlike the rest, above it they are more like the rest than the rest itself.
    positives, random_negatives, mistakes
        AUC of the mean cosine to positives, to negatives taken at random, and to mistakes,
        each ranked as if they were positives.
    positives_spread, negatives_spread
        Standard deviation over the patches of the logarithm of the mean cosine to positives and
        to negatives taken at random.
    correlation
        Of these two logarithms.
    contrast
        AUC of Cosine Contrast with negatives taken at random.
    """

    mean_cosine: float
    ordinary: float
    positives: float
    random_negatives: float
    mistakes: float
    positives_spread: float
    negatives_spread: float
    correlation: float
    contrast: float


def describe(data: Labelled, count: int, *, draws: int, seed: int = 0) -> Geometry:
    """Measure the geometry with `count` templates of each kind; raw, non-negative embeddings."""
    measured = [_one_draw(data, count, np.random.default_rng([seed, d])) for d in range(draws)]
    return Geometry(
        *(float(np.mean([getattr(m, f.name) for m in measured])) for f in fields(Geometry))
    )


def _one_draw(data: Labelled, count: int, rng: np.random.Generator) -> Geometry:
    rows = data.embeddings
    marked = rng.choice(data.mines, count, replace=False)
    positive = rows @ rows[marked].mean(axis=0)
    negative = rows @ rows[rng.choice(data.others, count, replace=False)].mean(axis=0)
    ranked = np.argsort(-positive)
    mistakes = ranked[data.pools[ranked] == 0][:count]
    typical = rows @ rows.mean(axis=0)

    def auc(scores: Vector) -> float:
        return Ranking.of(np.delete(scores, marked), np.delete(data.pools, marked)).auc

    logs = [np.log(np.maximum(mean, 1e-6)) for mean in (positive, negative)]
    return Geometry(
        float(typical.mean()),
        auc(typical),
        auc(positive),
        auc(negative),
        auc(rows @ rows[mistakes].mean(axis=0)),
        float(logs[0].std()),
        float(logs[1].std()),
        float(np.corrcoef(logs)[0, 1]),
        auc(contrast_of(positive, negative)),
    )
