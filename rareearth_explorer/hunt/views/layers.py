"""What the map paints instead of the scores when asked: one number per patch, and its colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt.state import State
from rareearth_explorer.score.contrast import Vector
from rareearth_explorer.score.scale import DIVERGING, SEQUENTIAL, ScoreScale


@dataclass(frozen=True, eq=False)
class Layer:
    """One number per patch.

    Attributes
    ----------
    title
        What the number is.
    values
        (N,) float32; NaN where a patch has none, which is then not painted.
    scale
        How the numbers become colours.
    ends
        What is written below the colours: what a low number means, the middle, a high number.
    """

    title: str
    values: Vector
    scale: ScoreScale
    ends: tuple[str, str, str]

    @property
    def levels(self) -> npt.NDArray[np.uint8]:
        """(N,) colour level of each patch, 0 for those not painted; see `ScoreScale.levels`."""
        return self.scale.levels(self.values, np.ones(len(self.values), dtype=bool))


def score_layer(state: State) -> Layer:
    """Return the scores of the active patches."""
    scores = np.where(state.active, state.scores, np.float32(np.nan))
    return Layer(state.score_name, scores, state.scale, ("less", "mine-like", "more"))


def activity_layer(table: PatchTable) -> Layer | None:
    """Return how much the liveliest pixels of each patch varied over time; None if unknown."""
    values, record = table.activity, table.metadata.get("activity", {})
    if values is None:
        return None
    high = float(np.nanquantile(values, 0.99))
    title = f"Activity: std of the {record.get('index', 'index')} over {_dates(record)}"
    return Layer(
        title, values, ScoreScale(0.0, max(high, 1e-6), SEQUENTIAL), ("still", "", "varies")
    )


def _dates(record: Mapping[str, Any]) -> str:
    dates = record.get("dates", [])
    return f"{len(dates)} dates" if dates else "time"


def rank_change(before: State, after: State, title: str) -> Layer:
    """Compare two rounds: by how much of the ranking each patch rose or fell in between.

    Parameters
    ----------
    before, after
        States in which the rounds were left.
    title
        What the layer is called.

    Returns
    -------
    Values in [-1, 1]: above 0 rose, 0.1 is by a tenth of all patches; patches that were discarded
    before both rounds have none.
    """
    patches = len(before.ranks)
    change = ((before.ranks - after.ranks) / patches).astype(np.float32)
    change[~(before.active | after.active)] = np.nan
    reach = max(float(np.nanquantile(np.abs(change), 0.99)), 1 / patches)
    return Layer(title, change, ScoreScale(-reach, reach, DIVERGING), ("fell", "", "rose"))
