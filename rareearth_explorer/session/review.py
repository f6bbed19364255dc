"""In which order unreviewed patches are shown to the analyst."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rareearth_explorer import review_order
from rareearth_explorer.contrast import ScoreKind
from rareearth_explorer.estimation import Estimate, clopper_pearson
from rareearth_explorer.session.state import State

CANDIDATES = 2000
"""Best-ranked patches among which the most different ones are sought."""

SEED = 0


class Order(StrEnum):
    """Orders of review."""

    BEST = "best first"
    UNCERTAIN = "most uncertain first"
    DIVERSE = "most different from what was reviewed"
    RANDOM = "random"
    AUDIT = "sample of the discarded"


RECOMMENDED = Order[review_order.RECOMMENDED.name]
"""The order in which a review begins."""


def queue(
    state: State,
    order: Order,
    unit_embeddings: npt.NDArray[np.float32],
    *,
    threshold: float = 0.0,
    length: int = 200,
    within: Collection[int] | None = None,
) -> npt.NDArray[np.int64]:
    """Return the next patches to review, at most `length` row numbers, the first to come first.

    Active patches without a verdict that are no templates. Without scores, best and uncertain
    are the order of the table.

    Parameters
    ----------
    state
        What was marked and decided so far.
    order
        BEST: highest score first. UNCERTAIN: nearest to the threshold first. DIVERSE: each as
        different as possible, by cosine, from all templates, verdicts and the ones before it,
        among the best. RANDOM: seeded, so that the same patches stay in the same order. AUDIT:
        what `Session.audit` drew, from the discarded ones.
    unit_embeddings
        (N, D) rows of length 1.
    threshold
        Where uncertainty is greatest.
    length
        How many are wanted.
    within
        Row numbers of the only patches wanted, such as a selection; all when None.
    """
    if order is Order.AUDIT:
        left = [
            patch
            for patch in state.opinions.audit
            if patch not in state.opinions.verdicts and (within is None or patch in within)
        ]
        return np.array(left[:length], dtype=np.int64)
    open_ = state.active.copy()
    seen = [*state.templates.positives, *state.templates.negatives, *state.opinions.verdicts]
    open_[seen] = False
    if within is not None:
        open_ &= np.isin(np.arange(len(open_)), list(within))
    rows = state.ranking[open_[state.ranking]]
    if order is Order.RANDOM:
        shuffled = np.random.default_rng(SEED).permutation(len(open_))
        return shuffled[open_[shuffled]][:length]
    if order is Order.UNCERTAIN and state.kind is not ScoreKind.NONE:
        distance = np.abs(state.scores[rows] - np.float32(threshold))
        return rows[np.argsort(distance, kind="stable")][:length]
    if order is Order.DIVERSE:
        return _diverse(rows[:CANDIDATES], np.array(seen, dtype=np.int64), unit_embeddings, length)
    return rows[:length]


def missed(state: State, confidence: float = 0.95) -> Estimate | None:
    """Estimate how many mines were discarded, from the audit's verdicts; None before there are any.

    Patches confirmed in the sample are mines, rejected ones are not; skipped ones and those not
    reviewed yet do not count. The sample is in random order, so any beginning of it is random.
    """
    verdicts = [state.opinions.verdicts.get(patch) for patch in state.opinions.audit]
    found = verdicts.count("confirmed")
    reviewed = found + verdicts.count("rejected")
    if not reviewed:
        return None
    return clopper_pearson(found, reviewed, state.opinions.audit_pile, confidence)


def _diverse(
    rows: npt.NDArray[np.int64],
    seen: npt.NDArray[np.int64],
    unit_embeddings: npt.NDArray[np.float32],
    length: int,
) -> npt.NDArray[np.int64]:
    """Pick one after the other the patch least like everything seen or picked before."""
    candidates = unit_embeddings[rows]
    likeness = np.full(len(rows), -np.inf, np.float32)
    for template in seen:
        np.maximum(likeness, candidates @ unit_embeddings[template], out=likeness)
    picked: list[int] = []
    for _ in range(min(length, len(rows))):
        best = int(np.argmin(likeness))  # the best-ranked one where several are as different
        picked.append(best)
        np.maximum(likeness, candidates @ candidates[best], out=likeness)
        likeness[best] = np.inf
    return rows[picked]
