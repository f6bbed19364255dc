"""Simulate an analyst who reviews patches until nearly all mines are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.review_order import Order, next_patches
from rareearth_explorer.score.contrast import Vector
from rareearth_explorer.score.scorers import Scorer
from rareearth_explorer.study.candidates import Candidate, Probe
from rareearth_explorer.study.labelled import Labelled

SHARES = (0.5, 0.8, 0.95)
"""Shares of the mine patches at which clicks are counted."""

REFIT = 1.1
"""A probe is refitted when its number of templates has grown by this factor."""


class _Columns:
    """Sums of template columns for several hunts in parallel, (R, N) each."""

    def __init__(self, data: Labelled, scorer: Scorer, hunts: int) -> None:
        self._data, self._scorer = data, scorer
        self._sums = np.zeros((2, hunts, len(data.pools)), np.float32)
        self._counts = np.zeros((2, hunts), np.int64)

    def mark(self, patches: npt.NDArray[np.int64], signs: npt.NDArray[np.bool_]) -> None:
        cosines = self._data.columns(patches, self._scorer.whitened)
        hunts = np.arange(len(patches))
        self._sums[signs.astype(int), hunts] += self._scorer.column(cosines)
        self._counts[signs.astype(int), hunts] += 1

    def scores(self) -> Vector:
        means = self._sums / np.maximum(self._counts, 1)[:, :, None].astype(np.float32)
        combined = self._scorer.combine(means[1], means[0])
        return np.where(self._counts[0][:, None] > 0, combined, means[1])


class _Fits:
    """Probes fitted to the templates of several hunts; refitted when these grow by a tenth."""

    def __init__(self, data: Labelled, probe: Probe, hunts: int) -> None:
        self._data, self._probe, self._rows = data, probe, data.rows(probe.whitened)
        self._templates: list[tuple[list[int], list[int]]] = [([], []) for _ in range(hunts)]
        self._scores = np.zeros((hunts, len(self._rows)), np.float32)
        self._next_fit = 1.0

    def mark(self, patches: npt.NDArray[np.int64], signs: npt.NDArray[np.bool_]) -> None:
        for templates, patch, sign in zip(self._templates, patches, signs, strict=True):
            templates[0 if sign else 1].append(int(patch))
        marked = sum(map(len, self._templates[0]))
        if marked >= self._next_fit:
            self._next_fit = REFIT * marked
            directions = np.array([self._direction(*t) for t in self._templates], np.float32)
            self._scores = directions @ self._rows.T

    def scores(self) -> Vector:
        return self._scores

    def _direction(self, positives: list[int], negatives: list[int]) -> npt.NDArray[Any]:
        if not negatives:
            return np.asarray(self._rows[positives].mean(axis=0))
        return self._probe.fit(self._data, self._rows[positives], self._rows[negatives])


def clicks_to_find(
    data: Labelled,
    candidate: Candidate,
    order: Sequence[Order] = (Order.BEST,),
    *,
    hunts: int,
    limit: int,
    page: int = 1,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """Count the clicks until shares of the mines are found.

    Every hunt begins with one mine. The first patch in the review order becomes a positive or
    negative template by its label, then all patches are scored again, and so on.

    Parameters
    ----------
    order
        Review orders of the active patches, used in turn.
    hunts
        Number of hunts, each from a different mine.
    limit
        Number of clicks after which a hunt stops.
    page
        Number of patches reviewed before the scores are updated.

    Returns
    -------
    (hunts, len(SHARES)) clicks, infinity where the hunt reached the limit first.
    """
    rng = np.random.default_rng(seed)
    mines, every = data.pools > 0, np.arange(hunts)
    state = (
        _Columns(data, candidate, hunts)
        if isinstance(candidate, Scorer)
        else _Fits(data, candidate, hunts)
    )
    diverse = Order.DIVERSE in order
    looked_at = np.zeros((hunts, len(mines)), bool)
    nearest = np.full(looked_at.shape, -1, np.float32)
    wanted = np.ceil(np.array(SHARES) * mines.sum())
    clicks = np.full((hunts, len(SHARES)), np.inf)
    patches = rng.choice(data.mines, hunts, replace=hunts > len(data.mines))
    for click in range(limit + 1):
        looked_at[every, patches] = True
        found = (looked_at & mines).sum(axis=1)
        reached = (found[:, None] >= wanted) & np.isinf(clicks)
        clicks[reached] = click
        if np.isfinite(clicks).all():
            break
        state.mark(patches, mines[patches])
        if diverse:
            np.maximum(nearest, data.columns(patches, whitened=False), out=nearest)
        if click % page == 0:
            turn, scores = order[click // page % len(order)], state.scores()
            luck = rng.random(scores.shape, np.float32) if turn is Order.RANDOM else scores
            pages = [
                next_patches(
                    turn,
                    scores[hunt],
                    ~looked_at[hunt],
                    page,
                    unit_embeddings=data.embeddings,
                    nearest=nearest[hunt].__getitem__,
                    luck=luck[hunt],
                )
                for hunt in every
            ]
        patches = np.array([following[click % page] for following in pages])
    return clicks
