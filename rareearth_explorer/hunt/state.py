"""The present state of a session: the decisions, and the scores and ranking that follow from them.

Nothing is computed before it is asked for, and what was computed is kept as long as the decisions
that it belongs to are in use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.decisions import Decisions, Mask, Sign
from rareearth_explorer.score.columns import Columns
from rareearth_explorer.score.contrast import ScoreKind, Vector, score_of_means
from rareearth_explorer.score.evaluation import RocCurve, roc
from rareearth_explorer.score.scale import ScoreScale

OF_SCORES = ("_scored",)
"""What is computed from the basis of the scores alone."""

OF_RANKING = ("active", "scale", "ordering", "ranking", "ranks", "roc_curve")
"""What is computed from the scores and the rounds."""


def scores_of(decisions: Decisions, columns: Columns, start: int = 0) -> tuple[Vector, ScoreKind]:
    """Score all patches by the templates that are not muted.

    Parameters
    ----------
    decisions
        Whose templates and scorer.
    columns
        Of the patches, N of them.
    start
        Row number there of the first patch that the decisions are about.

    Returns
    -------
    (N,) scores as of `scorers.Scorer.score`, and their kind.
    """
    scoring = decisions.scoring
    counted: dict[Sign, set[int]] = {"positive": set(), "negative": set()}
    # Without sorting them by the order of marking: every click scores, also with many templates.
    for patch, (sign, _) in decisions.templates.marked.items():
        if patch not in decisions.muted:
            counted[sign].add(start + patch)
    positive, negative = (columns.mean(scoring.scorer, *each) for each in counted.items())
    return score_of_means(positive, negative, len(columns.units), scoring.rule.combine)


@dataclass(frozen=True, eq=False)
class State:
    """Decisions, and what follows from them for one table.

    Attributes
    ----------
    decisions
        What the analyst decided.
    columns
        Of the table's patches, N.
    mines
        (N,) True for patches with a labelled pool; None without labels.
    earlier
        States with which the earlier rounds ended, the first round first.
    """

    decisions: Decisions
    columns: Columns = field(repr=False)
    mines: Mask | None = field(default=None, repr=False)
    earlier: tuple[State, ...] = field(default=(), repr=False)

    def following(self, decisions: Decisions) -> State:
        """Make the state of other decisions about the same table; what still holds is kept."""
        known = {id(state.decisions): state for state in (*self.earlier, self)}
        ended = [r.before for r in decisions.rounds if r.before is not None]
        earlier: list[State] = []
        for before in ended:
            kept = known.get(id(before))
            earlier.append(kept or State(before, self.columns, self.mines, tuple(earlier)))
        after = State(decisions, self.columns, self.mines, tuple(earlier))
        if decisions.basis == self.decisions.basis:
            same_rounds = decisions.rounds == self.decisions.rounds
            names = OF_SCORES + OF_RANKING if same_rounds else OF_SCORES
            after.__dict__.update({n: self.__dict__[n] for n in names if n in self.__dict__})
        return after

    @cached_property
    def _scored(self) -> tuple[Vector, ScoreKind]:
        return scores_of(self.decisions, self.columns)

    @property
    def scores(self) -> Vector:
        """(N,) float32 in [-1, 1], higher is more mine-like; NaN while nothing is marked."""
        return self._scored[0]

    @property
    def kind(self) -> ScoreKind:
        """What the scores are."""
        return self._scored[1]

    @property
    def score_name(self) -> str:
        """What the scores are, in words."""
        return self.decisions.scoring.name(self.kind)

    @property
    def line(self) -> tuple[State, ...]:
        """States with which the earlier rounds ended, and this one for the present round."""
        return (*self.earlier, self)

    @cached_property
    def active(self) -> Mask:
        """(N,) True for the patches not discarded so far."""
        return self.decisions.active

    def at_least(self, threshold: float) -> Mask:
        """(N,) True for the active patches that score at least `threshold`: refining keeps them."""
        return self.active & (self.scores >= np.float32(threshold))

    @cached_property
    def scale(self) -> ScoreScale:
        """How these scores become colours, the same in every panel."""
        return ScoreScale.of(self.scores, self.active, self.kind)

    @cached_property
    def ordering(self) -> npt.NDArray[np.float64]:
        """(N,) number that sorts all patches: first by how long they stayed, then by score.

        A patch discarded later stands above every patch discarded earlier, whatever their
        scores; scores are in [-1, 1], so 4 apart keeps the rounds from touching.
        """
        stayed = np.sum([r.active for r in self.decisions.rounds], axis=0)
        return np.asarray(4.0 * stayed + np.nan_to_num(self.scores, nan=0.0))

    @cached_property
    def ranking(self) -> npt.NDArray[np.int64]:
        """(N,) row numbers, best first; equal patches in the order of the table."""
        return np.argsort(-self.ordering, kind="stable")

    @cached_property
    def ranks(self) -> npt.NDArray[np.int64]:
        """(N,) rank of each patch, 1 is the best."""
        ranks = np.empty(len(self.ranking), np.int64)
        ranks[self.ranking] = np.arange(1, len(ranks) + 1)
        return ranks

    @cached_property
    def roc_curve(self) -> RocCurve | None:
        """ROC of the ranking of all patches but the templates, judged by the labels.

        The analyst pointed at the templates, the ranking did not find them. None where there is
        nothing to compare: no labels, no score, or patches that all hold a mine or all hold none.
        """
        if self.mines is None or self.kind is ScoreKind.NONE:
            return None
        scored = np.ones(len(self.mines), dtype=bool)
        scored[[*self.decisions.templates.marked]] = False
        if len(np.unique(self.mines[scored])) < 2:
            return None
        return roc(self.ordering[scored], self.mines[scored])
