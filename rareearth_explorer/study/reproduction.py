"""The paper's figures and numbers, for any patch table with labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from rareearth_explorer.data.labels import PoolCount, open_labels
from rareearth_explorer.data.table import PatchTable, open_table
from rareearth_explorer.data.threads import cores
from rareearth_explorer.errors import LabelsError, SessionError
from rareearth_explorer.score.contrast import Vector, contrast_of
from rareearth_explorer.score.evaluation import (
    Ranking,
    RocCurve,
    roc_corners,
    scored_patches,
    spatial_blocks,
)

__all__ = ["Judge"]

FEWEST = 3
"""Smallest number of patches with a mine, and of patches without."""

AT_ONCE = 128
"""Number of templates whose cosines are in memory at once: 15 MB at the paper's size."""

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judge:
    """Labelled patches, and the choice of those that evaluate a ranking made from templates.

    Attributes
    ----------
    table
        The patches.
    pools
        (N,) pool count of each patch.
    include_templates
        Whether templates are evaluated, too, as in the paper.
    block_side
        Side in metres of the blocks that are left out if they hold a template; None for no blocks.
    count
        What became of the labels of a file; None for numbers of pools that were given.
    """

    table: PatchTable
    pools: npt.NDArray[np.int64]
    include_templates: bool = False
    block_side: float | None = None
    count: PoolCount | None = None

    @classmethod
    def open(
        cls,
        table: Path,
        labels: Path,
        *,
        layer: str | None = None,
        include_templates: bool = False,
        block_side: float | None = None,
    ) -> Self:
        """Open a patch table and its labels; `layer` is as for `open_labels`.

        Raises
        ------
        ExplorerError
            A file cannot be opened, almost no patch or almost every patch is labelled, or blocks
            have no size.
        """
        if block_side is not None and not block_side > 0:
            raise SessionError("Blocks of no size hold nothing out; give metres above 0.")
        patches = open_table(table)
        count = open_labels(labels, layer=layer).count(patches.footprints)
        pools = count.per_patch
        mines = int(np.count_nonzero(pools))
        if min(mines, len(pools) - mines) < FEWEST:
            raise LabelsError(
                f"{labels}: {mines} of {len(pools)} patches have a label; give labels and a table "
                f"with at least {FEWEST} labelled and {FEWEST} unlabelled patches."
            )
        return cls(patches, pools, include_templates, block_side, count)

    @cached_property
    def mines(self) -> Mask:
        """(N,) True for the mine patches."""
        return self.pools > 0

    @cached_property
    def blocks(self) -> npt.NDArray[np.int64] | None:
        """(N,) block of each patch, or None."""
        if self.block_side is None:
            return None
        return spatial_blocks(places_in_metres(self.table), self.block_side)

    def scored(self, templates: Sequence[int]) -> Mask:
        """(N,) True for the patches to evaluate.

        Raises
        ------
        LabelsError
            All of them are mines, or none is.
        """
        scored = scored_patches(
            len(self.pools),
            templates,
            include_templates=self.include_templates,
            blocks=self.blocks,
        )
        if not 0 < np.count_nonzero(self.mines & scored) < np.count_nonzero(scored):
            raise LabelsError(
                f"{self.table.path or 'The table'}: without the templates and the blocks held out "
                "with them, no mine patch is left, or no other patch; choose fewer "
                "templates or smaller blocks."
            )
        return scored

    def ranking(self, scores: npt.NDArray[Any], scored: Mask) -> Ranking:
        """Rank the evaluated patches."""
        return Ranking.of(scores[scored], self.pools[scored])


def places_in_metres(table: PatchTable) -> npt.NDArray[np.float64]:
    """(N, 2) centres of the patches in metres, on a plane tangent to the Earth at their centre."""
    lon, lat = table.centroids.T
    plane = f"+proj=laea +lon_0={lon.mean()} +lat_0={lat.mean()} +datum=WGS84"
    x, y = Transformer.from_crs("EPSG:4326", plane, always_xy=True).transform(lon, lat)
    return np.stack([x, y], axis=-1)


def single_template_curves(judge: Judge) -> list[RocCurve]:
    """ROC curve of the cosine to each mine patch in turn (Fig. 3b), exact, also with ties.

    The curves are given by their corners, in the order of `np.flatnonzero(judge.mines)`.

    Raises
    ------
    LabelsError
        Without a template and its held-out block, no mine is left to find.
    """
    rows = judge.table.unit_embeddings

    def curve(template: int, cosines: Vector) -> RocCurve:
        scored = judge.scored([template])
        return roc_corners(cosines[scored & judge.mines], cosines[scored & ~judge.mines])

    curves: list[RocCurve] = []
    with ThreadPoolExecutor(cores()) as threads:
        for templates in _portions(np.flatnonzero(judge.mines)):
            curves += threads.map(curve, templates.tolist(), rows[templates] @ rows.T)
    return curves


def random_pairs(judge: Judge, count: int, seed: int) -> Rows:
    """Draw (count, 2) pairs of a mine patch and another patch, with equal probability."""
    rng = np.random.default_rng(seed)
    mines, others = np.flatnonzero(judge.mines), np.flatnonzero(~judge.mines)
    return np.stack([rng.choice(mines, count), rng.choice(others, count)], axis=-1)


def pair_contrasts(judge: Judge, pairs: Rows) -> Iterator[Vector]:
    """Cosine Contrast for each pair of a positive and a negative template, (N,) each."""
    rows = judge.table.unit_embeddings
    for portion in _portions(pairs):
        positive, negative = (rows[templates] @ rows.T for templates in portion.T)
        yield from contrast_of(positive, negative)


def _portions(rows: Rows) -> Iterator[Rows]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
