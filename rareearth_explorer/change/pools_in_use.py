"""Which pools are in use: the blue-white index of each over time, and what it comes to."""

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
"""Standard deviation above which a pool is said to be in use: that of a sine which swings by 0.1.

From blue to white the blue-white index falls by more than that, whereas haze and noise move the
index of a pool that does not change by some 0.02.
"""

LEAST_DATES = 3
"""Dates on which a pool must be seen before anything is said of its use."""

LEAFY = 0.4
"""NDVI from which there is no pool on a date, but the plants before it was dug or after."""


@dataclass(frozen=True, eq=False)
class Pools:
    """What the series says of N pools.

    Attributes
    ----------
    series
        Around each pool.
    seen
        (N, T) whether a pool is there on a date: it is clear, and not covered with plants. All
        that is clear where there is no near infrared band.
    std
        (N,) population standard deviation of the index on the dates it is seen; NaN on fewer
        than `LEAST_DATES`.
    in_use
        N of them: whether `std` is at least the threshold; None where too few dates tell, or
        there is no threshold.
    periods
        N of them.
    """

    series: Series
    seen: npt.NDArray[np.bool_]
    std: npt.NDArray[np.float64]
    in_use: tuple[bool | None, ...]
    periods: tuple[Period, ...]

    @classmethod
    def of(cls, series: Series, threshold: float | None = LEAST_STD) -> Self:
        """Judge pools by their series; None judges none, as for another index than blue-white."""
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

        Columns are its number `pool` among the labels, `lon`, `lat`; `dates`, on how many it is
        seen, `first_seen` and `last_seen`; `index_mean` and `index_std` of the blue-white index;
        `in_use`; `period_days` with `period_low` and `period_high`, or `no_period`, why there is
        none; `pixels`, how many were averaged; and the index on every date, by its name.
        """
        import geopandas as gpd

        series = self.series
        lon, lat = series.lonlat.T
        days = [day.isoformat() for day in series.dates]
        seen_on = [[day for day, is_seen in zip(days, row, strict=True) if is_seen]
                   for row in self.seen]  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a pool never seen has no mean
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
        values = self.series.values.reshape(count * dates, -1).round(2)
        columns: dict[str, Any] = {
            "pool": np.repeat(np.arange(count), dates),
            "date": [day.isoformat() for day in self.series.dates] * count,
            **dict(zip(self.series.bands, values.T, strict=True)),
            "blue_white": self.series.index.ravel().round(4),
            "seen": self.seen.ravel(),
        }
        return pd.DataFrame(columns)
