"""A raster file on disk: checked on opening, readable from any thread, with a valid mask."""

from __future__ import annotations

import math
import threading
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError  # what GDAL says is not always a RasterioError
from rasterio.enums import Resampling
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from rareearth_explorer.data.scene.palette import Palette
from rareearth_explorer.data.scene.raster_checks import check_header
from rareearth_explorer.data.scene.validity import (
    NOTHING_EMPTY,
    UNDECLARED_ZEROS,
    Nodata,
    Validity,
    split_alpha,
)
from rareearth_explorer.data.storage.raster_cache import bound_raster_cache
from rareearth_explorer.errors import SceneError

LEAST_READ, MOST_READ = 512, 2**24
"""Side in pixels from which blocks are read alone, and most values that are read together."""

COLOURS = ("red", "green", "blue")


class Raster:
    """A raster file whose pixels lie on a straight grid in a known CRS, read north up.

    Which pixels are empty is what GDAL's own masks say: a nodata value in any band, a mask in the
    file or beside it, an alpha band; NaN and infinity, too. For nodata 0, all bands read must be
    0, because a single dark band can measure 0. A raster that declares nothing has nodata 0 if
    one of its corner pixels is 0 in all bands: the collar around a swath always reaches a corner,
    but a single black pixel inside an image is a measurement.

    A band called alpha with values that are no mask is data. The numbers of a palette are read as
    the colours that they stand for. Rows from the south, or columns from the east, are turned.

    Parameters
    ----------
    path
        The file.
    nodata
        The value of empty pixels, instead of those that the file declares; `none` if every pixel
        is data.
    named
        Number of bands that the user named; if it is that of all bands, alpha is data.
    colours
        Whether to read a palette as colours.

    Attributes
    ----------
    path
        The file.
    indexes
        Its bands of data, counted from 1 as in rasterio; 1, 2, 3 for the colours of a palette.
    descriptions, colours
        Description and colour interpretation of each band of data.
    transform, width, height, dtype
        North up, and the type that holds all bands.
    overviews
        Pixels of the file a side in a pixel of each of its overviews; empty if it has none.
    validity
        How empty pixels are told.
    doubtful
        Bands of data that the file calls alpha.
    palettes
        Bands whose numbers stand for colours beside other bands.

    Raises
    ------
    SceneError
        If the file is missing, broken, without bands, not on a straight grid, without a CRS, too
        large to read, or empty throughout.
    """

    def __init__(
        self, path: Path, nodata: Nodata = None, named: int | None = None, *, colours: bool = True
    ) -> None:
        self.path = path
        self._threads = threading.local()
        bound_raster_cache()
        # Weak, so that the handle of a finished thread is released.
        self._handles: weakref.WeakSet[Any] = weakref.WeakSet()
        try:
            with self._reading(), warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # rejected instead
                dataset = self.dataset
                check_header(dataset, path)
                self._lay_out(dataset)
                self._find_bands(dataset, named, colours)
            self._find_validity(dataset, nodata)
            if not self._has_data():
                raise SceneError(f"{path}: every pixel is nodata; give another scene.")
        except SceneError:
            self.close()
            raise

    def _lay_out(self, dataset: Any) -> None:
        """Note size and place, and which axes are turned to be north up."""
        self.width, self.height = dataset.width, dataset.height
        stored = dataset.transform  # whose rotation, if any, is negligible
        self.transform = Affine(stored.a, 0, stored.c, 0, stored.e, stored.f)
        self._upside_down, self._mirrored = self.transform.e > 0, self.transform.a < 0
        if self._upside_down:
            self.transform @= Affine.translation(0, self.height) @ Affine.scale(1, -1)
        if self._mirrored:
            self.transform @= Affine.translation(self.width, 0) @ Affine.scale(-1, 1)
        self.overviews: list[int] = dataset.overviews(1)

    def _find_bands(self, dataset: Any, named: int | None, colours: bool) -> None:
        """Find the bands of data, and whether their numbers stand for colours."""
        self.indexes, self._alpha, self.doubtful = split_alpha(dataset, named)
        if not self.indexes:
            raise SceneError(f"{self.path}: the raster has no bands but alpha; give another one.")
        alone = len(self.indexes) == 1 and colours
        self._palette = Palette.of(dataset, self.indexes[0]) if alone else None
        if self._palette is not None:
            self._numbers, self.indexes = self.indexes[0], [1, 2, 3]
            self.descriptions: list[str | None] = [*COLOURS]
            self.colours = [*COLOURS]
            self.dtype, self.palettes = "uint8", []
            return
        self.palettes = [band for band in self.indexes if colours and Palette.of(dataset, band)]
        self.descriptions = [dataset.descriptions[band - 1] for band in self.indexes]
        self.colours = [dataset.colorinterp[band - 1].name for band in self.indexes]
        self.dtype = np.result_type(*(dataset.dtypes[band - 1] for band in self.indexes)).name

    def _find_validity(self, dataset: Any, nodata: Nodata) -> None:
        bands = self.indexes if self._palette is None else [self._numbers]
        self.validity = Validity.of(dataset, bands, self._alpha, nodata)
        # Always read the corners: a truncated file lacks the last one.
        if self._has_black_corner() and not self.validity.is_declared:
            self.validity = replace(self.validity, said=UNDECLARED_ZEROS, zeros=True)
        if not self.validity.is_declared:
            self.validity = replace(self.validity, said=NOTHING_EMPTY)

    @property
    def is_palette(self) -> bool:
        """Whether the numbers of the file stand for colours."""
        return self._palette is not None

    @property
    def dataset(self) -> Any:
        """Rasterio dataset of the calling thread; threads must not share GDAL's handles."""
        handle = getattr(self._threads, "handle", None)
        if handle is None or handle.closed:
            handle = self._threads.handle = rasterio.open(self.path)
            self._handles.add(handle)
        return handle

    def has_overview(self, side: int) -> bool:
        """Whether an overview has a pixel for every `side` x `side` pixels, none partial."""
        return side in self.overviews and not (self.width % side or self.height % side)

    def close(self) -> None:
        """Close the file in all threads, none of which may be reading."""
        for handle in list(self._handles):
            handle.close()

    def read(
        self,
        indexes: Sequence[int],
        window: Window,
        out_shape: tuple[int, int] | None = None,
        resampling: Resampling = Resampling.nearest,
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Read a window within the raster, from an overview if that is fine enough.

        Returns
        -------
        pixels
            (C, h, w) in the raster's dtype.
        valid
            (h, w), False for empty pixels.
        """
        shape = out_shape or (round(window.height), round(window.width))
        window = self._turned(window)
        with self._reading():
            if self._palette is not None:
                pixels, valid = self._read_colours(self._palette, indexes, window, shape)
            else:
                pixels, valid = self._read_numbers(indexes, window, shape, resampling)
        down, across = (-1 if turned else 1 for turned in (self._upside_down, self._mirrored))
        return pixels[:, ::down, ::across], valid[::down, ::across]

    def _read_numbers(
        self, indexes: Sequence[int], window: Window, shape: tuple[int, int], smooth: Resampling
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        if self.doubtful or self.validity.given is not None:
            # GDAL would not leave these empty pixels out of an average, or leave out valid ones.
            smooth = Resampling.nearest
        pixels = np.empty((len(indexes), *shape), self.dtype)
        # All at once is faster for interleaved pixels, but rasterio does it for one type only.
        alone = len({*self.dataset.dtypes}) > 1
        for part in [slice(n, n + 1) for n in range(len(indexes))] if alone else [slice(None)]:
            self.dataset.read(
                list(indexes[part]), out=pixels[part], window=window, resampling=smooth
            )
        return pixels, self.validity.mask(self.dataset, indexes, pixels, window, smooth)

    def _read_colours(
        self, palette: Palette, channels: Sequence[int], window: Window, shape: tuple[int, int]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Read colours; numbers between two numbers mean nothing, so the nearest is used."""
        numbers = self.dataset.read([self._numbers], out_shape=(1, *shape), window=window)
        colours, opaque = palette.colour(numbers[0], list(channels))
        rule = replace(self.validity, zeros=False)
        valid = opaque & rule.mask(
            self.dataset, [self._numbers], numbers, window, Resampling.nearest
        )
        if self.validity.zeros:
            values = colours if self.validity.said == UNDECLARED_ZEROS else numbers
            valid &= (values != 0).any(axis=0)
        return colours, valid

    def _turned(self, window: Window) -> Window:
        """Find the window in the file's own rows and columns."""
        left, top = window.col_off, window.row_off
        if self._upside_down:
            top = self.height - top - window.height
        if self._mirrored:
            left = self.width - left - window.width
        return Window(left, top, window.width, window.height)

    def _has_black_corner(self) -> bool:
        """Whether a corner pixel is 0 in all bands."""
        right, bottom = self.width - 1, self.height - 1
        corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
        reads = [self.read(self.indexes, Window(*corner, 1, 1)) for corner in corners]
        return any(not pixels.any() for pixels, _ in reads)

    def _has_data(self) -> bool:
        """Whether any pixel is valid; search from the centre, because collars lie outside."""
        return any(self.read(self.indexes, block)[1].any() for block in self._from_centre())

    def _from_centre(self) -> Iterator[Window]:
        """Cut the raster into windows: the block in the centre, then rings of runs of blocks."""
        tall, wide = self.dataset.block_shapes[0]
        yield self._cell(self.height // 2 // tall, self.width // 2 // wide, tall, wide)
        wide *= max(1, LEAST_READ // wide)
        room = MOST_READ // (min(wide, self.width) * len(self.indexes))
        tall *= max(1, min(LEAST_READ, room) // tall)
        down, across = math.ceil(self.height / tall), math.ceil(self.width / wide)
        middle, centre = down // 2, across // 2
        for ring in range(max(down, across)):
            for row in range(max(0, middle - ring), min(down, middle + ring + 1)):
                edge = abs(row - middle) == ring
                for column in range(centre - ring, centre + ring + 1, 1 if edge else 2 * ring):
                    if 0 <= column < across:
                        yield self._cell(row, column, tall, wide)

    def _cell(self, row: int, column: int, tall: int, wide: int) -> Window:
        """Return a cell of a lattice over the raster, as far as that reaches."""
        left, top = column * wide, row * tall
        return Window(left, top, min(wide, self.width - left), min(tall, self.height - top))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (RasterioError, CPLE_BaseError, CRSError, OverflowError, MemoryError) as error:
            if not self.path.exists():
                raise SceneError(f"{self.path}: there is no such file; check the path.") from error
            raise SceneError(
                f"{self.path}: this is not a complete raster; copy or download it again."
            ) from error
