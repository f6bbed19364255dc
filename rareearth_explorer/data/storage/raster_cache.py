"""How much memory GDAL may use to keep parts of raster files."""

from __future__ import annotations

import os

MEGABYTES = 512


def bound_raster_cache() -> None:
    """Let GDAL keep 512 MB at most, unless the variable GDAL_CACHEMAX already says otherwise.

    Its default is 5 % of the machine's memory, for each process: too much where several pages
    are open, and where a container may use less than the machine has. GDAL looks once, when the
    first file is read or written, so this has to be called before.
    """
    os.environ.setdefault("GDAL_CACHEMAX", str(MEGABYTES))
