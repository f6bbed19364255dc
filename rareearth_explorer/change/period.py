"""The period of a series with few and uneven dates, or the reason why it has none.

A sine of each trial period is fitted by least squares (the generalised Lomb-Scargle periodogram:
Zechmeister & Kurster 2009, Astron. Astrophys. 496). A period is given only if a constant fits
clearly worse, and if all periods that fit nearly as well are adjacent: with dates a week apart,
a cycle of five days looks like many others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc, fdtri  # survival and quantiles of F; see normalisation

Floats = npt.NDArray[np.float64]

SHORTEST = 2.0
"""Shortest period in days; if it were shorter, daily dates would never give a unique period."""

LEAST_DATES = 10
"""With fewer dates, less than six degrees of freedom remain beside the sine and its period."""

CONFIDENCE = 0.95
"""Confidence of the interval, and of the existence of the period."""

WIDEST = 0.25
"""Widest interval, as a share of the period; a wider one means no period."""


@dataclass(frozen=True)
class Period:
    """The period of a series, if its dates support one.

    Attributes
    ----------
    days
        The period that fits best; None if the dates support none.
    low, high
        Bounds in days beyond which all periods are rejected at `CONFIDENCE`, corrected for the
        number of periods tried, for a sine with normal noise; None without a period.
    why_not
        Reason why there is no period; empty if there is one.
    """

    days: float | None = None
    low: float | None = None
    high: float | None = None
    why_not: str = ""


def find_period(days: Floats, values: Floats) -> Period:
    """Find the period of a series.

    Parameters
    ----------
    days
        (T,) times in days, in any order.
    values
        (T,) in any unit; NaN if missing.
    """
    given = np.isfinite(values)
    days, values = days[given], values[given]
    count = len(days)
    if count < LEAST_DATES:
        return Period(why_not=f"{count} dates; at least {LEAST_DATES} are needed")
    if np.ptp(values) == 0:
        return Period(why_not="no variation")
    span = float(np.ptp(days))
    periods = _trial_periods(span)
    if len(periods) == 0:
        return Period(why_not=f"{span:.0f} days are too short for two cycles")
    residual = _residuals(days, values, periods)
    constant = float(((values - values.mean()) ** 2).sum())
    best = float(max(residual.min(), 1e-12 * constant))
    freedom = count - 4  # mean, sine, cosine and the period
    # Sidak's correction for the number of independent periods in the span.
    tried = max(1.0, span * (1 / periods.min() - 1 / periods.max()))
    ratio = (constant - best) / 3 / (best / freedom)
    chance = 1 - (1 - fdtrc(3, freedom, ratio)) ** tried
    if chance > 1 - CONFIDENCE:
        return Period(why_not="no cycle stands out from the noise")
    # The rivals are also that many, and a pool's cycle is not a perfect sine.
    bound = best * (1 + fdtri(1, freedom, 1 - (1 - CONFIDENCE) / tried) / freedom)
    return _unique(periods, residual, float(bound))


def _unique(periods: Floats, residual: Floats, bound: float) -> Period:
    """Return the period if all periods that fit nearly as well are adjacent to it."""
    fitting = np.flatnonzero(residual <= bound)
    runs = np.split(fitting, np.flatnonzero(np.diff(fitting) > 1) + 1)
    days = float(periods[residual.argmin()])
    if len(runs) > 1:
        others = ", ".join(f"{periods[r[residual[r].argmin()]]:.1f}" for r in runs[-4:][::-1])
        return Period(why_not=f"aliased: {len(runs)} periods fit, among them {others} days")
    # Extend to the next rejected trial period: nothing is known between the two.
    first, last = max(0, fitting[0] - 1), min(len(periods) - 1, fitting[-1] + 1)
    low, high = float(periods[last]), float(periods[first])
    at_end = fitting[0] == 0 or fitting[-1] == len(periods) - 1
    if at_end or high - low > WIDEST * days:
        return Period(why_not=f"any period from {low:.1f} to {high:.1f} days fits")
    return Period(days, low, high)


def _trial_periods(span: float) -> Floats:
    """Periods in days, longest first, evenly spaced in frequency, 20 per resolvable step."""
    lowest, highest = 2 / span, 1 / SHORTEST
    if lowest >= highest:
        return np.empty(0)
    return np.asarray(1 / np.linspace(lowest, highest, 2 + round(20 * span * (highest - lowest))))


def _residuals(days: Floats, values: Floats, periods: Floats) -> Floats:
    """Residual sum of squares after a mean and a sine of each period, (P,)."""
    angle = 2 * np.pi * (days - days.mean()) / periods[:, None]
    design = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=-1)  # (P, T, 3)
    fitted = design @ (np.linalg.pinv(design) @ values[:, None])
    return np.asarray(((values - fitted[..., 0]) ** 2).sum(axis=1))
