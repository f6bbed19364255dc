"""Random convolutional features: an encoder without weights, for demos and as a baseline.

After MOSAIKS (Rolf et al. 2021, Nature Communications 12:4392): a feature is the mean response of a
random filter over the pixels of a patch. Nothing is learned, so the features describe texture and
colour, and nothing specific to mines.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from rareearth_explorer.data.threads import cores
from rareearth_explorer.embedding.encoders.encoder import Chips
from rareearth_explorer.errors import EncoderError

MIN_PIXELS = 8
"""Smallest side of a patch, in pixels."""

KERNEL = 3
"""Side of a filter in pixels: a precipitation pool is three to five PlanetScope pixels wide."""

STRIDE = 2
"""Pixels between responses; 1 takes four times as long and does not find mines better."""

TEXTURE_FILTERS = 320
"""Filters whose weights sum to 0 in every band: they respond to edges and spots, not to colour."""

COLOUR_FILTERS = 64
"""Filters of one pixel whose weights sum to 0 over the bands; they respond to colour only."""

MAX_THRESHOLD = 0.5
"""Thresholds are drawn between 0 and this value, in standard deviations of the scene."""

CLIP = 8.0
"""Standardised pixels are clipped to this range, so that a glint does not dominate a patch."""

# Pixels and filters are rounded to integers so small that every sum of their products stays below
# 2**24, where float32 is exact. So sums do not depend on the order in which BLAS adds, and a patch
# gets the same bits in any batch, on any machine, with any number of threads.
PIXEL_STEPS = 32
"""Steps per standard deviation to which pixels are rounded."""

FILTER_STEPS = 2**15
"""Sum of the absolute weights of a filter, in steps."""


class RandomFeatures:
    """Random filters and thresholds, averaged over the patch.

    Every filter gives two features: the mean excess of its responses over its threshold, and the
    same for the negated responses. The thresholds remove what all patches share, smooth ground and
    sensor noise, from the cosine. The square root reduces the influence of a few strong responses.
    All features are 0 or more, so cosines are between 0 and 1.

    Parameters
    ----------
    bands
        Band roles in the order of the pixels' channels; at least one.
    means, stds
        The scene's statistics, band by band, in digital numbers; stds above 0.
    gsd
        Ground sample distance of the scene in metres; recorded, not used.
    seed
        Seed of filters and thresholds.

    Raises
    ------
    EncoderError
        If the statistics do not match the bands, or a band is constant.
    """

    name = "random-features"
    dim = 2 * (TEXTURE_FILTERS + COLOUR_FILTERS)

    def __init__(
        self,
        bands: Sequence[str],
        means: npt.ArrayLike,
        stds: npt.ArrayLike,
        gsd: float,
        seed: int = 0,
    ) -> None:
        self.bands = tuple(bands)
        self.means = np.asarray(means, np.float64)
        self.stds = np.asarray(stds, np.float64)
        self.gsd = float(gsd)
        self.seed = seed
        self._check_statistics()
        weights, thresholds = draw_filters(len(self.bands), seed)
        self._steps = FILTER_STEPS / np.abs(weights).sum(axis=1)  # per unit of weight
        # Truncated rather than rounded: the sum of absolute weights must not grow.
        self._weights = np.trunc(weights * self._steps[:, None]).astype(np.float32)
        self._thresholds = np.rint(thresholds * self._steps * PIXEL_STEPS).astype(np.float32)

    def describe(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, as JSON types."""
        return {
            "name": self.name,
            "dim": self.dim,
            "bands": list(self.bands),
            "gsd": self.gsd,
            "seed": self.seed,
            "normalisation": {
                "source": "scene",
                "means": self.means.tolist(),
                "stds": self.stds.tolist(),
            },
        }

    def encode(self, chips: Chips) -> npt.NDArray[np.float32]:
        """Embed a batch: (n, 768) float32, all 0 or more, not normalised.

        The same patch gives the same bits in any batch, with any number of threads.

        Raises
        ------
        EncoderError
            If the pixels have other bands than the encoder, or fewer than 8 x 8 pixels.
        """
        pixels = np.asarray(chips.pixels)
        _, bands, height, width = pixels.shape
        if bands != len(self.bands):
            raise EncoderError(
                f"The patches have {bands} bands and the encoder was made for {len(self.bands)}: "
                "load the encoder again for this scene."
            )
        if min(height, width) < MIN_PIXELS:
            raise EncoderError(
                f"The patches are {height} x {width} pixels and random-features needs "
                f"{MIN_PIXELS} x {MIN_PIXELS}: choose a larger patch size."
            )
        with ThreadPoolExecutor(cores()) as threads:
            rows = list(threads.map(self._encode_one, pixels))
        return np.array(rows, np.float32).reshape(len(pixels), self.dim)

    def _encode_one(self, pixels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Embed one (C, H, W) patch: (768,)."""
        z = (pixels - self.means[:, None, None]) / self.stds[:, None, None]
        z = np.rint(z.clip(-CLIP, CLIP) * PIXEL_STEPS).astype(np.float32)
        windows = sliding_window_view(z, (KERNEL, KERNEL), axis=(1, 2))[:, ::STRIDE, ::STRIDE]
        columns = windows.transpose(0, 3, 4, 1, 2).reshape(self._weights.shape[1], -1)
        responses = self._weights @ columns  # [filters, positions], integers
        threshold = self._thresholds[:, None]
        above = np.maximum(responses, threshold).mean(axis=1, dtype=np.float64) - self._thresholds
        below = -np.minimum(responses, -threshold).mean(axis=1, dtype=np.float64) - self._thresholds
        excess = np.concatenate([above, below]) / np.tile(self._steps * PIXEL_STEPS, 2)
        return np.asarray(np.sqrt(excess))

    def _check_statistics(self) -> None:
        if not len(self.bands) == self.means.size == self.stds.size > 0:
            raise EncoderError(
                f"There are {len(self.bands)} bands, {self.means.size} means and {self.stds.size} "
                "standard deviations: give one of each per band."
            )
        constant = ~(np.isfinite(self.means) & np.isfinite(self.stds) & (self.stds > 0))
        if constant.any():
            band = self.bands[int(constant.argmax())]
            raise EncoderError(
                f"Band {band} of the scene is constant or has no valid pixels: leave it out."
            )


def draw_filters(bands: int, seed: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Draw the filters, (384, bands * 9) of unit length, and their thresholds, (384,)."""
    rng = np.random.default_rng(seed)
    texture = rng.standard_normal((TEXTURE_FILTERS, bands, KERNEL * KERNEL))
    texture -= texture.mean(axis=2, keepdims=True)
    colour = rng.standard_normal((COLOUR_FILTERS, bands))
    if bands > 1:  # a single band has only brightness
        colour -= colour.mean(axis=1, keepdims=True)
    centre = np.zeros((COLOUR_FILTERS, bands, KERNEL * KERNEL))
    centre[:, :, KERNEL * KERNEL // 2] = colour
    filters = np.concatenate([texture, centre]).reshape(TEXTURE_FILTERS + COLOUR_FILTERS, -1)
    filters /= np.linalg.norm(filters, axis=1, keepdims=True)
    return filters, rng.uniform(0, MAX_THRESHOLD, len(filters))
