"""Decide which pools are in use, from the blue-white index of each over time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.change.activity_index import INDICES, Index
from rareearth_explorer.change.period import Period, find_period
from rareearth_explorer.change.time_series import Series
from rareearth_explorer.data.grid import WGS84

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

LEAST_STD = 0.1 / 2**1.5
"""Standard deviation from which a pool is in use: that of a sine with crest and trough 0.1 apart.

The blue-white index falls by more than that from blue to white, whereas haze and noise move the
index of an unchanged pool by some 0.02.
"""

LEAST_DATES = 3
"""Smallest number of dates with the pool for a decision on its use."""

LEAFY = 0.4
"""NDVI from which plants cover the place on a date, before the pool was dug or after."""


@dataclass(frozen=True, eq=False)
class Pools:
    """Use and period of N pools, from their series.

    Attributes
    ----------
    series
        Time series around each pool.
    seen
        (N, T) whether a pool exists on a date: clear, and not covered with plants. Without a near
        infrared band, clear is enough.
    std
        (N,) population standard deviation of the index on these dates; NaN with fewer than
        `LEAST_DATES`.
    in_use
        N values: whether `std` is at least the threshold; None with too few dates or without a
        threshold.
    periods
        N periods.
    """

    series: Series
    seen: npt.NDArray[np.bool_]
    std: npt.NDArray[np.float64]
    in_use: tuple[bool | None, ...]
    periods: tuple[Period, ...]

    @classmethod
    def of(cls, series: Series, threshold: float | None = LEAST_STD) -> Self:
        """Decide on pools by their series; a threshold of None decides on none."""
        seen = np.isfinite(series.index)
        if {"nir", "red"} <= set(series.bands):
            ndvi = Index("ndvi", INDICES["ndvi"]).of(
                np.moveaxis(series.values, -1, 0), series.bands
            )
            seen &= ~(ndvi >= LEAFY)
        index = np.where(seen, series.index, np.nan)
        told = seen.sum(axis=1) >= LEAST_DATES
        std = np.full(len(series), np.nan)
        std[told] = np.nanstd(index[told], axis=1)
        return cls(
            series,
            seen,
            std,
            tuple(
                bool(s >= threshold) if threshold is not None and t else None
                for s, t in zip(std, told, strict=True)
            ),
            tuple(find_period(series.days, values) for values in index),
        )

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Tabulate one row per pool, in EPSG:4326.

        Columns are its number `pool` among the labels, `lon`, `lat`; `dates`, the number of
        dates on which it exists, `first_seen` and `last_seen`; `index_mean` and `index_std` of
        the blue-white index; `in_use`; `period_days` with `period_low` and `period_high`, or
        `no_period`, the reason; `pixels`, the number of pixels averaged; and the index on
        every date, by date.
        """
        import geopandas as gpd

        series = self.series
        lon, lat = series.lonlat.T
        days = [day.isoformat() for day in series.dates]
        seen_on = [[day for day, is_seen in zip(days, row, strict=True) if is_seen]
                   for row in self.seen]  # fmt: skip
        with warnings.catch_warnings():
            # A pool that exists on no date has no mean.
            warnings.simplefilter("ignore", RuntimeWarning)
            mean = np.nanmean(np.where(self.seen, series.index, np.nan), axis=1)
        columns: dict[str, Any] = {
            "pool": np.arange(len(series)),
            "lon": lon,
            "lat": lat,
            "dates": self.seen.sum(axis=1),
            "first_seen": [on[0] if on else None for on in seen_on],
            "last_seen": [on[-1] if on else None for on in seen_on],
            "index_mean": mean.round(4),
            "index_std": self.std.round(4),
            "in_use": np.array(self.in_use, object),
            "period_days": [p.days and round(p.days, 2) for p in self.periods],
            "period_low": [p.low and round(p.low, 2) for p in self.periods],
            "period_high": [p.high and round(p.high, 2) for p in self.periods],
            "no_period": [p.why_not or None for p in self.periods],
            "pixels": series.pixels,
            **{day: series.index[:, k].round(4) for k, day in enumerate(days)},
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)

    def to_long_dataframe(self) -> pd.DataFrame:
        """Tabulate one row per pool and date: `pool`, `date`, each band, `blue_white`, `seen`."""
        import pandas as pd

        count, dates = self.seen.shape
        values = self.series.values.reshape(count * dates, -1).round(5)
        columns: dict[str, Any] = {
            "pool": np.repeat(np.arange(count), dates),
            "date": [day.isoformat() for day in self.series.dates] * count,
            **dict(zip(self.series.bands, values.T, strict=True)),
            "blue_white": self.series.index.ravel().round(4),
            "seen": self.seen.ravel(),
        }
        return pd.DataFrame(columns)
