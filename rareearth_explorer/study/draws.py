"""Evaluate scorers with randomly drawn templates, by number and kind of negatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rareearth_explorer.score.contrast import Vector
from rareearth_explorer.score.evaluation import Ranking, scored_patches
from rareearth_explorer.score.scorers import Scorer
from rareearth_explorer.study.candidates import Candidate, positives_alone
from rareearth_explorer.study.labelled import Labelled

COUNTS = (1, 2, 5, 10, 20)
"""Templates of each sign."""

Rows = npt.NDArray[np.int64]


class Negatives(StrEnum):
    """Kinds of patches that are marked as negatives."""

    RANDOM = "random"
    MISTAKES = "mistakes"
    BOTH = "both"


@dataclass(frozen=True)
class Outcome:
    """Result of a scorer on one draw of templates."""

    candidate: str
    negatives: Negatives | None
    count: int
    auc: float
    average_precision: float
    recall: float


def outcomes_of(
    data: Labelled,
    candidates: Sequence[Candidate],
    *,
    draws: int,
    counts: Sequence[int] = COUNTS,
    seed: int = 0,
) -> Iterator[Outcome]:
    """Score by randomly drawn templates, the same for all scorers, and evaluate the other patches.

    Mistakes are the patches without a mine that rank first by the mean cosine to the positives,
    in the embeddings that the scorer uses. An analyst sees them first and marks them as negatives.
    """
    for count in counts:
        for draw in range(draws):
            rng = np.random.default_rng([seed, count, draw])
            positives = rng.choice(data.mines, count, replace=False)
            at_random = rng.choice(data.others, count, replace=False)
            mistakes = {w: _mistakes(data, w, positives) for w in (False, True)}
            scored = scored_patches(
                len(data.pools), {*positives, *at_random, *mistakes[False], *mistakes[True]}
            )
            for candidate in candidates:
                kinds = _negatives(candidate, at_random, mistakes[candidate.whitened])
                for kind, negatives in kinds.items():
                    scores = score(data, candidate, positives, negatives)
                    ranking = Ranking.of(scores[scored], data.pools[scored])
                    measures = ranking.auc, ranking.average_precision, ranking.found(0.1)[0]
                    yield Outcome(candidate.title, kind, count, *measures)


def score(data: Labelled, candidate: Candidate, positives: Rows, negatives: Rows) -> Vector:
    """Scores of all patches, (N,), from the row numbers of the templates."""
    if isinstance(candidate, Scorer):
        means = (
            candidate.column(data.columns(marked, candidate.whitened)).mean(axis=0)
            for marked in (positives, negatives if len(negatives) else positives)
        )
        return candidate.combine(*means)
    rows = data.rows(candidate.whitened)
    direction = candidate.fit(data, rows[positives], rows[negatives])
    return np.asarray(rows @ direction.astype(np.float32))


def _mistakes(data: Labelled, whitened: bool, positives: Rows) -> Rows:
    ranked = np.argsort(-data.columns(positives, whitened).mean(axis=0))
    return np.asarray(ranked[data.pools[ranked] == 0][: len(positives)])


def _negatives(
    candidate: Candidate, at_random: Rows, mistakes: Rows
) -> dict[Negatives | None, Rows]:
    if isinstance(candidate, Scorer) and candidate.combine is positives_alone:
        return {None: np.empty(0, np.int64)}
    return {
        Negatives.RANDOM: at_random,
        Negatives.MISTAKES: mistakes,
        Negatives.BOTH: np.union1d(at_random, mistakes),
    }
