"""Cloud-Optimized GeoTIFF: tiled, with overviews, and the header before the pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil

from rareearth_explorer.data.storage.replacing import replacing

TILE = 512
"""Side of a tile in pixels, also while the file is written."""


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
    """Provide a dataset to write windows to; on exit it becomes a COG at `path`.

    Pixels that are not written are nodata. After an exception, `path` is unchanged.

    Parameters
    ----------
    path
        Path of the file to write.
    profile
        `crs`, `transform`, `width`, `height`, `dtype` and `nodata`, as in rasterio.
    bands
        Description of each band.
    tags
        Further metadata tags.
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
            # Otherwise four bands of bytes would be colours and alpha.
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
