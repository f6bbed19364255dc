"""How templates become scores: the scorer chosen, and the columns it keeps of each template."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rareearth_explorer.contrast import ScoreKind, Vector, cosine_to
from rareearth_explorer.errors import SessionError
from rareearth_explorer.scorers import SCORERS, Scorer
from rareearth_explorer.whitening import Whitening

COLUMNS_KEPT = 512
"""Columns kept, one per template and scorer: 115 kB each at the paper's size."""


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
    """Likeness of every patch to a template, as a scorer sees it, made once for each.

    Parameters
    ----------
    units
        (N, D) float32 rows of length 1, such as a table's.
    """

    units: npt.NDArray[np.float32]
    _whitened: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _whitening: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.of = lru_cache(COLUMNS_KEPT)(self._make)

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

    def _make(self, scorer: str, template: int) -> Vector:
        self.prepare(scorer)
        rule = SCORERS[scorer]
        rows = self.units if not rule.whitened or self._whitened is None else self._whitened
        return rule.column(cosine_to(rows, template))
