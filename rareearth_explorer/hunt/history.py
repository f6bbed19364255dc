"""States that follow each other: scoring, undo, redo, and telling each verb to a recorder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypedDict, Unpack

import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.hunt.scoring import Columns, Scoring
from rareearth_explorer.hunt.state import Opinions, Round, State, Templates
from rareearth_explorer.score.contrast import ScoreKind, Vector, score_of_means

Verb = tuple[str, dict[str, Any]]
"""Name of a method of the session, and arguments of JSON types that repeat what it did."""


class Parts(TypedDict, total=False):
    """The parts of a state that verbs replace; the scores follow from them."""

    templates: Templates
    rounds: tuple[Round, ...]
    opinions: Opinions
    scoring: Scoring
    branches: tuple[State, ...]


class History(t.HasTraits):
    """The present state, those before it, and those undone.

    Parameters
    ----------
    unit_embeddings
        (N, D) float32 rows of length 1, from which states are scored.
    """

    state = t.Instance(State)
    """Templates, rounds and the scores that follow from them; every verb replaces it at once."""

    def __init__(self, unit_embeddings: npt.NDArray[np.float32], **traits: Any) -> None:
        self._patch_count = len(unit_embeddings)
        self.columns = Columns(unit_embeddings)
        self._past: list[State] = []
        self._future: list[State] = []
        self.on_verb: Callable[[str, dict[str, Any]], None] | None = None
        super().__init__(state=self._fresh(), **traits)

    def restart(self) -> None:
        """Begin again with nothing marked and nothing to undo; what a recorder holds is kept."""
        self.on_verb = None
        self._past.clear()
        self._future.clear()
        self.state = self._fresh()

    def take_over(self, other: History) -> None:
        """Go on where another history of the same patches is, whose steps can be undone here."""
        self._past, self._future = [*other._past], [*other._future]
        self.columns = other.columns
        self.state = other.state

    def _fresh(self) -> State:
        everything = Round(np.ones(self._patch_count, dtype=bool))
        unscored = np.full(self._patch_count, np.nan, np.float32)
        return State(Templates(), (everything,), unscored, ScoreKind.NONE)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._future)

    def undo(self) -> None:
        """Take back the last verb that changed something; nothing if there is none."""
        if self._past:
            self._tell(("undo", {}))
            self._future.append(self.state)
            self.state = self._past.pop()

    def redo(self) -> None:
        """Do again what was undone last; nothing if there is none."""
        if self._future:
            self._tell(("redo", {}))
            self._past.append(self.state)
            self.state = self._future.pop()

    def _change(self, verb: Verb, **parts: Unpack[Parts]) -> None:
        """Replace parts of the state, if any of them differs, and remember the state before."""
        before, after = self.state, replace(self.state, **parts)
        if all(getattr(before, name) == part for name, part in parts.items()):
            return
        if after.basis != before.basis:
            after = self._scored(after)
        self._tell(verb)
        if self._past:
            self._past[-1].forget()  # or a thousand clicks would keep a thousand rankings
        self._past.append(before)
        self._future.clear()
        self.state = after

    def _tell(self, verb: Verb) -> None:
        # Before anything changes: if this process dies while drawing, nothing is lost, and what
        # cannot be recorded is not done.
        if self.on_verb is not None:
            self.on_verb(*verb)

    def _scored(self, state: State) -> State:
        scores, kind = scores_of(state, self.columns)
        return replace(state, scores=scores, kind=kind)


def scores_of(state: State, columns: Columns, start: int = 0) -> tuple[Vector, ScoreKind]:
    """Score all patches by the templates of a state that are not switched off.

    Parameters
    ----------
    state
        Whose templates and scorer.
    columns
        Of the patches, N of them.
    start
        Row number there of the state's first patch.

    Returns
    -------
    (N,) scores as of `scorers.Scorer.score`, and what they are.
    """
    scoring, muted = state.scoring, state.opinions.muted
    positive, negative = (
        columns.mean(scoring.scorer, sign, {start + patch for patch in set(marked) - muted})
        for sign, marked in state.templates.by_sign.items()
    )
    return score_of_means(positive, negative, len(columns.units), scoring.rule.combine)
