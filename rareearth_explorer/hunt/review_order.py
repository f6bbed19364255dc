"""The review order: which patches the analyst sees next.

The app and `rareearth-explorer study` use the same function; the study measures with simulated
analysts which order finds the mines with the fewest clicks.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

CANDIDATES = 2000
"""DIVERSE chooses among this many best-ranked patches."""


class Order(StrEnum):
    """Review orders; the values are their names on the screen."""

    BEST = "best first"
    UNCERTAIN = "most uncertain first"
    DIVERSE = "most different first"
    RANDOM = "random"
    AUDIT = "audit sample"


RECOMMENDED = Order.BEST
"""The order that reached 80 % of the mines with the fewest clicks in the simulated study."""

OF_THE_ACTIVE = (Order.BEST, Order.UNCERTAIN, Order.DIVERSE, Order.RANDOM)
"""Orders that search for mines; AUDIT estimates how many were missed."""


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
    """Return the next patches to review: at most `length` row numbers, in review order.

    Parameters
    ----------
    order
        One of `OF_THE_ACTIVE`. BEST: highest score first. UNCERTAIN: nearest to the threshold
        first. DIVERSE: each as different as possible, by cosine, from the reviewed patches and from
        those before it, among the best `CANDIDATES`. RANDOM: highest `luck` first. Among equal
        patches the higher score comes first, then the lower row number.
    scores
        (N,) higher is more mine-like; all equal if nothing is marked.
    open_
        (N,) True for the patches to choose from.
    length
        Largest number of patches to return.
    unit_embeddings
        (N, D) rows of length 1.
    nearest
        Takes n row numbers, and returns the highest cosine of each to any reviewed patch, (n,).
    luck
        (N,) random numbers.
    threshold
        The score at which a patch is most uncertain.
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
    """Return the open patches of highest priority, sorted; the study needs one per click."""
    rows = np.flatnonzero(open_)
    if 0 < most < len(rows):
        values = priority[rows]
        rows = rows[values >= np.partition(values, len(rows) - most)[len(rows) - most]]
    return rows[np.lexsort((-scores[rows], -priority[rows]))][:most]


def _most_different(
    rows: Rows, nearest: Vector, unit_embeddings: npt.NDArray[np.float32], length: int
) -> Rows:
    """Pick, one after the other, the patch least similar to all that were reviewed or picked."""
    if length == 1 and len(rows):
        return rows[[np.argmin(nearest)]]  # without a copy of the rows, for the study
    candidates, similarity = unit_embeddings[rows], nearest.copy()
    picked: list[int] = []
    for _ in range(min(length, len(rows))):
        best = int(np.argmin(similarity))  # the best-ranked one of several
        picked.append(best)
        np.maximum(similarity, candidates @ candidates[best], out=similarity)
        similarity[best] = np.inf
    return rows[picked]
