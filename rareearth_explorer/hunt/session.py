"""The session: one method for each thing the analyst can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.data.labels import Labels
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.history import Verb
from rareearth_explorer.hunt.refining import Refining
from rareearth_explorer.hunt.scoring import Scoring, Sign
from rareearth_explorer.hunt.state import Mask, Templates
from rareearth_explorer.hunt.views.frame import geodataframe_of
from rareearth_explorer.hunt.views.layers import Layer
from rareearth_explorer.score.contrast import Vector

if TYPE_CHECKING:
    import geopandas as gpd


class Session(Refining):
    """What one analyst does with one patch table.

    Panels observe the traits and call the verbs; so can a script. Values are replaced, never
    changed in place.

    Parameters
    ----------
    table
        The patches.
    labels
        Known pools, if there are any: `Labels`, or the number of pools in each patch, (N,).

    Raises
    ------
    LabelsError
        No label lies in any patch.
    """

    sign = t.Enum(("positive", "negative"), "positive")
    """The sign that a plain click marks."""

    selection = t.Tuple()
    """Row numbers of the selected patches, ascending."""

    in_hand = t.Int(None, allow_none=True)
    """Row number of the patch under review, or None; the map flies to it."""

    bands = t.Tuple(default_value=None, allow_none=True)
    """Roles of the bands that pictures show as red, green and blue; None for true colour."""

    scene = t.Instance(Scene, allow_none=True)
    """Scene of another date whose imagery the map shows, or None for the table's own."""

    hovered = t.Int(None, allow_none=True)
    """Row number of the patch under the pointer, or None."""

    layer = t.Instance(Layer, allow_none=True)
    """What the map paints instead of the scores, or None."""

    message = t.Unicode("")
    """One sentence for the status line: what was wrong with the last thing tried, or empty."""

    notice = t.Unicode("")
    """One sentence for the status line: what happened where no panel shows it, or empty."""

    def __init__(
        self,
        table: PatchTable,
        labels: Labels | npt.ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self.table = table
        self.pools = _pools(table, labels)
        super().__init__(table.unit_embeddings, **traits)

    # What there is ---------------------------------------------------------------------------

    @property
    def positives(self) -> tuple[int, ...]:
        """Row numbers of the positive templates, in the order of marking."""
        return self.state.templates.positives

    @property
    def negatives(self) -> tuple[int, ...]:
        """Row numbers of the negative templates, in the order of marking."""
        return self.state.templates.negatives

    @property
    def scores(self) -> Vector:
        """(N,) float32 in [-1, 1], higher is more mine-like; NaN while nothing is marked."""
        return self.state.scores

    @property
    def active(self) -> Mask:
        """(N,) True for the patches that no refinement has discarded."""
        return self.state.active

    @property
    def ranking(self) -> npt.NDArray[np.int64]:
        """(N,) row numbers, best first; patches discarded later stand above those before."""
        return self.state.ranking

    @property
    def truth(self) -> Mask | None:
        """(N,) True for patches with a labelled pool; None without labels."""
        return None if self.pools is None else self.pools > 0

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Tabulate the session, one row per patch in the order of the table, in EPSG:4326.

        Columns are the row number `patch`; `score`, NaN while nothing is marked, which
        `attrs["score"]` names; `rank`, 1 is the best; `round`, the last in which the patch was
        active, from 1; `active`; `template`, positive or negative; `verdict`; `note`; with labels
        the number of `pools`; `lon` and `lat` of the centre; and the footprint. What was not
        said of a patch is missing. A table with activity adds the column `activity`.
        """
        return geodataframe_of(self.table, self.state, self.pools)

    # What the analyst does -------------------------------------------------------------------
    # Each verb that changes something is told to `on_verb`, with arguments that repeat it.

    def mark(self, patch: int | Iterable[int], sign: Sign) -> None:
        """Mark a patch, or several at once, as templates; a template of the other sign changes.

        Raises
        ------
        SessionError
            `sign` is neither "positive" nor "negative", or there is no such patch.
        """
        if sign not in ("positive", "negative"):
            raise SessionError(f"A template is 'positive' or 'negative', not {sign!r}.")
        patches = self._patches(patch)
        templates = self.state.templates.marked(patches, sign)
        self._mark(("mark", {"patch": patches, "sign": sign}), templates)

    def unmark(self, patch: int | Iterable[int]) -> None:
        """Take templates back; patches that are none are left as they are."""
        patches = self._patches(patch)
        templates = self.state.templates.without(patches)
        self._mark(("unmark", {"patch": patches}), templates)

    def _mark(self, verb: Verb, templates: Templates) -> None:
        opinions = self.state.opinions.following(self.state.templates, templates)
        self._change(verb, templates=templates, opinions=opinions)

    def toggle(self, patch: int, sign: Sign) -> None:
        """Mark a patch, or take it back if it carries this sign already: what a click does."""
        if self.state.templates.sign_of(patch) == sign:
            self.unmark(patch)
        else:
            self.mark(patch, sign)

    def clear(self) -> None:
        """Take all templates back."""
        self.unmark([*self.positives, *self.negatives])

    def score_by(self, scorer: str | None = None, weight: float | None = None) -> None:
        """Score by another scorer, or give the negatives another weight; the templates stay.

        Parameters
        ----------
        scorer
            Key of `scorers.SCORERS`, "contrast" at first; the present one when None. One that
            whitens does so when first chosen, which takes seconds at the paper's size.
        weight
            How much the negatives count, in [0, 1]; 1 at first; the present one when None.

        Raises
        ------
        SessionError
            There is no such scorer, or the weight is out of bounds.
        """
        now = self.state.scoring
        scoring = Scoring(
            now.scorer if scorer is None else scorer,
            now.weight if weight is None else float(weight),
        )
        chosen = {"scorer": scoring.scorer, "weight": scoring.weight}
        self._change(("score_by", chosen), scoring=scoring)

    def select(self, patches: Iterable[int]) -> None:
        """Select patches, replacing the selection; selecting is not part of undo."""
        self.selection = tuple(sorted(set(self._patches(patches))))


def _pools(
    table: PatchTable, labels: Labels | npt.ArrayLike | None
) -> npt.NDArray[np.int64] | None:
    """Count the pools in each patch, (N,)."""
    if labels is None:
        return None
    if isinstance(labels, Labels):
        return labels.per_patch(table.footprints)
    pools = np.asarray(labels, dtype=np.int64)
    if pools.shape != (len(table),):
        raise SessionError(f"Labels must be one number per patch, {len(table)}, not {pools.shape}.")
    return pools
