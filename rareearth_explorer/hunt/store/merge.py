"""Merging two sessions of one table.

What only the other session states is added; where the two differ is a conflict, and the analyst
decides it. Rounds, scorer and audit stay those of this session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.statements import SUBJECTS, Key, Statement, Subject, statements
from rareearth_explorer.hunt.store.format import entry_of, read_record, write_record

Side = Literal["mine", "theirs"]


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

    added: tuple[Statement, ...]
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

    def decided(self, sides: Side | Mapping[Key, Side]) -> list[Statement]:
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


def difference_of(mine: Decisions, theirs: Decisions) -> Difference:
    """Find what another session of the same table states; neither is changed."""
    ours, others = statements(mine), statements(theirs)
    shared = [key for key in others if key in ours]
    conflicts = (Conflict(*key, ours[key], others[key]) for key in shared)
    differing = sorted((c for c in conflicts if c.mine != c.theirs), key=lambda c: c.key)
    return Difference(
        added=tuple((*key, said) for key, said in others.items() if key not in ours),
        conflicts=tuple(differing),
        agreed=len(shared) - len(differing),
    )


def save_merged(mine: Path, stated: list[Statement], source: str, target: Path) -> None:
    """Save a session with what was decided to merge into it as its last step.

    Parameters
    ----------
    mine
        The session's file; it stays as it is.
    stated
        As `Difference.decided` gives it.
    source
        Name of the session that it came from.
    target
        The new file; undoing there gives `mine` back.

    Raises
    ------
    SessionError
        `mine` is no session or was written by a newer version, or `target` cannot be written.
    """
    record = read_record(mine)
    if record.newer:
        raise SessionError(record.said)
    merge = [entry_of("merge", {"said": stated, "source": source})] if stated else []
    header = {**record.header, "name": target.stem}
    write_record(target, header, [*record.entries.values(), *merge])
