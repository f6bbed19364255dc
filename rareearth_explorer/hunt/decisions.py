"""The decisions of an analyst, as immutable values; `steps` makes new ones from old ones.

No embeddings are needed here: decisions and a table together give scores, see `state`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack

from immutables import Map

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.patch_mask import Mask, PatchMask
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.scorers import SCORERS, Scorer

Sign = Literal["positive", "negative"]
"""What a template shows: a mine (positive) or something else (negative)."""

Verdict = Literal["confirmed", "rejected", "skipped"]
"""The analyst's decision on a patch in the review."""

Value = TypeVar("Value", bound=str)

__all__ = [
    "Audit",
    "Decisions",
    "Mask",
    "Round",
    "Scoring",
    "Sign",
    "Templates",
    "Verdict",
]


@dataclass(frozen=True, eq=False)
class Templates:
    """Patches that the analyst marked as examples.

    Attributes
    ----------
    marked
        Row number -> sign and the number of the mark, which orders templates by marking.
    marks
        Number of marks made so far.
    """

    marked: Map[int, tuple[Sign, int]] = field(default_factory=Map)
    marks: int = 0

    @property
    def positives(self) -> tuple[int, ...]:
        """Row numbers of the positive templates, in the order of marking."""
        return self._of("positive")

    @property
    def negatives(self) -> tuple[int, ...]:
        """Row numbers of the negative templates, in the order of marking."""
        return self._of("negative")

    @property
    def by_sign(self) -> dict[Sign, tuple[int, ...]]:
        """Positives and negatives by their sign."""
        return {"positive": self.positives, "negative": self.negatives}

    def _of(self, sign: Sign) -> tuple[int, ...]:
        found = [(number, patch) for patch, (its, number) in self.marked.items() if its == sign]
        return tuple(patch for _, patch in sorted(found))

    def sign_of(self, patch: int) -> Sign | None:
        """Sign of a patch; None if it is not a template."""
        sign, _ = self.marked.get(patch, (None, 0))
        return sign

    def without(self, patches: Iterable[int]) -> Templates:
        """Templates without some patches."""
        gone = [patch for patch in dict.fromkeys(patches) if patch in self.marked]
        if not gone:
            return self
        marked = self.marked.mutate()
        for patch in gone:
            del marked[patch]
        return Templates(marked.finish(), self.marks)

    def with_sign(self, patches: Iterable[int], sign: Sign) -> Templates:
        """Templates in which all `patches` have `sign`, whatever sign they had before."""
        new = [patch for patch in dict.fromkeys(patches) if self.sign_of(patch) != sign]
        if not new:
            return self
        marked = self.marked.mutate()
        for number, patch in enumerate(new, start=self.marks):
            marked[patch] = sign, number
        return Templates(marked.finish(), self.marks + len(new))

    def __len__(self) -> int:
        """Count the templates of both signs."""
        return len(self.marked)


@dataclass(frozen=True)
class Scoring:
    """The analyst's choice of a scorer.

    Attributes
    ----------
    scorer
        Key of `scorers.SCORERS`; the default is the paper's Cosine Contrast.
    weight
        Weight of the negatives, in [0, 1]; 1 is equation 3, see `scorers.weighted_contrast`.

    Raises
    ------
    SessionError
        There is no such scorer, or the weight is out of bounds.
    """

    scorer: str = "contrast"
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.scorer not in SCORERS:
            raise SessionError(
                f"There is no scorer {self.scorer!r}; choose {' or '.join(SCORERS)}."
            )
        if not 0 <= self.weight <= 1:
            raise SessionError(
                f"The weight of the negatives must be from 0 to 1, not {self.weight:g}."
            )

    @property
    def rule(self) -> Scorer:
        """The scorer, with its weight, that turns columns into scores."""
        scorer = SCORERS[self.scorer]
        return scorer if self.weight == 1 else scorer.weighted(self.weight)

    def name(self, kind: ScoreKind) -> str:
        """Return the name of a score of this kind, for legends and reports."""
        name = SCORERS[self.scorer].name(kind)
        weighted = kind is ScoreKind.CONTRAST and self.weight != 1
        return f"{name}, weight of the negatives {self.weight:g}" if weighted else name


