"""The steps: pure functions from decisions and arguments to new decisions.

The registry `STEPS` lists the verbs that a journal may hold. The arguments are of JSON types and
repeat exactly what the analyst did. A step that changes nothing returns the same object.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast, get_args

import numpy as np

from rareearth_explorer.data.storage.safe_text import plain
from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import (
    Audit,
    Decisions,
    Round,
    Scoring,
    Sign,
    Verdict,
    with_value,
)
from rareearth_explorer.hunt.patch_mask import PatchMask
from rareearth_explorer.hunt.statements import Statement, with_statements

STEPS: dict[str, Callable[..., Decisions]] = {}
"""Verb -> the step of that name; undo takes back one step."""

SIGN_OF: dict[Verdict | None, Sign] = {"confirmed": "positive", "rejected": "negative"}
"""Sign of the template that a verdict makes of a patch, if verdicts mark templates."""

MOST_ROUNDS = 1000
"""Most rounds, and most branches, of a session: beyond, a crafted file could fill the memory."""

Function = TypeVar("Function", bound=Callable[..., Decisions])


def step(function: Function) -> Function:
    """Register a step by its name."""
    STEPS[function.__name__] = function
    return function


def patch_numbers(patch: int | Iterable[int], patches: int) -> list[int]:
    """Check row numbers, one or several, against the number of patches.

    Raises
    ------
    SessionError
        There is no patch of that number, or it is not a whole number.
    """
    numbers = patch if isinstance(patch, Iterable) else (patch,)
    try:
        rows = [operator.index(each) for each in numbers]
    except TypeError as error:
        raise SessionError(f"A patch is a row number, not {patch!r}.") from error
    for row in rows:
        if not 0 <= row < patches:
            raise SessionError(f"There is no patch {row}; patches are numbered 0 to {patches - 1}.")
    return rows


# Templates -----------------------------------------------------------------------------------


@step
def mark(decisions: Decisions, *, patch: int | list[int], sign: Sign) -> Decisions:
    """Mark patches as templates; a template of the other sign changes sign."""
    if sign not in get_args(Sign):
        raise SessionError(f"A template is 'positive' or 'negative', not {sign!r}.")
    rows = patch_numbers(patch, decisions.patches)
    return decisions.with_(templates=decisions.templates.with_sign(rows, sign))


@step
def unmark(decisions: Decisions, *, patch: int | list[int]) -> Decisions:
    """Remove templates; patches that are not templates do not change."""
    rows = patch_numbers(patch, decisions.patches)
    return decisions.with_(templates=decisions.templates.without(rows))


@step
def mute(decisions: Decisions, *, patch: int, muted: bool = True) -> Decisions:
    """Mute a template, or restore it."""
    (row,) = patch_numbers(patch, decisions.patches)
    if decisions.templates.sign_of(row) is None:
        raise SessionError(f"Patch {row} is not a template, so it cannot be muted.")
    return decisions.with_(muted=decisions.muted | {row} if muted else decisions.muted - {row})


@step
def score_by(
    decisions: Decisions, *, scorer: str | None = None, weight: float | None = None
) -> Decisions:
    """Choose another scorer or another weight of the negatives."""
    now = decisions.scoring
    chosen = Scoring(
        now.scorer if scorer is None else scorer,
        now.weight if weight is None else float(weight),
    )
    return decisions.with_(scoring=chosen)


# Verdicts and notes --------------------------------------------------------------------------


@step
def judge(
    decisions: Decisions, *, patch: int | list[int], verdict: Verdict | None, mark: bool = False
) -> Decisions:
    """Record a verdict, None removes it; with `mark`, it also makes the patches templates."""
    if verdict not in (*get_args(Verdict), None):
        raise SessionError(f"A verdict is 'confirmed', 'rejected' or 'skipped', not {verdict!r}.")
    rows = patch_numbers(patch, decisions.patches)
    templates = decisions.templates
    if mark and verdict in SIGN_OF:
        templates = templates.with_sign(rows, SIGN_OF[verdict])
    verdicts = with_value(decisions.verdicts, rows, verdict)
    return decisions.with_(templates=templates, verdicts=verdicts)


@step
def note(decisions: Decisions, *, patch: int, text: str) -> Decisions:
    """Write a note on a patch, which replaces an earlier one; an empty text removes it.

    Characters that a file or a page cannot hold are replaced, also those of a journal.
    """
    (row,) = patch_numbers(patch, decisions.patches)
    if not isinstance(text, str):
        raise SessionError(f"A note is text, not {text!r}.")
    return decisions.with_(notes=with_value(decisions.notes, [row], plain(text).strip()))


@step
def merge(decisions: Decisions, *, said: Iterable[Statement], source: str = "") -> Decisions:
    """Replace statements about patches by those of another session, as the analyst decided.

    `said` is the name of the argument in all journals so far.
    """
    del source  # only for people who read the journal
    listed = [
        (patch_numbers(patch, decisions.patches)[0], subject, text) for patch, subject, text in said
    ]
    return with_statements(decisions, listed)


# Rounds --------------------------------------------------------------------------------------


@step
def keep(
    decisions: Decisions,
    *,
    threshold: float,
    mask: str | None = None,
    rows: list[int] | None = None,
) -> Decisions:
    """Begin a round with these patches; `Session.refine` calls it.

    A journal holds the patches and not only the threshold, because on another machine the score of
    a patch may be rounded to the other side of it. Journals of format 1 give `rows`, later ones
    `mask`.
    """
    if mask is not None:
        kept = PatchMask.from_text(mask, decisions.patches)
    else:
        flags = np.zeros(decisions.patches, dtype=bool)
        flags[patch_numbers(cast("list[int]", rows), decisions.patches)] = True
        kept = PatchMask.of(flags)
    threshold = float(threshold)
    if not math.isfinite(threshold):
        raise SessionError(f"A threshold is a number from -1 to 1, not {threshold}.")
    if len(decisions.rounds) >= MOST_ROUNDS:
        raise SessionError(f"A session has {MOST_ROUNDS:,} rounds at most; go back first.")
    if (kept.flags & ~decisions.active).any():
        raise SessionError("A round cannot keep patches that an earlier round discarded.")
    if not len(kept):
        raise SessionError("A round must keep at least one patch.")
    begun = Round(kept, threshold, decisions)
    return decisions.with_(rounds=(*decisions.rounds, begun))


@step
def back(decisions: Decisions, *, to: int) -> Decisions:
    """Return to an earlier round, 0 is the first; the rounds after it become a branch."""
    last, to = len(decisions.rounds) - 1, operator.index(to)
    if last == 0:
        raise SessionError("This is the first round; there is no earlier round to return to.")
    if not 0 <= to < last:
        raise SessionError(f"There is no earlier round {to + 1}; choose one from 1 to {last}.")
    if len(decisions.branches) >= MOST_ROUNDS:
        raise SessionError(f"A session has {MOST_ROUNDS:,} branches at most; begin a new session.")
    return decisions.with_(
        rounds=decisions.rounds[: to + 1], branches=(*decisions.branches, decisions)
    )


@step
def visit(decisions: Decisions, *, branch: int) -> Decisions:
    """Resume a branch: its rounds, templates, muted templates and scorer.

    The present rounds become a branch, unless the resumed branch continues them. Verdicts and notes
    are about patches, not about branches, and stay.
    """
    branch, branches = operator.index(branch), decisions.branches
    if not 0 <= branch < len(branches):
        raise SessionError(f"There is no branch {branch + 1}; there are {len(branches)}.")
    tip = branches[branch]
    others = branches[:branch] + branches[branch + 1 :]
    continued = (
        tip.rounds[: len(decisions.rounds)] == decisions.rounds
        and tip.templates.by_sign == decisions.templates.by_sign
    )
    return decisions.with_(
        templates=tip.templates,
        rounds=tip.rounds,
        muted=tip.muted,
        scoring=tip.scoring,
        branches=others if continued else (*others, decisions),
    )


@step
def audit(decisions: Decisions, *, patches: list[int], pile: int | None = None) -> Decisions:
    """Make a random sample of the discarded patches the audit sample.

    Earlier verdicts on them are removed; these can only be "skipped".
    """
    del pile  # only for people who read the journal
    rows = patch_numbers(patches, decisions.patches)
    discarded, drawn_from = ~decisions.active, unjudged(decisions)
    if not discarded[rows].all() or len(set(rows)) < len(rows):
        raise SessionError("An audit sample must hold discarded patches, each of them once.")
    drawn_from[rows] = True  # even if the step that removed a verdict is lost
    sample = Audit(tuple(rows), PatchMask.of(drawn_from), PatchMask.of(discarded))
    return decisions.with_(audit=sample, verdicts=with_value(decisions.verdicts, rows, None))


def unjudged(decisions: Decisions) -> Any:
    """(N,) True for the discarded patches that were neither confirmed nor rejected."""
    open_ = ~decisions.active
    open_[[p for p, verdict in decisions.verdicts.items() if verdict != "skipped"]] = False
    return open_
