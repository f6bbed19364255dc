"""Labelled patches for the study: embeddings and pool counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.table.patch_table import unit_rows
from rareearth_explorer.embedding import encoders
from rareearth_explorer.embedding.encoders import Chips
from rareearth_explorer.errors import LabelsError
from rareearth_explorer.score.whitening import Whitening
from rareearth_explorer.study.reproduction import Judge

CHIP_BANDS = ("red", "green", "blue")

GRAM_PATCHES = 32_768
"""Largest number of patches whose mutual cosines are kept in memory, up to 4 GB."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled patches.

    Attributes
    ----------
    name
        Name of the data, for headings.
    embeddings
        (N, D) float32 rows of length 1.
    pools
        (N,) pool count of each patch; 1 for a mine whose pools were not counted.
    """

    name: str
    embeddings: npt.NDArray[np.float32]
    pools: npt.NDArray[np.int64]

    @property
    def mines(self) -> npt.NDArray[np.int64]:
        """Row numbers of the mine patches."""
        return np.flatnonzero(self.pools)

    @property
    def others(self) -> npt.NDArray[np.int64]:
        """Row numbers of the other patches."""
        return np.flatnonzero(self.pools == 0)

    @cached_property
    def whitening(self) -> Whitening:
        """Whitening fitted on all patches, without labels."""
        return Whitening.fit(self.embeddings)

    @cached_property
    def whitened(self) -> npt.NDArray[np.float32]:
        """(N, D) float32 whitened rows of length 1."""
        return self.whitening.apply(self.embeddings)

    def rows(self, whitened: bool) -> npt.NDArray[np.float32]:
        """(N, D) embeddings, whitened if the scorer needs it."""
        return self.whitened if whitened else self.embeddings

    def columns(self, patches: npt.NDArray[np.int64], whitened: bool) -> npt.NDArray[np.float32]:
        """Cosines of some patches to all patches, (n, N)."""
        if len(self.pools) > GRAM_PATCHES:
            rows = self.rows(whitened)
            return rows[patches] @ rows.T
        return (self._whitened_cosines if whitened else self._cosines)[patches]

    # A hunt needs a column after every click, and a product of a few rows with all rows is bound
    # by memory: all columns at once take as long as some hundred columns one by one.
    @cached_property
    def _cosines(self) -> npt.NDArray[np.float32]:
        return self.embeddings @ self.embeddings.T

    @cached_property
    def _whitened_cosines(self) -> npt.NDArray[np.float32]:
        return self.whitened @ self.whitened.T


def of_table(name: str, table: Path, labels: Path, layer: str | None = None) -> Labelled:
    """Open a patch table and its labels; `layer` is as for `open_labels`.

    Raises
    ------
    ExplorerError
        A file cannot be opened, or almost no patch or almost every patch is labelled.
    """
    judge = Judge.open(table, labels, layer=layer)
    return Labelled(name, judge.table.unit_embeddings, judge.pools)


def of_chips(name: str, path: Path) -> Labelled:
    """Embed labelled RGB chips with the weight-free encoder.

    Parameters
    ----------
    path
        An `.npz` file of `x`, (n, H, W, 3) pixels, and `y`, (n,) 1 where there is a mine.

    Raises
    ------
    LabelsError
        The file does not have these arrays.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            chips = np.ascontiguousarray(file["x"].transpose(0, 3, 1, 2), np.float32)
            pools = file["y"].astype(np.int64).reshape(len(chips))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise LabelsError(
            f"{path}: this is no .npz file of chips x, (n, H, W, 3), and labels y, (n,); give one."
        ) from error
    encoder = encoders.load(
        "random-features",
        bands=CHIP_BANDS,
        means=chips.mean(axis=(0, 2, 3)),
        stds=chips.std(axis=(0, 2, 3)),
        gsd=10.0,
    )
    rows = encoder.encode(Chips(chips, np.zeros((len(chips), 2))))
    return Labelled(name, unit_rows(rows, str(path)), pools)
