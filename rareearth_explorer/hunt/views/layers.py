"""Layers of the map: one number per patch, and its colours."""

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
        Name of the number.
    values
        (N,) float32; NaN for patches without a value, which are not coloured.
    scale
        Colour scale.
    ends
        Texts below the colours: for low numbers, the middle, high numbers.
    """

    title: str
    values: Vector
    scale: ScoreScale
    ends: tuple[str, str, str]

    @property
    def levels(self) -> npt.NDArray[np.uint8]:
        """(N,) colour level of each patch, 0 without a value; see `ScoreScale.levels`."""
        return self.scale.levels(self.values, np.ones(len(self.values), dtype=bool))


def score_layer(state: State) -> Layer:
    """Return the scores of the active patches."""
    scores = np.where(state.active, state.scores, np.float32(np.nan))
    return Layer(state.score_name, scores, state.scale, ("less", "mine-like", "more"))


def activity_layer(table: PatchTable) -> Layer | None:
    """Return the activity of each patch; None if the table has none."""
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
    """Return the rank change between two rounds: how far each patch rose or fell.

    Parameters
    ----------
    before, after
        States at the end of the rounds.
    title
        Title of the layer.

    Returns
    -------
    Values in [-1, 1]: above 0 the patch rose, 0.1 is by a tenth of all patches; patches that were
    discarded before both rounds have no value.
    """
    patches = len(before.ranks)
    change = ((before.ranks - after.ranks) / patches).astype(np.float32)
    change[~(before.active | after.active)] = np.nan
    reach = max(float(np.nanquantile(np.abs(change), 0.99)), 1 / patches)
    return Layer(title, change, ScoreScale(-reach, reach, DIVERGING), ("fell", "", "rose"))
