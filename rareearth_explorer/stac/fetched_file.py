"""The fetched file: written from blocks, and recognised when it was written before."""

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
"""Tag that tells, as JSON, of which request and images a file was made."""


def write_file(
    parts: FinishedParts,
    path: Path,
    frame: Frame,
    bands: dict[str, tuple[float, float]],
    time: datetime,
    plan: dict[str, Any],
    blocks: Iterable[tuple[Window, npt.NDArray[Any]]],
) -> None:
    """Write a Cloud-Optimized GeoTIFF; nothing is at `path` before it is whole.

    Parameters
    ----------
    parts
        In whose folder it is put together, so that a stopped run leaves one thing only.
    path
        Where it shall be.
    frame
        Its pixels.
    bands
        Scale and offset of each band by its role.
    time
        When it was taken.
    plan
        Of what it is made.
    blocks
        Windows and their pixels, (C, h, w); where there are none it is nodata.

    Raises
    ------
    CatalogueError
        It cannot be written.
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
    """Whether a file was fetched with the same plan and is still whole.

    False if it is another file, and None if it is one of this plan that can no longer be read.
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
