"""Cloud-Optimized GeoTIFF: tiled, with overviews, its header before its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError

from rareearth_explorer.data.scene import Scene
from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.errors import SceneError

TILE = 512
"""Side of a tile in pixels, also while it is written."""


@contextmanager
def cog(path: Path, *, like: Scene, bands: Sequence[str], tags: dict[str, str]) -> Iterator[Any]:
    """Lend a float32 dataset to write windows to; it becomes a COG at `path` in the end.

    What is not written is NaN, which is nodata. After an exception nothing is at `path` but what
    was there before.

    Parameters
    ----------
    path
        Where the file shall be.
    like
        The scene whose pixels it has.
    bands
        Description of each band.
    tags
        What else is told of it.

    Raises
    ------
    SceneError
        It cannot be written.
    """
    profile = {
        "driver": "GTiff", "dtype": "float32", "nodata": float("nan"), "count": len(bands),
        "width": like.width, "height": like.height, "crs": like.crs.to_wkt(),
        "transform": like.transform,
        "tiled": True, "blockxsize": TILE, "blockysize": TILE, "interleave": "band",
        "bigtiff": "if_safer", "sparse_ok": True,
    }  # fmt: skip
    try:
        with replacing(path) as whole:
            plain = whole.with_suffix(".plain.tif")
            with rasterio.open(plain, "w", **profile) as dataset:
                dataset.descriptions = tuple(bands)
                dataset.update_tags(**tags)
                yield dataset
            # A predictor would make it larger: of few dates the same deviations come again.
            rasterio.shutil.copy(
                plain, whole, driver="COG", compress="deflate", level=1, blocksize=TILE,
                overview_resampling="average", bigtiff="if_safer", num_threads="all_cpus",
            )  # fmt: skip
    except (OSError, RasterioError) as error:
        raise SceneError(
            f"{path}: the raster cannot be written there "
            f"({getattr(error, 'strerror', None) or error}); choose another place or make room."
        ) from error
