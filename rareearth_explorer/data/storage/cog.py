"""Cloud-Optimized GeoTIFF: tiled, with overviews, its header before its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil

from rareearth_explorer.data.storage.replacing import replacing

TILE = 512
"""Side of a tile in pixels, also while it is written."""


@contextmanager
def cog(
    path: Path,
    profile: Mapping[str, Any],
    *,
    bands: Sequence[str],
    tags: Mapping[str, str],
    compression: Mapping[str, Any],
    within: Path | None = None,
) -> Iterator[Any]:
    """Lend a dataset to write windows to; it becomes a COG at `path` in the end.

    What is not written is nodata. After an exception nothing is at `path` but what was there
    before.

    Parameters
    ----------
    path
        Where the file shall be.
    profile
        `crs`, `transform`, `width`, `height`, `dtype` and `nodata`, as rasterio takes them.
    bands
        Description of each band.
    tags
        What else is told of it.
    compression
        Options of GDAL's COG driver for deflate, such as its level and predictor.
    within
        As for `replacing`.

    Raises
    ------
    OSError, RasterioError
        It cannot be written.
    """
    with replacing(path, within=within) as whole:
        plain = whole.with_suffix(".plain.tif")
        with rasterio.open(
            plain, "w", driver="GTiff", count=len(bands), tiled=True, blockxsize=TILE,
            blockysize=TILE, interleave="band", bigtiff="if_safer", sparse_ok=True,
            # Or four bands of bytes would be colours and alpha.
            photometric="minisblack", alpha="unspecified", **profile,
        ) as dataset:  # fmt: skip
            dataset.descriptions = tuple(bands)
            dataset.update_tags(**tags)
            yield dataset
        rasterio.shutil.copy(
            plain, whole, driver="COG", compress="deflate", blocksize=TILE,
            overview_resampling="average", bigtiff="if_safer", num_threads="all_cpus",
            **compression,
        )  # fmt: skip
