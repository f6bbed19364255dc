"""Limit the memory of GDAL's raster cache."""

from __future__ import annotations

import os

MEGABYTES = 512


def bound_raster_cache() -> None:
    """Limit GDAL's cache to 512 MB, unless the variable GDAL_CACHEMAX is set.

    Its default is 5 % of the machine's memory, for each process: too much if several pages
    are open, or if a container may use less than the machine has. GDAL reads the setting once,
    with the first file, so call this before.
    """
    os.environ.setdefault("GDAL_CACHEMAX", str(MEGABYTES))
