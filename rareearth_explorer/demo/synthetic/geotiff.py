"""A landscape written as GeoTIFFs, one for each date, window by window."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.windows import Window

from rareearth_explorer.data.grid import cut
from rareearth_explorer.data.progress import progress_bar
from rareearth_explorer.data.storage.raster_cache import bound_raster_cache
from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.data.threads import in_order
from rareearth_explorer.demo.synthetic.landscape import Landscape
from rareearth_explorer.demo.synthetic.spectra import BANDS
from rareearth_explorer.demo.synthetic.terrain import GSD

CRS = "EPSG:32647"
TRANSFORM = Affine(GSD, 0, 444_900, 0, -GSD, 2_870_400)
"""Some 30 km north-east of Pang War; the landscape is not that place's."""

_TILE = 512
_WORKERS = 2
_RECIPE_TAG = "SYNTHETIC_DEMO"

Pictures = list[npt.NDArray[np.uint16]]


def write_scenes(
    landscape: Landscape,
    scenes: Mapping[date, Path],
    *,
    transform: Affine = TRANSFORM,
    recipe: str = "",
    progress: bool = True,
) -> None:
    """Draw a landscape on several dates into GeoTIFFs.

    Parameters
    ----------
    landscape
        What to draw.
    scenes
        The file for each date. Each appears under its name only when it is complete.
    transform
        From pixel to EPSG:32647.
    recipe
        What the pixels depend on; `recipe_of` gives it back.
    progress
        Whether to show a progress bar.

    Raises
    ------
    OSError
        When a file cannot be written.
    """
    bound_raster_cache()
    with ExitStack() as unfinished:
        files = {day: unfinished.enter_context(ExitStack()) for day in scenes}
        beside = {day: files[day].enter_context(replacing(path)) for day, path in scenes.items()}
        _draw_all(landscape, beside, transform, recipe, progress)
        with ThreadPoolExecutor(_WORKERS) as pool:
            for day, _ in zip(scenes, pool.map(_add_overviews, beside.values()), strict=True):
                files[day].close()  # so that what is whole stays if the next one fails


def recipe_of(path: Path) -> str | None:
    """Read what the pixels of a scene depend on; None where there is no such scene."""
    if not path.is_file():
        return None
    try:
        with rasterio.open(path) as raster:
            recipe: str | None = raster.tags().get(_RECIPE_TAG)
            return recipe
    except rasterio.errors.RasterioIOError:
        return None


def _draw_all(
    landscape: Landscape, paths: Mapping[date, Path], transform: Affine, recipe: str, progress: bool
) -> None:
    with ExitStack() as stack:
        rasters = [
            stack.enter_context(_create(landscape, path, day, transform, recipe))
            for day, path in paths.items()
        ]
        days = list(paths)

        def draw(window: Window) -> Pictures:
            return list(landscape.draw_dates(window, days))

        windows = list(cut(landscape.width, landscape.height, _TILE))
        drawn = in_order(draw, windows, _WORKERS, "drawing")
        title = "drawing the synthetic scene"
        with progress_bar(title, "window", len(windows), shown=progress) as bar:
            for window, pictures in drawn:
                for raster, picture in zip(rasters, pictures, strict=True):
                    raster.write(picture, window=window)
                bar.update()


def _create(
    landscape: Landscape, path: Path, day: date, transform: Affine, recipe: str
) -> rasterio.io.DatasetWriter:
    raster = rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=landscape.width,
        height=landscape.height,
        count=len(BANDS),
        dtype="uint16",
        crs=CRS,
        transform=transform,
        nodata=0,
        tiled=True,
        blockxsize=_TILE,
        blockysize=_TILE,
        interleave="band",
        compress="deflate",
        zlevel=1,
        predictor=2,
        bigtiff="if_safer",
    )
    raster.descriptions = BANDS
    raster.update_tags(
        TIFFTAG_DATETIME=f"{day:%Y:%m:%d} 04:02:11",
        TIFFTAG_IMAGEDESCRIPTION="Synthetic scene, drawn by a program; not satellite imagery",
        **{_RECIPE_TAG: recipe},
    )
    return raster


def _add_overviews(path: Path) -> None:
    with rasterio.open(path, "r+") as raster:
        # Every other power of two: a third of the time and space of them all.
        raster.build_overviews([4, 16], Resampling.average)
