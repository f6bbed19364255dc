"""Write the fetched file from blocks, and recognise one from an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from rareearth_explorer.data.storage.cog import cog
from rareearth_explorer.data.storage.finished_parts import FinishedParts
from rareearth_explorer.stac.box_reading import Frame

PLAN = "RAREEARTH_FETCHED"
"""Tag that records, as JSON, the request and the images of a file."""


def write_file(
    parts: FinishedParts,
    path: Path,
    frame: Frame,
    bands: dict[str, tuple[float, float]],
    time: datetime,
    plan: dict[str, Any],
    blocks: Iterable[tuple[Window, npt.NDArray[Any]]],
) -> None:
    """Write a Cloud-Optimized GeoTIFF; it appears at `path` only when it is complete.

    Parameters
    ----------
    parts
        Finished parts, whose folder holds temporary files, so that a stopped run leaves one folder.
    path
        Path of the file to write.
    frame
        Pixel grid of the file.
    bands
        Scale and offset of each band by its role.
    time
        Acquisition time.
    plan
        Request and images that the file depends on.
    blocks
        Windows and their pixels, (C, h, w); all other pixels are nodata.

    Raises
    ------
    CatalogueError
        The file cannot be written.
    """
    tags = {"TIFFTAG_DATETIME": f"{time:%Y:%m:%d %H:%M:%S}", PLAN: json.dumps(plan)}
    predicted = {"predictor": "yes"}
    with (
        parts.writing(RasterioError),
        cog(
            path, vars(frame), bands=[*bands], tags=tags, compression=predicted, within=parts.folder
        ) as dataset,
    ):
        dataset.scales = [scale for scale, _ in bands.values()]
        dataset.offsets = [offset for _, offset in bands.values()]
        for window, pixels in blocks:
            dataset.write(pixels, window=window)


def was_made_of(path: Path, plan: dict[str, Any]) -> bool | None:
    """Whether a file was fetched with the same plan and is intact.

    False for any other file, and None for a file of this plan that can no longer be read.
    """
    try:
        dataset = rasterio.open(path)
    except RasterioError:
        return False
    with dataset:
        if dataset.tags().get(PLAN) != json.dumps(plan):
            return False
        try:
            for _, window in dataset.block_windows(1):
                dataset.read(window=window)
        except RasterioError:
            return None
    return True