@dataclass(frozen=True)
class Audit:
    """An audit sample: a random sample of the discarded patches, to estimate the missed mines.

    Attributes
    ----------
    sample
        Row numbers in random order, so that every first part is a random sample too.
    pile
        The patches that it was drawn from: those that were discarded at that time and not judged
        before.
    discarded
        All patches that were discarded at that time.
    """

    sample: tuple[int, ...]
    pile: PatchMask
    discarded: PatchMask


@dataclass(frozen=True, eq=False)
class Round:
    """One round of iterative refinement.

    Attributes
    ----------
    kept
        The patches that are active in the round.
    threshold
        Patches that scored below it were discarded to begin this round; None in the first.
    before
        Decisions at the end of the previous round; None in the first.
    """

    kept: PatchMask
    threshold: float | None = None
    before: Decisions | None = None

    @property
    def active(self) -> Mask:
        """(N,) True for the active patches."""
        return self.kept.flags


class Parts(TypedDict, total=False):
    """The parts of decisions that a step may replace."""

    templates: Templates
    verdicts: Map[int, Verdict]
    notes: Map[int, str]
    muted: frozenset[int]
    audit: Audit | None
    rounds: tuple[Round, ...]
    scoring: Scoring
    branches: tuple[Decisions, ...]


@dataclass(frozen=True, eq=False)
class Decisions:
    """Everything that an analyst decided about a table; the same decisions give the same scores.

    Attributes
    ----------
    patches
        Number of patches of the table, N; patches are numbered 0 to N - 1.
    rounds
        The rounds so far; the last is the present one.
    templates
        The templates.
    verdicts
        Row number -> confirmed, rejected or skipped.
    notes
        Row number -> free text.
    muted
        Row numbers of the muted templates, which do not affect the scores.
    audit
        The audit sample that was drawn last, or None.
    scoring
        The scorer and its weight.
    branches
        Decisions at the end of the rounds that the analyst left by going back, oldest first.
    """

    patches: int
    rounds: tuple[Round, ...]
    templates: Templates = field(default_factory=Templates)
    verdicts: Map[int, Verdict] = field(default_factory=Map)
    notes: Map[int, str] = field(default_factory=Map)
    muted: frozenset[int] = frozenset()
    audit: Audit | None = None
    scoring: Scoring = field(default_factory=Scoring)
    branches: tuple[Decisions, ...] = ()

    @classmethod
    def none(cls, patches: int) -> Self:
        """Make the decisions of a new session: nothing is marked and every patch is active."""
        return cls(patches, (Round(PatchMask.of_all(patches)),))

    @property
    def active(self) -> Mask:
        """(N,) True for the patches that no refinement has discarded."""
        return self.rounds[-1].active

    @property
    def basis(self) -> tuple[Templates, frozenset[int], Scoring]:
        """Everything besides the table that the scores depend on."""
        return self.templates, self.muted, self.scoring

    def with_(self, **parts: Unpack[Parts]) -> Self:
        """Replace parts; return the same object if no part changes.

        Templates that are removed or change their sign are no longer muted.
        """
        values: dict[str, Any] = {**parts}
        if self.muted and "templates" in parts and "muted" not in parts:
            before, after = self.templates, parts["templates"]
            kept = frozenset(p for p in self.muted if after.sign_of(p) == before.sign_of(p))
            values["muted"] = kept
        changed = {n: v for n, v in values.items() if not _same(getattr(self, n), v)}
        return replace(self, **changed) if changed else self


def _same(before: object, after: object) -> bool:
    # Maps are checked by identity: the functions that change them return the same object if
    # nothing changes, and an equality test of ten thousand verdicts would slow down every step.
    return before is after or (not isinstance(before, Map) and before == after)


def with_value(
    mapping: Map[int, Value], patches: Iterable[int], value: Value | None
) -> Map[int, Value]:
    """Set all `patches` of a map to `value`, or remove them if it is None or empty."""
    if value:
        other = [patch for patch in patches if mapping.get(patch) != value]
    else:
        other = [patch for patch in dict.fromkeys(patches) if patch in mapping]
    if not other:
        return mapping
    changed = mapping.mutate()
    for patch in other:
        if value:
            changed[patch] = value
        else:
            del changed[patch]
    return changed.finish()
