"""Where the analyst's decisions leave a patch: a candidate, a known mine, or ruled out."""

from __future__ import annotations

import numpy as np

from rareearth_explorer.hunt.decisions import Decisions, Mask


def ruled_out(decisions: Decisions) -> Mask:
    """(N,) True for patches that the analyst took for no mine.

    They are the rejected patches, and the negative templates that are not confirmed.
    """
    verdicts = decisions.verdicts
    rejected = [patch for patch, verdict in verdicts.items() if verdict == "rejected"]
    marked = [p for p in decisions.templates.negatives if verdicts.get(p) != "confirmed"]
    return _mask(decisions, [*rejected, *marked])


def known_positives(decisions: Decisions) -> Mask:
    """(N,) True for confirmed patches, and for positive templates that are not rejected."""
    verdicts = decisions.verdicts
    confirmed = [patch for patch, verdict in verdicts.items() if verdict == "confirmed"]
    marked = [p for p in decisions.templates.positives if verdicts.get(p) != "rejected"]
    return _mask(decisions, [*confirmed, *marked])


def candidates(decisions: Decisions) -> Mask:
    """(N,) True for the active patches that are not ruled out; known positives are among them."""
    return decisions.active & ~ruled_out(decisions)


def new_candidates(decisions: Decisions) -> Mask:
    """(N,) True for the candidates that are not known positives."""
    return candidates(decisions) & ~known_positives(decisions)


def _mask(decisions: Decisions, patches: list[int]) -> Mask:
    mask = np.zeros(decisions.patches, dtype=bool)
    mask[patches] = True
    return mask
