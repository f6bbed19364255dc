"""Read only the box from files that may be remote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from rareearth_explorer.data.grid import cut
from rareearth_explorer.data.storage.remote_files import USER_AGENT
from rareearth_explorer.errors import CatalogueError

WGS84 = "EPSG:4326"

BLOCK = 1024
"""Side in pixels of a block: that of the tiles in most public COGs."""

HTTP = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # otherwise every open looks for sidecar files
    "GDAL_HTTP_USERAGENT": USER_AGENT,
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 120,
    "GDAL_HTTP_MAX_RETRY": 5,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
    "GDAL_HTTP_RETRY_CODES": "429,500,502,503,504",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
}
"""GDAL options: repeat failed requests, and read only the bytes needed."""


@dataclass(frozen=True)
class Frame:
    """Pixel grid of the file to be written.

    Attributes
    ----------
    crs, transform
        Coordinate reference system as WKT, and pixel (column, row) to its coordinates.
    width, height
        In pixels.
    dtype, nodata
        Type and nodata value of the pixels.
    """

    crs: str
    transform: Affine
    width: int
    height: int
    dtype: str
    nodata: float

    @classmethod
    def over(cls, bbox: tuple[float, float, float, float], hrefs: Sequence[str]) -> Self:
        """Make the frame of a box, on the finest grid of an image's files.

        Parameters
        ----------
        bbox
            West, south, east, north in degrees.
        hrefs
            URLs of the files, one for each band.

        Raises
        ------
        CatalogueError
            A file cannot be read, or is not georeferenced.
        """
        grids = [_grid(href) for href in hrefs]
        crs, transform, _, nodata = min(grids, key=lambda grid: abs(grid[1].a))
        left, bottom, right, top = transform_bounds(WGS84, crs, *bbox)
        # A thousandth of a pixel is rounding and needs no further pixel.
        column, row = (math.floor(place + 1e-3) for place in ~transform @ (left, top))
        end, last = (math.ceil(place - 1e-3) for place in ~transform @ (right, bottom))
        dtype = np.result_type(*(grid[2] for grid in grids)).name
        return cls(
            crs,
            transform @ Affine.translation(column, row),
            end - column,
            last - row,
            dtype,
            nodata,
        )

    def blocks(self) -> list[Window]:
        """Cut the frame into squares of `BLOCK` pixels; blocks at its edges may be smaller."""
        return list(cut(self.width, self.height, BLOCK))

    def lonlat(self, block: Window) -> tuple[float, float, float, float]:
        """West, south, east, north of a block in degrees."""
        (top, bottom), (left, right) = block.toranges()
        west, north = self.transform @ (left, top)
        east, south = self.transform @ (right, bottom)
        west, south, east, north = transform_bounds(self.crs, WGS84, west, south, east, north)
        return west, south, east, north

    def read(self, href: str, block: Window) -> npt.NDArray[Any]:
        """Read a block of the first band of a file: (h, w), `nodata` outside the file.

        A pixel takes the value of the file's pixel that contains its centre, so values on the
        file's own grid do not change, and coarser pixels are repeated, not smoothed.

        Raises
        ------
        CatalogueError
            The file cannot be read after several attempts.
        """
        with (
            reading(href),
            rasterio.open(href) as source,
            WarpedVRT(
                source,
                crs=self.crs,
                transform=self.transform,
                width=self.width,
                height=self.height,
                resampling=Resampling.nearest,
                src_nodata=self.nodata if source.nodata is None else source.nodata,
                nodata=self.nodata,
            ) as warped,
        ):
            return np.asarray(warped.read(1, window=block)).astype(self.dtype, copy=False)


def _grid(href: str) -> tuple[str, Affine, str, float]:
    """Read a file's reference system, transform, type and nodata value, by default 0."""
    with reading(href), rasterio.open(href) as source:
        if source.crs is None or source.transform.b or not source.transform.a > 0:
            raise CatalogueError(
                f"{href}: the file does not lie on a north-up grid; choose another collection."
            )
        nodata = 0.0 if source.nodata is None else float(source.nodata)
        return source.crs.to_wkt(), source.transform, source.dtypes[0], nodata


@contextmanager
def reading(href: str) -> Iterator[None]:
    """Read with GDAL's retries, in any thread, and explain in a sentence why a file failed."""
    try:
        with rasterio.Env(**HTTP):
            yield
    except RasterioError as error:
        raise CatalogueError(f"{href.split('?')[0]}: {_fault(error)}.") from error


def _fault(error: BaseException) -> str:
    """Explain why a file cannot be read, and what to do."""
    said = []
    cause: BaseException | None = error
    while cause is not None:
        said.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    text = " ".join(said)
    status = re.search(r"(?:HTTP (?:response|error) code ?:? ?|response_code=)(\d{3})", text)
    code = int(status[1]) if status else None
    if code in (401, 403, 409) or "AWS_SECRET_ACCESS_KEY" in text:
        told = f"HTTP {code}" if code else "it wants credentials"
        return (
            f"this file is not public ({told}), and this program does not sign URLs, as Planetary "
            "Computer requires, nor pay for requests; choose a source whose files are public, or "
            "give GDAL the credentials that it reads from the environment"
        )
    if code in (404, 410):
        return (
            f"the catalogue lists this file, but it is missing (HTTP {code}); narrow --dates to "
            "leave this image out"
        )
    if "not recognized" in text:
        return "this is not a readable raster; choose other --bands or another collection"
    return (
        "the file cannot be read completely; check the network, and run the same command again: "
        "what was fetched is kept"
    )
