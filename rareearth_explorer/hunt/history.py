"""The history of a session: the present decisions, the earlier ones, and the undone ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.step_names import UNKNOWN, step_name
from rareearth_explorer.hunt.steps import STEPS

Named = tuple[str, Decisions]
"""Name of a step, and the decisions on its other side."""

MOVES: dict[str, Callable[..., None]] = {}
"""Verbs of a journal that are not steps: undo, redo, and those that undo does not cover."""


def move(function: Callable[..., None]) -> Callable[..., None]:
    """Register a move by its name."""
    MOVES[function.__name__] = function
    return function


class History:
    """A sequence of decisions, with undo and redo.

    Parameters
    ----------
    patches
        Number of patches of the table, N.

    Attributes
    ----------
    present
        The present decisions.
    threshold
        Score below which the next refinement discards a patch, in [-1, 1].
    """

    def __init__(self, patches: int) -> None:
        self.present = Decisions.none(patches)
        self.threshold = 0.0
        self._past: list[Named] = []
        self._future: list[Named] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return bool(self._future)

    @property
    def steps(self) -> int:
        """Number of steps that can be undone."""
        return len(self._past)

    @property
    def undo_name(self) -> str:
        """Name of the step that undo takes back; empty if there is none."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_name(self) -> str:
        """Name of the step that redo repeats; empty if there is none."""
        return self._future[-1][0] if self._future else ""

    def follow(self, after: Decisions, name: str) -> None:
        """Continue with the result of a step; undone steps cannot be redone any more."""
        if after is not self.present:
            self._past.append((name, self.present))
            self._future.clear()
            self.present = after

    def add_unknown(self) -> None:
        """Record an unknown step: it changes nothing, and one undo takes it back."""
        self._past.append((UNKNOWN, self.present))
        self._future.clear()

    def drop_unknown(self) -> None:
        """Remove the steps that change nothing, so that every undo has an effect."""
        now = ("", self.present)
        past, future = [*self._past, now], [*self._future, now]
        self._past = [each for each, after in pairwise(past) if each[1] is not after[1]]
        self._future = [each for each, before in pairwise(future) if each[1] is not before[1]]

    def repeat(self, verb: str, arguments: dict[str, Any]) -> None:
        """Repeat the verb of a line of a journal.

        Raises
        ------
        SessionError
            There is no such verb, or it is not possible now.
        TypeError, ValueError, LookupError, AttributeError
            The arguments are not those of the verb.
        """
        if verb in MOVES:
            MOVES[verb](self, **arguments)
        elif verb in STEPS:
            self.follow(STEPS[verb](self.present, **arguments), step_name(verb, arguments))
        else:
            raise SessionError(f"There is no verb {verb!r}.")


@move
def undo(history: History) -> None:
    """Take back the last step; do nothing if there is none."""
    if history._past:
        name, before = history._past.pop()
        history._future.append((name, history.present))
        history.present = before


@move
def redo(history: History) -> None:
    """Repeat the step that was undone last; do nothing if there is none."""
    if history._future:
        name, after = history._future.pop()
        history._past.append((name, history.present))
        history.present = after


@move
def aim(history: History, threshold: float) -> None:
    """Set the threshold, limited to [-1, 1]."""
    history.threshold = min(1.0, max(-1.0, float(threshold)))
