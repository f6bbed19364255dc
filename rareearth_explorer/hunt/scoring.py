"""How templates become scores: the scorer chosen, and the means it takes over templates."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import SessionError
from rareearth_explorer.score.contrast import ScoreKind, Vector
from rareearth_explorer.score.scorers import SCORERS, Scorer
from rareearth_explorer.score.whitening import Whitening

STEPS = 2.0**40
"""Steps from 0 to 1 in which columns are summed: finer than float32, and sums stay below 2**63."""

FEW = 16
"""Templates whose columns are computed one by one."""

BLOCK = 64
"""Templates whose columns are computed at once where there are many, as after a lasso."""

Sign = Literal["positive", "negative"]
Sums = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scoring:
    """The analyst's choice of a scorer.

    Attributes
    ----------
    scorer
        Key of `scorers.SCORERS`; the default is the paper's Cosine Contrast.
    weight
        How much the negatives count, in [0, 1]; 1 is equation 3, see `scorers.weighted_contrast`.

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
            raise SessionError(f"The negatives' weight is from 0 to 1, not {self.weight:g}.")

    @property
    def rule(self) -> Scorer:
        """What turns columns into scores."""
        scorer = SCORERS[self.scorer]
        return scorer if self.weight == 1 else scorer.weighted(self.weight)

    def name(self, kind: ScoreKind) -> str:
        """Say what a score of this kind is, for legends and reports."""
        name = SCORERS[self.scorer].name(kind)
        weighted = kind is ScoreKind.CONTRAST and self.weight != 1
        return f"{name}, negatives weighing {self.weight:g}" if weighted else name


@dataclass(eq=False)
class Columns:
    """Mean likeness of every patch to templates, as a scorer sees it.

    A click changes the templates by one, and so the mean by one column: sums are kept, and a
    column is added to them or taken away. They are kept in whole numbers, so that what is taken
    away leaves no trace and a thousand clicks round as little as one.

    Parameters
    ----------
    units
        (N, D) float32 rows of length 1, such as a table's.
    """

    units: npt.NDArray[np.float32]
    _whitened: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _whitening: threading.Lock = field(default_factory=threading.Lock, init=False)
    _sums: dict[tuple[str, Sign], tuple[frozenset[int], Sums]] = field(
        default_factory=dict, init=False
    )

    def ready(self, scorer: str) -> bool:
        """Whether a column takes one matrix-vector product, with nothing to be done before."""
        return self._whitened is not None or not SCORERS[scorer].whitened

    def prepare(self, scorer: str) -> None:
        """Do what a scorer needs once for all patches; may be called on any thread."""
        if self.ready(scorer):
            return  # without waiting for another thread that prepares another scorer
        with self._whitening:
            if self._whitened is None:
                self._whitened = Whitening.fit(self.units).apply(self.units)

    def mean(self, scorer: str, sign: Sign, templates: Collection[int]) -> Vector | None:
        """Mean of the templates' columns, (N,) float32; None without templates.

        Parameters
        ----------
        scorer
            Key of `scorers.SCORERS`.
        sign
            Whose sum it is: that of the positives and that of the negatives are kept apart.
        templates
            Row numbers.
        """
        wanted = frozenset(templates)
        nothing = frozenset[int](), np.zeros(len(self.units), np.int64)
        known, total = self._sums.get((scorer, sign), nothing)
        if len(known ^ wanted) > len(wanted):
            known, total = nothing
        total = total + self._sum(scorer, wanted - known) - self._sum(scorer, known - wanted)
        self._sums[scorer, sign] = wanted, total
        return (total / (STEPS * len(wanted))).astype(np.float32) if wanted else None

    def _sum(self, scorer: str, templates: Collection[int]) -> Sums:
        self.prepare(scorer)
        rule, total = SCORERS[scorer], np.zeros(len(self.units), np.int64)
        rows = self.units if not rule.whitened or self._whitened is None else self._whitened
        # One product for each is as fast as memory for a few, and gives the same bits each time.
        block = 1 if len(templates) <= FEW else BLOCK
        ordered = sorted(templates)
        for start in range(0, len(ordered), block):
            columns = rule.column(rows @ rows[ordered[start : start + block]].T)
            total += np.rint(columns.astype(np.float64) * STEPS).sum(axis=1).astype(np.int64)
        return total
