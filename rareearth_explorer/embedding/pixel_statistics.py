"""Embeddings of patches from embeddings of pixels: their mean, and how they vary."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from rareearth_explorer.data.numbers import Coding
from rareearth_explorer.data.numbers.coding import PLAIN
from rareearth_explorer.data.recipes import Recipe
from rareearth_explorer.embedding.encoders.encoder import Chips

Statistics = Literal["mean", "mean-std", "overview"]
"""What a patch gets of its pixels' embeddings."""

STATISTICS: tuple[Statistics, ...] = get_args(Statistics)


class PixelStatistics:
    """The mean of a patch's pixel embeddings, of length 1; or their mean and standard deviation.

    Pixels without data are left out: those that are empty in the raster, and those whose numbers
    are the recipe's code of missing data, not finite, or all zero.

    Parameters
    ----------
    recipe
        The product that the pixels are of.
    dimensions
        Numbers in the embedding of a pixel.
    statistics
        `mean`, or `mean-std` for twice as many numbers: first the means, then the standard
        deviations, together of length 1. `overview` takes one pixel, the maker's mean of a patch.
    decoded
        How the numbers of the pixels were decoded already; None if they are as the recipe says.
    """

    def __init__(
        self,
        recipe: Recipe,
        dimensions: int,
        statistics: Statistics = "mean",
        decoded: str | None = None,
    ) -> None:
        self.name = f"{recipe.name}, {statistics} of pixels"
        self.dim = dimensions * (2 if statistics == "mean-std" else 1)
        self._recipe = recipe
        self._statistics = statistics
        self._coding: Coding = PLAIN if decoded else recipe.coding or PLAIN
        self._formula = decoded or self._coding.formula

    def describe(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, as JSON types."""
        return {
            "name": self.name,
            "recipe": self._recipe.name,
            "licence": self._recipe.licence,
            "source": self._recipe.source,
            "statistics": self._statistics,
            "coding": self._formula,
        }

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        """Summarise a batch of patches: (n, dim) float32; rows of zeros where no pixel has data."""
        count, channels = chips.pixels.shape[:2]
        stored = chips.pixels.reshape(count, channels, -1).transpose(0, 2, 1)
        numbers = self._coding.decode(stored).astype(np.float64)
        there = np.isfinite(numbers).all(axis=-1) & numbers.any(axis=-1)
        if chips.valid is not None:
            there &= chips.valid.reshape(count, -1)
        numbers[~there] = 0
        weights = there / np.maximum(there.sum(axis=1, keepdims=True), 1)
        means = np.einsum("np,npc->nc", weights, numbers)
        if self._statistics == "mean-std":
            varying = np.square(numbers - means[:, None])
            means = np.hstack([means, np.sqrt(np.einsum("np,npc->nc", weights, varying))])
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.where(lengths > 0, lengths, 1), np.float32)
