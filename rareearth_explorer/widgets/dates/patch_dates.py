"""One patch on each date: its pictures, and the time series of its pools or of one pixel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pyproj import Transformer
from rasterio.windows import Window

from rareearth_explorer.change import Index, Pools, Stack, series_at
from rareearth_explorer.change.activity_index import BLUE_WHITE
from rareearth_explorer.change.pools_in_use import LEAFY, LEAST_STD
from rareearth_explorer.data.grid import WGS84
from rareearth_explorer.data.rendering import encode_picture
from rareearth_explorer.errors import ExplorerError

CHIP = 84
"""Side of a chip, pixels on the screen: one for each of a PlanetScope patch's."""

MOST_LINES = 12
"""Most pools that are drawn, the first ones."""

MOST_TICKS = 8
"""Most dates written below the plot."""

INK = "#808a94"
"""Colour of axes and text, readable on light and dark themes."""


@dataclass(frozen=True, eq=False)
class PatchHistory:
    """One patch on every date.

    Attributes
    ----------
    patch
        Its row number.
    dates
        The dates of the stack.
    chips
        For each date a WebP picture, empty where the date does not cover the patch.
    plot
        The time series as a PNG picture with a transparent background; empty if there is none.
    text
        What the time series shows, in sentences.
    """

    patch: int
    dates: tuple[date, ...] = ()
    chips: tuple[bytes, ...] = ()
    plot: bytes = b""
    text: str = ""


def history_of(
    stack: Stack,
    patch: int,
    corners: npt.NDArray[np.float64],
    pools: npt.NDArray[np.float64],
    bands: Sequence[str] | None = None,
) -> PatchHistory:
    """Read a patch on every date.

    Parameters
    ----------
    stack
        The scenes.
    patch, corners
        Its row number, and its corners, (4, 2) lon/lat.
    pools
        (K, 2) lon/lat of the labelled pools in it; without any, the most variable pixel is used.
    bands
        Bands that the pictures show as red, green and blue; None for true colour.
    """
    try:
        window = stack.patch_window(corners)
        if window is None:
            return PatchHistory(patch, text="The other dates do not cover this patch.")
        chips = tuple(
            b"" if chip is None else encode_picture(chip)
            for chip in stack.chips(window, CHIP, bands=bands)
        )
    except ExplorerError as error:
        return PatchHistory(patch, text=str(error))
    try:
        plot, text = _series(stack, window, pools)
    except ExplorerError as error:  # such as of labels beyond the stack's edge
        plot, text = b"", str(error)
    return PatchHistory(patch, stack.dates, chips, plot, text)


def _series(stack: Stack, window: Window, pools: npt.NDArray[np.float64]) -> tuple[bytes, str]:
    """Draw and describe the time series of the pools in a window, or of its most variable pixel."""
    index = Index.named(None, stack.bands)
    labelled = len(pools) > 0
    places = pools[:MOST_LINES] if labelled else most_variable(stack, window, index)
    series = series_at(stack, places, index=index)
    judged = Pools.of(series, LEAST_STD if index == BLUE_WHITE else None)
    text = (
        _describe_pools(judged, index, len(pools)) if labelled else _describe_pixel(judged, index)
    )
    return _plot(judged, index.name), text + _period(judged)


def most_variable(stack: Stack, window: Window, index: Index) -> npt.NDArray[np.float64]:
    """Find the pixel of a window whose index varies most over time, (1, 2) lon/lat.

    Dates on which plants cover a pixel do not count, as for pools: dark leaves make every index
    noisy.
    """
    layers = []
    for number in range(len(stack)):
        pixels, valid = stack.read(number, window)
        if {"nir", "red"} <= set(stack.bands):
            valid &= ~(Index.named("ndvi", stack.bands).of(pixels, stack.bands) >= LEAFY)
        layers.append(np.where(valid, index.of(pixels, stack.bands), np.nan))
    values = np.array(layers)
    seen = np.isfinite(values)
    mean = np.divide(np.nansum(values, axis=0), np.maximum(seen.sum(axis=0), 1))
    spread = np.nansum((values - mean) ** 2, axis=0) / np.maximum(seen.sum(axis=0), 1)
    row, column = np.unravel_index(int(np.argmax(spread)), spread.shape)
    x, y = stack.transform @ (window.col_off + column + 0.5, window.row_off + row + 0.5)
    to_lonlat = Transformer.from_crs(stack.crs, WGS84, always_xy=True)
    return np.array([to_lonlat.transform(x, y)])


def _plot(pools: Pools, name: str) -> bytes:
    figure = Figure(figsize=(5.0, 2.1), dpi=110, layout="constrained", facecolor="none")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor="none")
    times = np.array(pools.series.dates, dtype="datetime64[D]")
    for number, values in enumerate(pools.series.index):
        style = "-" if pools.in_use[number] else ":"
        there = np.isfinite(values)
        axes.plot(times[there], values[there], style, marker="o", markersize=3.5, linewidth=1.2)
    _dress(axes, times, name)
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"compress_level": 1})
    return file.getvalue()


def _dress(axes: Axes, times: npt.NDArray[np.datetime64], name: str) -> None:
    marked = times[:: -(-len(times) // MOST_TICKS)]
    axes.set_xticks(marked, [f"{day.item():%d %b %y}" for day in marked], rotation=20)
    axes.set_ylabel(f"{name} index", fontsize=8, color=INK)
    axes.tick_params(labelsize=8, colors=INK)
    axes.spines[:].set_color(INK)


def _describe_pixel(spot: Pools, index: Index) -> str:
    """Describe how the most variable pixel changed; 'in use' is known for blue-white only."""
    text, std = "No labelled pool; the most variable pixel", spot.std[0]
    if np.isnan(std):
        return f"{text} is under plants or cloud on too many dates to tell."
    verdict = "varies like a pool in use" if spot.in_use[0] else "hardly varies"
    if index != BLUE_WHITE:
        verdict = f"varies in {index.name}"
    return f"{text} {verdict} (standard deviation {std:.3g})."


def _describe_pools(pools: Pools, index: Index, count: int) -> str:
    """Describe which labelled pools are in use or, for another index, how much they varied."""
    known = pools.std[np.isfinite(pools.std)]
    used = f"{sum(use is True for use in pools.in_use)} in use (solid lines)"
    if index != BLUE_WHITE:
        highest = f"{known.max():.3g}" if len(known) else "unknown"
        used = f"highest standard deviation of {index.name} {highest}"
    drawn = f", the first {MOST_LINES} drawn" if count > MOST_LINES else ""
    unknown = len(pools.std) - len(known)
    seldom = f", {unknown} seen on too few dates to tell" if unknown else ""
    return f"{count} labelled {'pools' if count != 1 else 'pool'}{drawn}: {used}{seldom}."


def _period(pools: Pools) -> str:
    """Give the period of the first pool that has one, or the reason why there is none."""
    found = [period for period in pools.periods if period.days is not None]
    if not found:
        reasons = [period.why_not for period in pools.periods if period.why_not]
        return f" No period: {reasons[0]}." if reasons else ""
    first = found[0]
    return f" Period {first.days:.1f} days, between {first.low:.1f} and {first.high:.1f}."
