"""The session: one method for each thing the analyst can do."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets as t

from rareearth_explorer.contrast import ScoreKind, Vector, cosine_to, score
from rareearth_explorer.errors import SessionError
from rareearth_explorer.labels import Labels
from rareearth_explorer.session.state import Mask, Round, Sign, State, Templates
from rareearth_explorer.table import PatchTable

COLUMNS_KEPT = 512
"""Cosine columns kept per session, one per template: 115 kB each at the paper's size."""


class Session(t.HasTraits):
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

    state: State = t.Instance(State)
    """Templates, rounds and the scores that follow from them; every verb replaces it at once."""

    threshold: float = t.Float(0.0)
    """Score at which `refine` discards by default, in [-1, 1]."""

    sign: Sign = t.Enum(("positive", "negative"), "positive")
    """The sign that a plain click marks."""

    selection: tuple[int, ...] = t.Tuple()
    """Row numbers of the selected patches, ascending."""

    hovered: int | None = t.Int(None, allow_none=True)
    """Row number of the patch under the pointer, or None."""

    message: str = t.Unicode("")
    """One sentence for the status line: what was wrong with the last thing tried, or empty."""

    def __init__(
        self,
        table: PatchTable,
        labels: Labels | npt.ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self.table = table
        self.pools = _pools(table, labels)
        self._cosines = lru_cache(COLUMNS_KEPT)(lambda p: cosine_to(table.unit_embeddings, p))
        self._past: list[State] = []
        self._future: list[State] = []
        everything = Round(np.ones(len(table), dtype=bool))
        super().__init__(state=self._state(Templates(), (everything,)), **traits)

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

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._future)

    # What the analyst does -------------------------------------------------------------------

    def mark(self, patch: int | Iterable[int], sign: Sign) -> None:
        """Mark a patch, or several at once, as templates; a template of the other sign changes.

        Raises
        ------
        SessionError
            `sign` is neither "positive" nor "negative", or there is no such patch.
        """
        if sign not in ("positive", "negative"):
            raise SessionError(f"A template is 'positive' or 'negative', not {sign!r}.")
        self._retemplate(self.state.templates.marked(self._patches(patch), sign))

    def unmark(self, patch: int | Iterable[int]) -> None:
        """Take templates back; patches that are none are left as they are."""
        self._retemplate(self.state.templates.without(self._patches(patch)))

    def toggle(self, patch: int, sign: Sign) -> None:
        """Mark a patch, or take it back if it carries this sign already: what a click does."""
        if self.state.templates.sign_of(patch) == sign:
            self.unmark(patch)
        else:
            self.mark(patch, sign)

    def clear(self) -> None:
        """Take all templates back."""
        self._retemplate(Templates())

    def refine(self, threshold: float | None = None) -> None:
        """Keep the active patches that score at least `threshold` and start a new round.

        Templates stay templates, also those whose patch is discarded.

        Parameters
        ----------
        threshold
            In [-1, 1]; `self.threshold` when None. The paper's is 0.

        Raises
        ------
        SessionError
            Nothing is marked yet, or no patch or every patch would be kept.
        """
        threshold = self.threshold if threshold is None else float(threshold)
        if self.state.kind is ScoreKind.NONE:
            raise SessionError("There is no score to refine by; mark a positive template first.")
        active = self.active & (self.scores >= np.float32(threshold))
        kept = int(active.sum())
        if kept in (0, int(self.active.sum())):
            what = "no patch would be left" if kept == 0 else "no patch would be discarded"
            raise SessionError(
                f"At threshold {threshold:.3f} {what}; {'lower' if kept == 0 else 'raise'} it "
                "or mark other templates."
            )
        self._advance(
            self.state.templates, (*self.state.rounds, Round(active, threshold, self.state))
        )

    def back(self, to: int | None = None) -> None:
        """Return to an earlier round: its patches are active again, the templates stay.

        Parameters
        ----------
        to
            Number of the round, 0 is the first; the one before when None.

        Raises
        ------
        SessionError
            There is no earlier round of that number.
        """
        last = len(self.state.rounds) - 1
        to = last - 1 if to is None else operator.index(to)
        if last == 0:
            raise SessionError("This is the first round; there is none to go back to.")
        if not 0 <= to < last:
            raise SessionError(f"There is no earlier round {to + 1}; choose one from 1 to {last}.")
        self._advance(self.state.templates, self.state.rounds[: to + 1])

    def undo(self) -> None:
        """Take back the last mark, unmark, refinement or return; nothing if there is none."""
        if self._past:
            self._future.append(self.state)
            self.state = self._past.pop()

    def redo(self) -> None:
        """Do again what was undone last; nothing if there is none."""
        if self._future:
            self._past.append(self.state)
            self.state = self._future.pop()

    def select(self, patches: Iterable[int]) -> None:
        """Select patches, replacing the selection; selecting is not part of undo."""
        self.selection = tuple(sorted(set(self._patches(patches))))

    # How ---------------------------------------------------------------------------------------

    def _retemplate(self, templates: Templates) -> None:
        if templates != self.state.templates:
            self._advance(templates, self.state.rounds)

    def _advance(self, templates: Templates, rounds: tuple[Round, ...]) -> None:
        state = self._state(templates, rounds)
        self._past.append(self.state)
        self._future.clear()
        self.state = state

    def _state(self, templates: Templates, rounds: tuple[Round, ...]) -> State:
        positives, negatives = (
            [self._cosines(p) for p in marked]
            for marked in (templates.positives, templates.negatives)
        )
        return State(templates, rounds, *score(positives, negatives, len(self.table)))

    def _patches(self, patches: int | Iterable[int]) -> list[int]:
        numbers = patches if isinstance(patches, Iterable) else (patches,)
        rows = [operator.index(p) for p in numbers]
        for row in rows:
            if not 0 <= row < len(self.table):
                raise SessionError(
                    f"There is no patch {row}; patches are numbered 0 to {len(self.table) - 1}."
                )
        return rows

    @t.validate("threshold")
    def _within_scores(self, proposal: t.Bunch) -> float:
        return min(1.0, max(-1.0, float(proposal.value)))


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
