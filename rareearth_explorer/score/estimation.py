"""How many were missed: proportions estimated from a random sample, with exact intervals."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimate", "clopper_pearson"]


@dataclass(frozen=True)
class Estimate:
    """An estimated number of mines in a pile, from a random sample of it.

    Attributes
    ----------
    expected
        Best guess.
    low, high
        Ends of the confidence interval; the true number lies within at least as often as
        `confidence` says, whatever it is.
    confidence
        Such as 0.95.
    """

    expected: float
    low: float
    high: float
    confidence: float


def clopper_pearson(found: int, sampled: int, pile: int, confidence: float = 0.95) -> Estimate:
    """Estimate how many of `pile` patches hold a mine when `found` of `sampled` do.

    The exact binomial interval of Clopper and Pearson (1934), times the size of the pile. It is
    conservative, and more so when the sample is a large part of the pile; then the counts
    themselves bound it.

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
