"""Relative radiometric normalisation: convert each date to the first scene's units.

Haze, calibration and the sun's height affect all pixels of a date alike, as a gain and an offset
in each band. A regression on unchanged pixels finds them. IR-MAD finds the unchanged pixels
(Nielsen 2007, IEEE Trans. Image Process. 16; Canty & Nielsen 2008, Remote Sens. Environ. 112),
which is invariant to gain and offset, because it compares dates by canonical correlation. At
least half of the pixels must be unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window
from scipy.linalg import eigh
from scipy.special import chdtrc  # survival function of chi2; scipy.stats loads slowly

from rareearth_explorer.change.stack import Stack
from rareearth_explorer.change.welford import LEAST_DATES, RunningDeviation
from rareearth_explorer.errors import SceneError

Floats = npt.NDArray[np.float64]

SAMPLE_BLOCKS, SAMPLE_SIDE = 8, 64
"""Pixels are sampled in 8 x 8 blocks of 64 x 64, spread evenly over the scene."""

UNCHANGED = 0.95
"""Probability of no change above which the regression uses a pixel, as in Canty & Nielsen."""

LEAST_PIXELS = 100
"""Smallest number of unchanged pixels for a regression."""

_ROUNDS, _SETTLED = 30, 1e-4


@dataclass(frozen=True, eq=False)
class Normalisation:
    """Conversion of each date's pixels to the units of the first scene.

    Attributes
    ----------
    gain, offset
        (T, C) factor of each band, and summand.
    correlation
        (T,) of the unchanged pixels with those of the first scene, in the band where it is
        lowest; if it is not near 1, the normalisation is a guess.
    unchanged
        (T,) number of sampled pixels that are unchanged since the first scene.
    before, after
        (C,) median over pixels of the standard deviation over time, without and with normalisation,
        on sampled pixels that were not used to fit it and are valid on two dates or more.
    """

    gain: Floats
    offset: Floats
    correlation: Floats
    unchanged: npt.NDArray[np.int64]
    before: Floats
    after: Floats

    def apply(self, number: int, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Normalise (C, ...) pixels of one date."""
        column = (-1,) + (1,) * (pixels.ndim - 1)
        gain = self.gain[number].astype(np.float32).reshape(column)
        offset = self.offset[number].astype(np.float32).reshape(column)
        return np.asarray(pixels * gain + offset, np.float32)


def normalise(stack: Stack) -> Normalisation:
    """Fit the normalisation of a stack on a sample of its pixels, one date in memory at a time.

    Raises
    ------
    SceneError
        Almost no pixel is unchanged between a date and the first scene.
    """
    reference = stack.scenes.index(stack.first)
    there, usable = sample(stack, reference)
    learning = np.arange(len(usable)) % 2 == 0
    shape = len(stack.bands), 1, int((~learning).sum())
    before, after = RunningDeviation(shape), RunningDeviation(shape)
    fits = []
    for number in range(len(stack)):
        here, valid = sample(stack, number)
        both = valid & usable & learning
        same = np.ones(both.sum(), bool)
        if number != reference:
            same = unchanged(here[:, both], there[:, both])
        if same.sum() < LEAST_PIXELS:
            raise SceneError(
                f"{stack.scenes[number].path}: only {int(same.sum())} of {len(same)} sampled "
                f"pixels look unchanged since {stack.first.path.name}; leave the date out, or do "
                "without --normalise."
            )
        gain, offset, lowest = _regression(here[:, both][:, same], there[:, both][:, same])
        fits.append((gain, offset, lowest, int(same.sum())))
        rest, clear = here[:, None, ~learning], valid[None, ~learning]
        before.add(rest, clear)
        after.add(rest * gain[:, None, None] + offset[:, None, None], clear)
    varying = before.count >= LEAST_DATES
    return Normalisation(
        *(np.array(part) for part in zip(*fits, strict=True)),
        *(np.median(each.std[:, varying], axis=1) for each in (before, after)),
    )


def unchanged(first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
    """Find the pixels that did not change between two dates, by IR-MAD.

    Parameters
    ----------
    first, second
        (C, P) the same pixels on both dates.

    Returns
    -------
    (P,) True where the probability of no change is above `UNCHANGED`.
    """
    bands, count = first.shape
    if count < LEAST_PIXELS:
        return np.zeros(count, bool)
    both = np.concatenate([first, second])
    weight, before = np.ones(count), np.zeros(bands)
    for _ in range(_ROUNDS):
        mean = np.average(both, axis=1, weights=weight)
        centred = both - mean[:, None]
        a, b, correlation = _canonical((centred * weight) @ centred.T / weight.sum(), bands)
        variates = a.T @ centred[:bands] - b.T @ centred[bands:]
        # In theory, their variance is 2 (1 - correlation); under the weights it shrinks from round
        # to round until no pixel is left. The median deviation of all pixels does not.
        spread = np.maximum(1.4826 * np.median(np.abs(variates), axis=1), 1e-9)
        weight = chdtrc(bands, ((variates / spread[:, None]) ** 2).sum(axis=0))
        if np.abs(correlation - before).max() < _SETTLED:
            break
        before = correlation
    return np.asarray(weight > UNCHANGED)


def _canonical(covariance: Floats, bands: int) -> tuple[Floats, Floats, Floats]:
    """Canonical vectors of both dates, (C, C) as columns of unit variance, and correlations."""
    # A little noise avoids a division by 0 for bands that are copies of each other.
    covariance = covariance + np.diag(1e-6 * np.diag(covariance) + 1e-12)
    s11, s22 = covariance[:bands, :bands], covariance[bands:, bands:]
    s12 = covariance[:bands, bands:]
    squared, a = eigh(s12 @ np.linalg.solve(s22, s12.T), s11)
    correlation = np.sqrt(np.clip(squared, 1e-12, 1))
    b = np.linalg.solve(s22, s12.T @ a)
    return a, b / np.sqrt(np.einsum("ik,ij,jk->k", b, s22, b)), correlation


def _regression(here: Floats, there: Floats) -> tuple[Floats, Floats, float]:
    """Reduced major axis regression of each band: gain, offset, and the lowest correlation.

    Both dates are noisy. Even if they are hardly related, this regression matches the mean and
    the spread of one to those of the other, which orthogonal regression does not.
    """
    x, y = here.std(axis=1), there.std(axis=1)
    covariance = ((here - here.mean(axis=1, keepdims=True)) * there).mean(axis=1)
    # Without spread, only an offset is defined.
    gain = np.divide(y, x, out=np.ones_like(x), where=(x > 0) & (y > 0))
    related = np.divide(covariance, x * y, out=np.ones_like(x), where=(x > 0) & (y > 0))
    return gain, there.mean(axis=1) - gain * here.mean(axis=1), float(related.min())


def sample(stack: Stack, number: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Read blocks of one date, spread over the stack: (C, P) pixels and their (P,) valid mask."""
    read = [
        stack.read(number, Window(left, top, min(SAMPLE_SIDE, stack.width),
                                  min(SAMPLE_SIDE, stack.height)))
        for top, left in product(_starts(stack.height), _starts(stack.width))
    ]  # fmt: skip
    pixels = np.concatenate([found.reshape(len(found), -1) for found, _ in read], axis=1)
    return pixels.astype(np.float64), np.concatenate([valid.ravel() for _, valid in read])


def _starts(length: int) -> list[int]:
    """First pixels of the sampled blocks along one axis, none of which overlap."""
    blocks = max(1, min(SAMPLE_BLOCKS, length // SAMPLE_SIDE))
    return [int(start) for start in np.linspace(0, max(0, length - SAMPLE_SIDE), blocks)]
