"""Whether the numbers of a stack's dates are in one unit, where the files do not say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rareearth_explorer.change.normalisation import sample
from rareearth_explorer.change.stack import Stack
from rareearth_explorer.errors import SceneError

DOUBTFUL, IMPOSSIBLE = 4.0, 30.0
"""Factor between the medians of two dates, the same way in all bands, from which their units may
differ, and from which they do: a cloud multiplies blue by 20 and near infrared by 3."""


def unit_doubts(stack: Stack, *, normalise: bool = False) -> Iterator[str]:
    """Say in sentences which dates are so much brighter or darker that their units may differ.

    Parameters
    ----------
    stack
        The dates; a sample of each is read.
    normalise
        Whether the dates will be normalised, which mends any factor and summand.

    Raises
    ------
    SceneError
        A date has another unit than the first scene.
    """
    wanted = _medians(stack, stack.scenes.index(stack.first))
    for number, scene in enumerate(stack.scenes):
        if scene is stack.first:
            continue
        times = _factor(_medians(stack, number), wanted)
        if times < DOUBTFUL:
            continue
        said = (
            f"{scene.path}: its numbers differ by a factor of {times:,.0f} or more from those of "
            f"{stack.first.path.name} in every band"
        )
        if times >= IMPOSSIBLE and not normalise:
            raise SceneError(
                f"{said}, so their units differ; give files of one product, or --normalise."
            )
        yield f"warning: {said}; check that both are in one unit."


def _medians(stack: Stack, number: int) -> npt.NDArray[np.float64]:
    """Medians of each band on one date, (C,); NaN without a valid pixel."""
    pixels, valid = sample(stack, number)
    if not valid.any():
        return np.full(len(stack.bands), np.nan)
    return np.asarray(np.median(pixels[:, valid], axis=1))


def _factor(here: npt.NDArray[np.float64], there: npt.NDArray[np.float64]) -> float:
    """Least factor between two sets of medians if it goes one way in all bands, else 1."""
    usable = (here > 0) & (there > 0)
    if not usable.any():
        return 1.0
    ratio = np.log(here[usable] / there[usable])
    one_way = bool((ratio > 0).all() or (ratio < 0).all())
    return float(np.exp(np.abs(ratio).min())) if one_way else 1.0
