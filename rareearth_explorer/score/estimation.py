"""Estimate the number of missed mines from a random sample, with an exact interval."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimate", "clopper_pearson"]


@dataclass(frozen=True)
class Estimate:
    """Estimated number of mines in a set of patches, from a random sample of it.

    Attributes
    ----------
    expected
        Best estimate.
    low, high
        Ends of the confidence interval. It contains the true number with a probability of
        at least `confidence`, whatever that number is.
    confidence
        Confidence level, such as 0.95.
    """

    expected: float
    low: float
    high: float
    confidence: float


def clopper_pearson(found: int, sampled: int, pile: int, confidence: float = 0.95) -> Estimate:
    """Estimate how many of `pile` patches hold a mine when `found` of `sampled` do.

    This is the exact binomial interval of Clopper and Pearson (1934), times the size of the
    pile. It is conservative, and more so if the sample is a large part of the pile. Then the
    counts themselves bound it.

    Parameters
    ----------
    found, sampled
        Mines among the patches reviewed, 0 <= found <= sampled <= pile.
    pile
        Patches the sample was drawn from at random.
    confidence
        In (0, 1).

    Raises
    ------
    ValueError
        The counts contradict each other.

    Examples
    --------
    >>> nothing_found = clopper_pearson(0, 30, 1000)
    >>> nothing_found.low, round(nothing_found.high)
    (0, 116)
    """
    if not 0 <= found <= sampled <= pile:
        raise ValueError(f"{found} of {sampled} of {pile} cannot be")
    if sampled == 0:
        return Estimate(float("nan"), 0, pile, confidence)
    from scipy.stats import binomtest

    interval = binomtest(found, sampled).proportion_ci(confidence, method="exact")
    low = max(float(interval.low) * pile, found)
    high = min(float(interval.high) * pile, pile - (sampled - found))
    return Estimate(found / sampled * pile, low, high, confidence)
