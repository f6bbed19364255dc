"""Two sessions of one table side by side: what they agree on, what one adds, where they differ.

A session says things of patches: that one is a template, a verdict, a note. What only the other
says is added; what both say differently is a conflict, which the analyst decides. Rounds, scorer
and audit are no opinions on a patch and stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.scoring import Sign
from rareearth_explorer.hunt.state import Opinions, State, Templates, Verdict

Subject = Literal["template", "verdict", "note"]
Side = Literal["mine", "theirs"]

Key = tuple[int, Subject]
"""Row number of a patch, and about what of it something is said."""

Saying = tuple[int, Subject, str]
"""Row number, subject, and what is said: a sign, a verdict or a text."""

OFF = ", off"
"""After the sign of a template whose effect on the scores is switched off."""

SIGNS = tuple(sign + off for sign in get_args(Sign) for off in ("", OFF))
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


@dataclass(frozen=True)
class Conflict:
    """Something of which two sessions say different things.

    Attributes
    ----------
    patch
        Row number.
    subject
        "template", "verdict" or "note".
    mine, theirs
        What each says.
    """

    patch: int
    subject: Subject
    mine: str
    theirs: str

    @property
    def key(self) -> Key:
        """By what it is decided."""
        return self.patch, self.subject


@dataclass(frozen=True)
class Difference:
    """What another session would bring to this one.

    Attributes
    ----------
    added
        What only the other says.
    conflicts
        What both say differently, by patch.
    agreed
        Number of things of which both say the same.
    """

    added: tuple[Saying, ...]
    conflicts: tuple[Conflict, ...]
    agreed: int

    @property
    def said(self) -> str:
        """The counts in a sentence."""
        new = Counter(subject for _, subject, _ in self.added)
        counts = ", ".join(_counted(new[subject], subject) for subject in SUBJECTS)
        return (
            f"New there: {counts}; the same in both: {self.agreed:,}; "
            f"in conflict: {len(self.conflicts):,}."
        )

    def decided(self, sides: Side | Mapping[Key, Side]) -> list[Saying]:
        """Say what is to be merged once the conflicts are decided.

        Parameters
        ----------
        sides
            "mine" or "theirs" for all of them, or for each by its key.

        Raises
        ------
        SessionError
            A conflict is not decided.
        """
        chosen = (
            dict.fromkeys((conflict.key for conflict in self.conflicts), sides)
            if isinstance(sides, str)
            else sides
        )
        open_ones = [c for c in self.conflicts if chosen.get(c.key) not in get_args(Side)]
        if open_ones:
            raise SessionError(
                f"{len(open_ones):,} of {len(self.conflicts):,} conflicts are not decided, the "
                f"first on the {open_ones[0].subject} of patch {open_ones[0].patch}; take mine or "
                "theirs for each."
            )
        taken = [c for c in self.conflicts if chosen[c.key] == "theirs"]
        return [*self.added, *((c.patch, c.subject, c.theirs) for c in taken)]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def compare(mine: State, theirs: State) -> Difference:
    """Compare what two sessions of one table say; neither is changed."""
    ours, others = sayings(mine), sayings(theirs)
    shared = [key for key in others if key in ours]
    conflicts = (Conflict(*key, ours[key], others[key]) for key in shared)
    differing = sorted((c for c in conflicts if c.mine != c.theirs), key=lambda c: c.key)
    return Difference(
        added=tuple((*key, said) for key, said in others.items() if key not in ours),
        conflicts=tuple(differing),
        agreed=len(shared) - len(differing),
    )


def sayings(state: State) -> dict[Key, str]:
    """Gather everything that a session says of single patches."""
    templates, opinions = state.templates, state.opinions
    signs: dict[int, str] = dict.fromkeys(templates.positives, "positive")
    signs |= dict.fromkeys(templates.negatives, "negative")
    marked = {p: sign + (OFF if p in opinions.muted else "") for p, sign in signs.items()}
    said: dict[Key, str] = {(patch, "template"): sign for patch, sign in marked.items()}
    said |= {(patch, "verdict"): verdict for patch, verdict in opinions.verdicts.items()}
    return said | {(patch, "note"): note for patch, note in opinions.notes.items()}


def joined(
    templates: Templates, opinions: Opinions, said: Iterable[Saying]
) -> tuple[Templates, Opinions]:
    """Put what was decided in the place of what was said of the same things.

    Raises
    ------
    SessionError
        Something is said that a session cannot hold.
    """
    muted = set(opinions.muted)
    texts: dict[str, dict[int, Any]] = {
        "verdict": dict(opinions.verdicts),
        "note": dict(opinions.notes),
    }
    for patch, subject, text in said:
        if not _can_be_said(subject, text):
            raise SessionError(f"Patch {patch} cannot have the {subject} {text!r}.")
        if subject == "template":
            templates = templates.marked([patch], cast(Sign, text.removesuffix(OFF)))
            muted -= {patch}
            muted |= {patch} if text.endswith(OFF) else set()
        else:
            texts[subject][patch] = text
    changed = replace(
        opinions, verdicts=texts["verdict"], notes=texts["note"], muted=frozenset(muted)
    )
    return templates, changed


def _can_be_said(subject: str, text: str) -> bool:
    if subject == "note":
        return isinstance(text, str) and bool(text.strip())
    return text in {"template": SIGNS, "verdict": get_args(Verdict)}.get(subject, ())
