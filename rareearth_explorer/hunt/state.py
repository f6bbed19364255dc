"""The state of a session: the decisions, and the scores and ranking that follow from them.

Scores and ranking are computed when they are first needed, and kept as long as their decisions are
in use.
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
"""Cached attributes that depend on the basis of the scores alone."""

OF_RANKING = ("active", "scale", "ordering", "ranking", "ranks", "roc_curve")
"""Cached attributes that depend on the scores and the rounds."""


def scores_of(decisions: Decisions, columns: Columns, start: int = 0) -> tuple[Vector, ScoreKind]:
    """Score all patches by the templates that are not muted.

    Parameters
    ----------
    decisions
        Templates and scorer.
    columns
        Columns of N patches.
    start
        Row number in the columns of the first patch of the decisions.

    Returns
    -------
    (N,) scores as of `scorers.Scorer.score`, and their kind.
    """
    scoring = decisions.scoring
    counted: dict[Sign, set[int]] = {"positive": set(), "negative": set()}
    # Not sorted by the order of marking, because every click scores, even with many templates.
    for patch, (sign, _) in decisions.templates.marked.items():
        if patch not in decisions.muted:
            counted[sign].add(start + patch)
    positive, negative = (columns.mean(scoring.scorer, *each) for each in counted.items())
    return score_of_means(positive, negative, len(columns.units), scoring.rule.combine)


@dataclass(frozen=True, eq=False)
class State:
    """Decisions, with the scores and ranking that follow from them for one table.

    Attributes
    ----------
    decisions
        The decisions of the analyst.
    columns
        Columns of the N patches of the table.
    mines
        (N,) True for patches with at least one labelled pool; None without labels.
    earlier
        States at the end of the earlier rounds, the first round first.
    """

    decisions: Decisions
    columns: Columns = field(repr=False)
    mines: Mask | None = field(default=None, repr=False)
    earlier: tuple[State, ...] = field(default=(), repr=False)

    def following(self, decisions: Decisions) -> State:
        """Return the state of other decisions about the table; valid results are kept."""
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
        """Kind of the scores."""
        return self._scored[1]

    @property
    def score_name(self) -> str:
        """Name of the scores."""
        return self.decisions.scoring.name(self.kind)

    @property
    def line(self) -> tuple[State, ...]:
        """States at the end of the earlier rounds, then this state for the present round."""
        return (*self.earlier, self)

    @cached_property
    def active(self) -> Mask:
        """(N,) True for the patches that no refinement has discarded."""
        return self.decisions.active

    def at_least(self, threshold: float) -> Mask:
        """(N,) True for the active patches that score at least `threshold`; refining keeps them."""
        return self.active & (self.scores >= np.float32(threshold))

    @cached_property
    def scale(self) -> ScoreScale:
        """Colour scale of the scores, the same in every panel."""
        return ScoreScale.of(self.scores, self.active, self.kind)

    @cached_property
    def ordering(self) -> npt.NDArray[np.float64]:
        """(N,) numbers by which all patches are ranked: first the last round, then the score.

        A patch that was discarded later ranks above every patch that was discarded earlier,
        whatever their scores; scores are in [-1, 1], so steps of 4 separate the rounds.
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
        """ROC curve of the ranking of all patches except the templates, by the labels.

        Templates are left out because the analyst chose them and the ranking did not find them.
        None without labels or scores, or if all other patches are mines or none is.
        """
        if self.mines is None or self.kind is ScoreKind.NONE:
            return None
        scored = np.ones(len(self.mines), dtype=bool)
        scored[[*self.decisions.templates.marked]] = False
        if len(np.unique(self.mines[scored])) < 2:
            return None
        return roc(self.ordering[scored], self.mines[scored])
