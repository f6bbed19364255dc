"""Mean similarity of every patch to the templates; another template costs one column."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rareearth_explorer.score.contrast import Vector
from rareearth_explorer.score.scorers import SCORERS
from rareearth_explorer.score.whitening import Whitening

STEPS = 2.0**40
"""Steps from 0 to 1 in which columns are summed: finer than float32, and sums stay below 2**63."""

FEW = 16
"""Number of templates whose columns are computed one by one."""

BLOCK = 64
"""Number of columns computed together if there are many, as after a lasso."""

RECENT = 8
"""Number of recent columns kept: unmarking or undoing them costs no product."""

Sums = npt.NDArray[np.int64]


@dataclass(eq=False)
class Columns:
    """Mean similarity of every patch to the templates, in a scorer's columns.

    A click changes the templates by one, and the mean by one column, which is added to the kept
    sum or subtracted from it. The sums are whole numbers, so that subtracting a column is exact
    and rounding does not accumulate over many clicks.

    Parameters
    ----------
    units
        (N, D) float32 rows of length 1, such as a table's.
    """

    units: npt.NDArray[np.float32]
    _whitened: npt.NDArray[np.float32] | None = field(default=None, init=False)
    _whitening: threading.Lock = field(default_factory=threading.Lock, init=False)
    _sums: dict[tuple[str, str], tuple[frozenset[int], Sums]] = field(
        default_factory=dict, init=False
    )
    _recent: OrderedDict[tuple[str, int], Sums] = field(default_factory=OrderedDict, init=False)

    def ready(self, scorer: str) -> bool:
        """Whether a column takes one matrix-vector product, with no preparation before it."""
        return self._whitened is not None or not SCORERS[scorer].whitened

    def prepare(self, scorer: str) -> None:
        """Prepare a scorer once for all patches; may be called on any thread."""
        if self.ready(scorer):
            return  # without waiting for another thread that prepares another scorer
        with self._whitening:
            if self._whitened is None:
                self._whitened = Whitening.fit(self.units).apply(self.units)

    def mean(self, scorer: str, sign: str, templates: Collection[int]) -> Vector | None:
        """Mean of the templates' columns, (N,) float32; None without templates.

        Parameters
        ----------
        scorer
            Key of `scorers.SCORERS`.
        sign
            "positive" or "negative"; each sign has its own sum.
        templates
            Row numbers.
        """
        wanted = frozenset(templates)
        nothing = frozenset[int](), np.zeros(len(self.units), np.int64)
        known, total = self._sums.get((scorer, sign), nothing)
        new, gone = wanted - known, known - wanted
        if len(new) + len(gone) > len(wanted):
            new, gone, total = wanted, nothing[0], nothing[1]
        total = total + self._sum(scorer, new) - self._sum(scorer, gone)
        self._sums[scorer, sign] = wanted, total
        return (total / (STEPS * len(wanted))).astype(np.float32) if wanted else None

    def _sum(self, scorer: str, templates: Collection[int]) -> Sums:
        self.prepare(scorer)
        ordered = sorted(templates)
        total = np.zeros(len(self.units), np.int64)
        if len(ordered) <= FEW:
            # For a few, one product each runs at memory bandwidth and always gives the same bits.
            for template in ordered:
                total += self._column(scorer, template)
            return total
        for start in range(0, len(ordered), BLOCK):
            total += self._product(scorer, ordered[start : start + BLOCK])
        return total

    def _column(self, scorer: str, template: int) -> Sums:
        key = scorer, template
        if key not in self._recent:
            self._recent[key] = self._product(scorer, [template])
        self._recent.move_to_end(key)
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return self._recent[key]

    def _product(self, scorer: str, templates: list[int]) -> Sums:
        rule = SCORERS[scorer]
        rows = self.units if not rule.whitened or self._whitened is None else self._whitened
        columns = rule.column(rows @ rows[templates].T)
        steps: Sums = np.rint(columns.astype(np.float64) * STEPS).sum(axis=1).astype(np.int64)
        return steps
