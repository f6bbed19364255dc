"""What to do next in a hunt: one of its five steps, and one sentence."""

from __future__ import annotations

from typing import Literal

from rareearth_explorer.hunt.review import missed, reviewed
from rareearth_explorer.hunt.review_order import RECOMMENDED, Order
from rareearth_explorer.hunt.state import State
from rareearth_explorer.score.contrast import ScoreKind

Step = Literal["Mark", "Narrow", "Review", "Check", "Export"]
"""The steps of a hunt, in their order."""

EXAMPLES = 3
"""Positive templates from which the patches are narrowed."""

ENOUGH = 20
"""Verdicts on the patches of a round from which to check what was missed."""


def next_step(state: State) -> tuple[Step, str]:
    """Return the step that a hunt has come to, and what to do there."""
    positives = len(state.decisions.templates.positives)
    if state.kind is ScoreKind.NONE:
        return "Mark", "Click a patch on the map that shows a mine."
    if len(state.decisions.rounds) == 1:
        if positives < EXAMPLES:
            return "Mark", "Confirm or reject the most alike patches."
        return "Narrow", "Drag the line to discard what is clearly no mine."
    done, of, _ = reviewed(state, RECOMMENDED)
    if done < min(ENOUGH, of):
        return "Review", "Judge the best patches: c confirms, x rejects."
    checked, sample, _ = reviewed(state, Order.AUDIT)
    if missed(state) is None or checked < sample:
        return "Check", "Was a mine discarded? Review a random sample."
    return "Export", "Save the candidates, or narrow and review further."
