"""Immutable values that a session goes through; a verb makes a new one and never changes an old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rareearth_explorer.hunt.scoring import Scoring, Sign
from rareearth_explorer.hunt.views.scale import ScoreScale
from rareearth_explorer.score.contrast import ScoreKind, Vector

Verdict = Literal["confirmed", "rejected", "skipped"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Templates:
    """Patches the analyst marked as examples, in the order of marking.

    Attributes
    ----------
    positives
        Row numbers of patches that show what is sought.
    negatives
        Row numbers of patches that show what is not.
    """

    positives: tuple[int, ...] = ()
    negatives: tuple[int, ...] = ()

    @property
    def by_sign(self) -> dict[Sign, tuple[int, ...]]:
        """Positives and negatives by what they are called."""
        return {"positive": self.positives, "negative": self.negatives}

    def sign_of(self, patch: int) -> Sign | None:
        """Sign of a patch, None when it is no template."""
        if patch in self.positives:
            return "positive"
        return "negative" if patch in self.negatives else None

    def without(self, patches: Iterable[int]) -> Templates:
        """Templates less some patches."""
        gone = set(patches)
        return Templates(
            tuple(p for p in self.positives if p not in gone),
            tuple(p for p in self.negatives if p not in gone),
        )

    def marked(self, patches: Iterable[int], sign: Sign) -> Templates:
        """Templates with all `patches` carrying `sign`, whatever they carried before."""
        new = [p for p in dict.fromkeys(patches) if self.sign_of(p) != sign]
        rest = self.without(new)
        if sign == "positive":
            return Templates((*rest.positives, *new), rest.negatives)
        return Templates(rest.positives, (*rest.negatives, *new))


@dataclass(frozen=True)
class Audit:
    """A random sample of the discarded patches, to be reviewed for missed mines.

    Attributes
    ----------
    sample
        Row numbers in random order, so that any beginning of it is a random sample too.
    pile
        (N,) True for the patches that it was drawn from: those discarded then, less those that
        had been judged, which are known.
    discarded
        (N,) True for all patches that were discarded then.
    """

    sample: tuple[int, ...]
    pile: Mask = field(compare=False)
    discarded: Mask = field(compare=False)


@dataclass(frozen=True)
class Opinions:
    """What the analyst decided about single patches; maps are never changed in place.

    Attributes
    ----------
    verdicts
        Row number -> confirmed, rejected or skipped.
    notes
        Row number -> free text.
    muted
        Row numbers of templates whose effect on the scores is switched off.
    audit
        The random sample of the discarded patches that was drawn last, or None.
    """

    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    muted: frozenset[int] = frozenset()
    audit: Audit | None = None

    def following(self, before: Templates, after: Templates) -> Opinions:
        """Carry opinions over a change of templates: those that went or turned are not muted."""
        kept = (p for p in self.muted if after.sign_of(p) == before.sign_of(p))
        return replace(self, muted=frozenset(kept))


def with_value(mapping: Mapping[int, Any], keys: Iterable[int], value: Any) -> dict[int, Any]:
    """Copy a map with `value` at all `keys`, or without them when it is None or empty."""
    changed = {key: kept for key, kept in mapping.items() if key not in set(keys)}
    return changed | dict.fromkeys(keys, value) if value else changed


@dataclass(frozen=True, eq=False)
class Round:
    """One round of iterative refinement.

    Attributes
    ----------
    active
        (N,) True for the patches still in play.
    threshold
        Scores below it were discarded to make this round; None in the first.
    before
        State in which the round before was left, or None in the first.
    """

    active: Mask
    threshold: float | None = None
    before: State | None = None


@dataclass(frozen=True, eq=False)
class State:
    """Everything that follows from the templates and the rounds.

    Attributes
    ----------
    templates
        What is marked.
    rounds
        The rounds so far; the last is the present one.
    scores
        (N,) float32 in [-1, 1], higher is more mine-like; NaN while nothing is marked.
    kind
        What the scores are.
    opinions
        Verdicts, notes, and templates switched off.
    scoring
        By which scorer.
    branches
        States in which lines of rounds were left by going back, oldest first.
    """

    templates: Templates
    rounds: tuple[Round, ...]
    scores: Vector
    kind: ScoreKind
    opinions: Opinions = field(default_factory=Opinions)
    scoring: Scoring = field(default_factory=Scoring)
    branches: tuple[State, ...] = ()

    @property
    def basis(self) -> tuple[Templates, frozenset[int], Scoring]:
        """All that the scores depend on."""
        return self.templates, self.opinions.muted, self.scoring

    @property
    def score_name(self) -> str:
        """What the scores are, in words."""
        return self.scoring.name(self.kind)

    @property
    def line(self) -> tuple[State, ...]:
        """States in which the rounds so far were left, and this one for the present round."""
        return (*(r.before for r in self.rounds if r.before is not None), self)

    @property
    def active(self) -> Mask:
        """(N,) True for the patches not discarded so far."""
        return self.rounds[-1].active

    def forget(self) -> None:
        """Drop what can be computed again, for a state that is only kept to be returned to."""
        for name in ("ordering", "ranking", "ranks"):
            self.__dict__.pop(name, None)

    @cached_property
    def scale(self) -> ScoreScale:
        """How these scores become colours, the same in every panel."""
        return ScoreScale.of(self.scores, self.active, self.kind)

    @cached_property
    def ordering(self) -> npt.NDArray[np.float64]:
        """(N,) number that sorts all patches: first by how long they stayed, then by score.

        A patch discarded later stands above every patch discarded earlier, whatever their
        scores; scores are in [-1, 1], so 4 apart keeps the rounds from touching.
        """
        stayed = np.sum([r.active for r in self.rounds], axis=0)
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
