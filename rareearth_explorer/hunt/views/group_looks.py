"""Groups of patches that stand out, and their colours on the map, in the UMAP and in exports.

Every panel and every export takes them from here, so that a colour has one meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from rareearth_explorer.hunt.decisions import Verdict
from rareearth_explorer.hunt.state import State

YELLOW, BLUE, WHITE, BLACK = "#ffd400", "#1f4e9c", "#ffffff", "#000000"
GREEN, MAGENTA, CYAN, ORANGE = "#1b7837", "#ff3df2", "#00c8ff", "#ff7a00"

VERDICT_COLOURS: dict[Verdict, str] = {"confirmed": YELLOW, "rejected": BLUE, "skipped": WHITE}
"""Colour of each verdict."""


@dataclass(frozen=True)
class Look:
    """How a group of patches is outlined.

    Attributes
    ----------
    name
        What legends call a patch of the group.
    colour, casing
        ``#rrggbb`` of the line and of the wider line beneath it, one light and one dark, so that
        the outline shows on any ground.
    weight
        Width of the line in pixels of the screen.
    dashes
        Lengths of dashes and gaps in the same pixels; None for a solid line. The casing is solid.
    """

    name: str
    colour: str
    casing: str
    weight: int
    dashes: tuple[int, int] | None = None


Group: TypeAlias = Literal[
    "selection",
    "mines",
    "rejected",
    "confirmed",
    "candidate",
    "under review",
    "positive",
    "negative",
]

LOOKS: dict[Group, Look] = {
    "selection": Look("selected", CYAN, "#00303d", 2),
    "mines": Look("labelled mine", GREEN, "#d9f0d3", 2),
    "rejected": Look("rejected", VERDICT_COLOURS["rejected"], WHITE, 2),
    "confirmed": Look("confirmed", VERDICT_COLOURS["confirmed"], GREEN, 4),
    "candidate": Look("listed candidate", ORANGE, BLACK, 3),
    "under review": Look("under review", MAGENTA, "#3d003a", 3),
    "positive": Look("positive template", YELLOW, BLACK, 3),
    "negative": Look("negative template", WHITE, BLACK, 3, (5, 6)),
}
"""Groups -> their looks, the lowest first; candidates and rejected patches only in reports."""


def groups_of(
    state: State, selection: tuple[int, ...] = (), under_review: int | None = None
) -> dict[Group, list[int]]:
    """Return the row numbers of the patches of each group, in the order of `LOOKS`.

    Parameters
    ----------
    state
        The decisions, and the mines by the labels.
    selection
        The selected patches.
    under_review
        The patch under review, if any.
    """
    verdicts, templates = state.decisions.verdicts, state.decisions.templates
    rows: dict[Group, list[int]] = {
        "selection": list(selection),
        "mines": [] if state.mines is None else np.flatnonzero(state.mines).tolist(),
        "confirmed": [patch for patch, verdict in verdicts.items() if verdict == "confirmed"],
        "under review": [] if under_review is None else [under_review],
        "positive": list(templates.positives),
        "negative": list(templates.negatives),
    }
    return {group: rows[group] for group in LOOKS if group in rows}
