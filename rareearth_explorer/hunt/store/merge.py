"""Merging two sessions of one table.

Statements that only the other session makes are added. Different statements about the same patch
and subject are a conflict, which the analyst decides. Rounds, scorer and audit sample stay those of
this session.
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
    """Different statements of two sessions about the same patch and subject.

    Attributes
    ----------
    patch
        Row number.
    subject
        "template", "verdict" or "note".
    mine, theirs
        The statement of each session.
    """

    patch: int
    subject: Subject
    mine: str
    theirs: str

    @property
    def key(self) -> Key:
        """Key under which the conflict is decided."""
        return self.patch, self.subject


@dataclass(frozen=True)
class Difference:
    """The differences between another session and this one.

    Attributes
    ----------
    added
        Statements that only the other session makes.
    conflicts
        Conflicts between the two, ordered by patch.
    agreed
        Number of statements that both make.
    """

    added: tuple[Statement, ...]
    conflicts: tuple[Conflict, ...]
    agreed: int

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        new = Counter(subject for _, subject, _ in self.added)
        counts = ", ".join(_counted(new[subject], subject) for subject in SUBJECTS)
        return (
            f"New there: {counts}; the same in both: {self.agreed:,}; "
            f"conflicts: {len(self.conflicts):,}."
        )

    def decided(self, sides: Side | Mapping[Key, Side]) -> list[Statement]:
        """Return the statements to merge once the conflicts are decided.

        Parameters
        ----------
        sides
            "mine" or "theirs" for all conflicts, or for each by its key.

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
                f"first about the {open_ones[0].subject} of patch {open_ones[0].patch}; choose "
                "mine or theirs for each."
            )
        taken = [c for c in self.conflicts if chosen[c.key] == "theirs"]
        return [*self.added, *((c.patch, c.subject, c.theirs) for c in taken)]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def difference_of(mine: Decisions, theirs: Decisions) -> Difference:
    """Find the differences between two sessions of the same table; neither changes."""
    ours, others = statements(mine), statements(theirs)
    shared = [key for key in others if key in ours]
    conflicts = (Conflict(*key, ours[key], others[key]) for key in shared)
    differing = sorted((c for c in conflicts if c.mine != c.theirs), key=lambda c: c.key)
    return Difference(
        added=tuple((*key, text) for key, text in others.items() if key not in ours),
        conflicts=tuple(differing),
        agreed=len(shared) - len(differing),
    )


def save_merged(mine: Path, stated: list[Statement], source: str, target: Path) -> None:
    """Save a copy of a session with a merge as its last step.

    Parameters
    ----------
    mine
        The session's file; it does not change.
    stated
        From `Difference.decided`.
    source
        Name of the session that the statements come from.
    target
        The new file; undo there restores `mine`.

    Raises
    ------
    SessionError
        `mine` is not a session or was written by a newer version, or `target` cannot be written.
    """
    record = read_record(mine)
    if record.newer:
        raise SessionError(record.warning)
    merge = [entry_of("merge", {"said": stated, "source": source})] if stated else []
    header = {**record.header, "name": target.stem}
    write_record(target, header, [*record.entries.values(), *merge])
