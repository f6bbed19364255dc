"""In what order to look at patches: which click comes next.

The app and the simulated analyst of `rareearth-explorer study`, which measures with which order
mines are found with the fewest clicks, ask the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

CANDIDATES = 2000
"""Best-ranked patches among which the most different ones are sought."""


class Order(StrEnum):
    """Orders of review; the values are what people call them."""

    BEST = "best first"
    UNCERTAIN = "most uncertain first"
    DIVERSE = "most different first"
    RANDOM = "random"
    AUDIT = "sample of the discarded"


RECOMMENDED = Order.BEST
"""The order that reached 80 % of the mines with the fewest clicks in the simulated study."""

OF_THE_ACTIVE = (Order.BEST, Order.UNCERTAIN, Order.DIVERSE, Order.RANDOM)
"""Orders in which mines are sought; the other one asks what was missed."""


def next_patches(
    order: Order,
    scores: Vector,
    open_: npt.NDArray[np.bool_],
    length: int,
    *,
    unit_embeddings: npt.NDArray[np.float32],
    nearest: Callable[[Rows], Vector],
    luck: npt.NDArray[np.number],
    threshold: float = 0.0,
) -> Rows:
    """Return the patches to look at next, at most `length` row numbers, the first to come first.

    Parameters
    ----------
    order
        One of `OF_THE_ACTIVE`. BEST: highest score first. UNCERTAIN: nearest to the threshold
        first. DIVERSE: each as different as possible, by cosine, from what was looked at and from
        the ones before it, among the best `CANDIDATES`. RANDOM: highest `luck` first. Of equal
        patches the one with the higher score, then the one of the lower row number comes first.
    scores
        (N,) higher is more mine-like; all equal where nothing is marked.
    open_
        (N,) True for the patches that may be looked at.
    length
        How many are wanted.
    unit_embeddings
        (N, D) rows of length 1.
    nearest
        Gives, for n row numbers, the highest cosine of each to any patch that was looked at, (n,).
    luck
        (N,) random numbers.
    threshold
        Score of which it is uncertain whether there is a mine.
    """
    match order:
        case Order.UNCERTAIN:
            return _highest(-np.abs(scores - np.float32(threshold)), scores, open_, length)
        case Order.DIVERSE:
            best = _highest(scores, scores, open_, CANDIDATES)
            return _most_different(best, nearest(best), unit_embeddings, length)
        case Order.RANDOM:
            return _highest(luck, scores, open_, length)
        case _:
            return _highest(scores, scores, open_, length)


def _highest(
    priority: npt.NDArray[np.number], scores: Vector, open_: npt.NDArray[np.bool_], most: int
) -> Rows:
    """Rows of the open patches of the highest priority, sorted; the study asks for one a click."""
    rows = np.flatnonzero(open_)
    if 0 < most < len(rows):
        values = priority[rows]
        rows = rows[values >= np.partition(values, len(rows) - most)[len(rows) - most]]
    return rows[np.lexsort((-scores[rows], -priority[rows]))][:most]


def _most_different(
    rows: Rows, nearest: Vector, unit_embeddings: npt.NDArray[np.float32], length: int
) -> Rows:
    """Pick one after the other the patch least like everything looked at or picked before."""
    if length == 1 and len(rows):
        return rows[[np.argmin(nearest)]]  # without a copy of the rows, for the study
    candidates, likeness = unit_embeddings[rows], nearest.copy()
    picked: list[int] = []
    for _ in range(min(length, len(rows))):
        best = int(np.argmin(likeness))  # the best-ranked one where several are as different
        picked.append(best)
        np.maximum(likeness, candidates @ candidates[best], out=likeness)
        likeness[best] = np.inf
    return rows[picked]
