"""How well a state of a session finds the labelled mines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.state import State
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.evaluation import RocCurve, roc


def curve_of(state: State, truth: npt.NDArray[np.bool_]) -> RocCurve | None:
    """ROC of the ranking of all patches but the templates.

    The analyst pointed at the templates, the ranking did not find them. None where there is
    nothing to compare: no score, or patches that all hold a mine or all hold none.
    """
    if state.kind is ScoreKind.NONE:
        return None
    scored = np.ones(len(truth), dtype=bool)
    scored[[*state.templates.positives, *state.templates.negatives]] = False
    if len(np.unique(truth[scored])) < 2:
        return None
    return roc(state.ordering[scored], truth[scored])
