"""Write the activity raster: standard deviation over time of every pixel, window by window."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.errors import RasterioError
from rasterio.windows import Window

from rareearth_explorer.change.activity_index import Index
from rareearth_explorer.change.normalisation import Normalisation
from rareearth_explorer.change.stack import Stack
from rareearth_explorer.change.welford import RunningDeviation
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.cog import TILE, cog
from rareearth_explorer.data.storage.replacing import explained
from rareearth_explorer.data.threads import cores, in_order
from rareearth_explorer.errors import SceneError

VALID_DATES = "valid_dates"
"""Description of the band with the number of valid dates."""

FASTEST = {"level": 1}
"""How it is compressed; a predictor would make it larger: of few dates the same deviations come
again."""


@dataclass(frozen=True, eq=False)
class Deviation:
    """Variation over time of the pixels of a window.

    Attributes
    ----------
    std
        (C, h, w) population standard deviation of each band in its units; 0 with one valid
        date, NaN with none.
    index_std
        (h, w) the same for the index.
    count
        (h, w) number of valid dates.
    """

    std: npt.NDArray[np.float64]
    index_std: npt.NDArray[np.float64]
    count: npt.NDArray[np.uint16]


def deviation_of(
    stack: Stack, window: Window, index: Index, normalisation: Normalisation | None = None
) -> Deviation:
    """Measure a window, with one date in memory at a time."""
    shape = (round(window.height), round(window.width))
    of_bands = RunningDeviation((len(stack.bands), *shape))
    of_index = RunningDeviation((1, *shape))
    for number in range(len(stack)):
        pixels, valid = stack.read(number, window)
        if normalisation is not None:
            pixels = normalisation.apply(number, pixels)
        values = index.of(pixels, stack.bands)
        of_bands.add(pixels, valid)
        of_index.add(values[None], valid & np.isfinite(values))
    return Deviation(of_bands.std, of_index.std[0], of_bands.count)


def write_activity(
    stack: Stack,
    path: Path,
    index: Index,
    normalisation: Normalisation | None = None,
    *,
    progress: bool = True,
) -> None:
    """Write the activity raster as a Cloud-Optimized GeoTIFF of float32.

    Its bands are the standard deviation of each band of the stack, `std_` and its role, in the
    stack's order and units; that of the index, `std_` and its name; and the number of valid
    dates, `valid_dates`. A pixel without a valid date is NaN.

    Parameters
    ----------
    stack, index, normalisation
        The data to measure; a normalisation converts them to the units of the first scene.
    path
        Path of the file to write.
    progress
        Whether to show rate and time left on standard error.

    Raises
    ------
    SceneError
        A scene cannot be read, or the file cannot be written.
    """
    described = [f"std_{name}" for name in (*stack.bands, _role(index))]
    tags = {
        "dates": json.dumps([day.isoformat() for day in stack.dates]),
        "index": index.name,
        "normalised": str(normalisation is not None).lower(),
        "made_by": f"rareearth-explorer {version('rareearth-explorer')}",
    }
    windows = list(stack.windows(TILE))

    def measure(window: Window) -> npt.NDArray[np.float32]:
        return layers(deviation_of(stack, window, index, normalisation))

    title = f"activity of {len(stack)} dates"
    # One more step than windows, for the overviews and the layout of a COG.
    with progress_bar(title, "window", len(windows) + 1, shown=progress) as bar:
        said = "the raster cannot be written there"
        with (
            explained(path, said, SceneError, also=(RasterioError,)),
            cog(
                path, _profile(stack.first), bands=[*described, VALID_DATES], tags=tags,
                compression=FASTEST,
            ) as raster,
        ):  # fmt: skip
            for window, pixels in in_order(measure, windows, cores(), "activity"):
                raster.write(pixels, window=window)
                bar.update()
        bar.update()


def _profile(scene: Scene) -> dict[str, Any]:
    """Describe a raster on the scene's pixels, NaN where nothing is known."""
    return {
        "crs": scene.crs.to_wkt(), "transform": scene.transform,
        "width": scene.width, "height": scene.height,
        "dtype": "float32", "nodata": float("nan"),
    }  # fmt: skip


def layers(deviation: Deviation) -> npt.NDArray[np.float32]:
    """Arrange a window as the raster's bands: (C + 2, h, w) float32, NaN without a valid date."""
    count = np.where(deviation.count > 0, deviation.count, np.nan)
    stacked = [deviation.std, deviation.index_std[None], count[None]]
    return np.concatenate(stacked).astype(np.float32)


def _role(index: Index) -> str:
    return index.name.replace("-", "_").replace(",", "_")
