"""Iterative refinement: rounds that discard patches, and branches of rounds."""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np
import traitlets as t

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.history import History
from rareearth_explorer.hunt.judging import Judging
from rareearth_explorer.hunt.state import Mask, Round
from rareearth_explorer.score.contrast import ScoreKind


class Refining(Judging):
    """The verbs that begin rounds and return to them."""

    threshold = t.Float(0.0)
    """Score at which `refine` discards by default, in [-1, 1]."""

    def aim(self, threshold: float) -> None:
        """Set `threshold`: no step of its own for undo, but told to `on_verb`."""
        self.threshold = threshold

    def restart(self) -> None:
        """Begin again, also with the threshold."""
        super().restart()
        self.threshold = 0.0

    def take_over(self, other: History) -> None:
        """Go on where another session of the same patches is, by its threshold."""
        if isinstance(other, Refining):
            self.threshold = other.threshold
        super().take_over(other)

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
        active = self.state.active & (self.state.scores >= np.float32(threshold))
        kept = int(active.sum())
        if kept in (0, int(self.state.active.sum())):
            what = "no patch would be left" if kept == 0 else "no patch would be discarded"
            raise SessionError(
                f"At threshold {threshold:.3f} {what}; {'lower' if kept == 0 else 'raise'} it "
                "or mark other templates."
            )
        self.keep(active, threshold)

    def keep(self, active: Mask, threshold: float) -> None:
        """Start a new round with these patches: what `refine` does once it knows which.

        A saved session is repeated by this verb, because another machine may round a score that
        lies on the threshold to its other side.
        """
        threshold = float(threshold)
        begun = Round(np.asarray(active, dtype=bool), threshold, self.state)
        rows = np.flatnonzero(begun.active).tolist()
        self._change(
            ("keep", {"rows": rows, "threshold": threshold}), rounds=(*self.state.rounds, begun)
        )

    def back(self, to: int | None = None) -> None:
        """Return to an earlier round: its patches are active again, the templates stay.

        The rounds after it are kept as a branch, see `visit`.

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
        self._change(
            ("back", {"to": to}),
            rounds=self.state.rounds[: to + 1],
            branches=(*self.state.branches, self.state),
        )

    def visit(self, branch: int) -> None:
        """Go on where a branch was left: its rounds, its templates, its scorer.

        Its templates that were switched off are so again. What is left now becomes a branch,
        unless the one visited continues it. Verdicts and notes are about patches, not about
        branches, and stay.

        Parameters
        ----------
        branch
            Place in `state.branches`.

        Raises
        ------
        SessionError
            There is no such branch.
        """
        now = self.state
        branch = operator.index(branch)
        if not 0 <= branch < len(now.branches):
            raise SessionError(f"There is no branch {branch + 1}; there are {len(now.branches)}.")
        tip = now.branches[branch]
        others = now.branches[:branch] + now.branches[branch + 1 :]
        continued = tip.rounds[: len(now.rounds)] == now.rounds and tip.templates == now.templates
        self._change(
            ("visit", {"branch": branch}),
            templates=tip.templates,
            rounds=tip.rounds,
            opinions=replace(now.opinions, muted=tip.opinions.muted),
            scoring=tip.scoring,
            branches=others if continued else (*others, now),
        )

    @t.observe("threshold")
    def _tell_threshold(self, change: t.Bunch) -> None:
        self._tell(("aim", {"threshold": change.new}))

    @t.validate("threshold")
    def _within_scores(self, proposal: t.Bunch) -> float:
        return min(1.0, max(-1.0, float(proposal.value)))
