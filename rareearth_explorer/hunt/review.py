"""The review: which patches come next, and the estimate from the audit sample."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Audit, Decisions, Mask, Verdict
from rareearth_explorer.hunt.review_order import Order, next_patches
from rareearth_explorer.hunt.state import State
from rareearth_explorer.hunt.steps import unjudged
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.estimation import Estimate, clopper_pearson

BLOCK = 256
"""Number of reviewed patches per matrix product with the candidates."""

SEED = 0


def queue(
    state: State,
    order: Order,
    unit_embeddings: npt.NDArray[np.float32],
    *,
    threshold: float = 0.0,
    length: int = 200,
    within: Collection[int] | None = None,
) -> npt.NDArray[np.int64]:
    """Return the next patches to review: at most `length` row numbers, in review order.

    They are active patches without a verdict that are not templates. Without scores, BEST and
    UNCERTAIN follow the order of the table.

    Parameters
    ----------
    state
        The present state.
    order
        See `next_patches`; RANDOM is seeded, so that the order of the patches does not change.
        AUDIT is the sample that `Session.audit` drew from the discarded patches.
    unit_embeddings
        (N, D) rows of length 1.
    threshold
        The score at which a patch is most uncertain.
    length
        Largest number of patches to return.
    within
        Row numbers of the patches to choose from, such as a selection; None for all. AUDIT ignores
        it, because a chosen part of the sample is not random.
    """
    if order is Order.AUDIT:
        sample = state.decisions.audit.sample if state.decisions.audit else ()
        left = [patch for patch in sample if patch not in state.decisions.verdicts]
        return np.array(left[:length], dtype=np.int64)
    unseen = state.active.copy()
    seen = [*state.decisions.templates.marked, *state.decisions.verdicts]
    unseen[seen] = False
    if within is not None:
        unseen &= np.isin(np.arange(len(unseen)), list(within))
    scored = state.kind is not ScoreKind.NONE
    looked_at = np.array(seen, dtype=np.int64)
    return next_patches(
        order,
        state.scores if scored else np.zeros(len(unseen), np.float32),
        unseen,
        length,
        unit_embeddings=unit_embeddings,
        nearest=lambda rows: _nearest(rows, looked_at, unit_embeddings),
        luck=-np.argsort(np.random.default_rng(SEED).permutation(len(unseen))),
        threshold=threshold,
    )


def draw_sample(decisions: Decisions, size: int) -> tuple[list[int], int]:
    """Draw a random sample of the discarded patches that are neither confirmed nor rejected.

    Parameters
    ----------
    decisions
        The decisions so far.
    size
        Number of patches to draw; fewer are drawn if there are fewer.

    Returns
    -------
    Row numbers in random order, and the number of patches that they were drawn from.

    Raises
    ------
    SessionError
        No patch is discarded yet, or every discarded patch has a verdict.
    """
    if decisions.active.all():
        raise SessionError("No patch is discarded yet, so there is nothing to sample.")
    pile = np.flatnonzero(unjudged(decisions))
    if not len(pile):
        raise SessionError("Every discarded patch has a verdict; there is nothing left to sample.")
    return np.random.default_rng().permutation(pile)[:size].tolist(), len(pile)


@dataclass(frozen=True)
class Missed:
    """The estimate of the missed mines from an audit sample.

    Attributes
    ----------
    estimate
        Number of mines in the pile. Its interval allows each skipped patch to be a mine or not.
    pile
        Number of patches that the sample was drawn from.
    known
        Number of discarded patches that had been confirmed before.
    reviewed, skipped
        Number of patches of the sample that count, and number of those that were skipped.
    grown
        Whether more patches were discarded since the sample was drawn.
    """

    estimate: Estimate
    pile: int
    known: int
    reviewed: int
    skipped: int
    grown: bool

    @property
    def summary(self) -> str:
        """The estimate in a sentence."""
        low, high = math.floor(self.estimate.low), math.ceil(self.estimate.high)
        skipped = f", {self.skipped} of them skipped" if self.skipped else ""
        known = f"; {self.known} more were confirmed before" if self.known else ""
        grown = "; more patches were discarded since, so draw a new sample" if self.grown else ""
        return (
            f"mines among {self.pile:,} discarded patches: about {self.estimate.expected:.0f}, "
            f"between {low:,} and {high:,} with {self.estimate.confidence:.0%} confidence, by a "
            f"random sample of which {self.reviewed} are reviewed{skipped}{known}{grown}"
        )


def missed(state: State, confidence: float = 0.95) -> Missed | None:
    """Estimate from an audit sample how many mines were discarded; None without verdicts on it.

    Only the patches before the first one without a verdict count: the sample is in random order, so
    its first part is a random sample, but patches picked from it are not.
    """
    audit, verdicts = state.decisions.audit, state.decisions.verdicts
    if audit is None:
        return None
    begun = list(takewhile(lambda verdict: verdict, map(verdicts.get, audit.sample)))
    found, skipped = begun.count("confirmed"), begun.count("skipped")
    judged, pile = len(begun) - skipped, len(audit.pile)
    if not judged:
        return None
    middle = clopper_pearson(found, judged, pile, confidence)
    low = clopper_pearson(found, len(begun), pile, confidence).low
    high = clopper_pearson(found + skipped, len(begun), pile, confidence).high
    confirmed = [p for p, verdict in verdicts.items() if verdict == "confirmed"]
    discarded = audit.discarded.flags
    before = discarded & ~audit.pile.flags
    return Missed(
        estimate=replace(middle, low=low, high=high),
        pile=pile,
        known=int(before[confirmed].sum()),
        reviewed=len(begun),
        skipped=skipped,
        grown=bool((~state.active & ~discarded).any()),
    )


def reviewed(state: State, order: Order) -> tuple[int, int, int]:
    """Count the progress of a review.

    Parameters
    ----------
    state
        The present state.
    order
        AUDIT counts the audit sample, all other orders the active patches.

    Returns
    -------
    Patches with a verdict, patches in all, and patches confirmed as mines.
    """
    verdicts, audit = state.decisions.verdicts, state.decisions.audit
    if order is Order.AUDIT:
        sample = audit.sample if audit else ()
        given = [verdicts[patch] for patch in sample if patch in verdicts]
        return len(given), len(sample), given.count("confirmed")
    active = state.active
    given = [verdict for patch, verdict in verdicts.items() if active[patch]]
    return len(given), int(active.sum()), given.count("confirmed")


def progress(state: State) -> list[str]:
    """Describe the progress of a review: the verdicts, and the estimate of the missed mines.

    With labels, the number of mines by the labels is given beside the estimate.
    """
    given = [*state.decisions.verdicts.values()]
    kinds: tuple[Verdict, ...] = ("confirmed", "rejected", "skipped")
    lines = [", ".join(f"{given.count(kind):,} {kind}" for kind in kinds)]
    estimate, audit = missed(state), state.decisions.audit
    if estimate is not None and audit is not None:
        known = "" if state.mines is None else f"; by the labels, {_in_pile(state.mines, audit):,}"
        lines.append(estimate.summary + known)
    return lines


def _in_pile(mines: Mask, audit: Audit) -> int:
    return int((mines & audit.pile.flags).sum())


def _nearest(
    rows: npt.NDArray[np.int64],
    seen: npt.NDArray[np.int64],
    unit_embeddings: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Highest cosine of each of n patches to any seen patch, (n,); -infinity if there is none."""
    candidates = unit_embeddings[rows]
    similarity = np.full(len(rows), -np.inf, np.float32)
    for start in range(0, len(seen), BLOCK):
        cosines = candidates @ unit_embeddings[seen[start : start + BLOCK]].T
        np.maximum(similarity, cosines.max(axis=1), out=similarity)
    return similarity
