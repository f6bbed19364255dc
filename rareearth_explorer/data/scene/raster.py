"""A raster file on disk: checked on opening, readable from any thread, with a valid mask."""

from __future__ import annotations

import math
import threading
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from rareearth_explorer.data.storage.raster_cache import bound_raster_cache
from rareearth_explorer.errors import SceneError


class Raster:
    """A raster file whose pixels lie on a north-up grid in a known CRS.

    A pixel is empty if the file's mask or alpha band says so, if a value is NaN or infinite, or
    by its nodata value. For nodata 0, all bands read must be 0, because a single dark band can
    measure 0. Any other nodata value in one band makes the pixel empty. A raster without a
    declared nodata value has nodata 0 if one of its corner pixels is 0 in all bands: the collar
    around a swath always reaches a corner, but a single black pixel inside an image is a
    measurement.

    Attributes
    ----------
    path
        The file.
    indexes
        Its bands except alpha, counted from 1 as in rasterio.
    transform, width, height, dtype
        As the file declares them.
    has_overviews
        Whether it contains overviews.

    Raises
    ------
    SceneError
        If the file is missing, broken, without bands, not on a north-up grid, without a CRS, or
        empty throughout.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.local()
        bound_raster_cache()
        # Weak, so that the handle of a finished thread is released.
        self._handles: weakref.WeakSet[Any] = weakref.WeakSet()
        with self._reading(), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # rejected below instead
            dataset = self.dataset
        try:
            self.indexes = _image_bands(dataset, path)
            _check_georeference(dataset, path)
            self.transform, self.dtype = dataset.transform, dataset.dtypes[0]
            self.width, self.height = dataset.width, dataset.height
            self.has_overviews = bool(dataset.overviews(1))
            self._masked = MaskFlags.per_dataset in dataset.mask_flag_enums[0]
            self._nodata = dataset.nodata
            declared = self._masked or self._nodata is not None
            # Always read the corners: a truncated file lacks the last one.
            if self._has_black_corner() and not declared:
                self._nodata = 0
            if not self._has_data():
                raise SceneError(f"{path}: every pixel is nodata; give another scene.")
        except SceneError:
            self.close()
            raise

    @property
    def dataset(self) -> Any:
        """Rasterio dataset of the calling thread; threads must not share GDAL's handles."""
        handle = getattr(self._threads, "handle", None)
        if handle is None or handle.closed:
            handle = self._threads.handle = rasterio.open(self.path)
            self._handles.add(handle)
        return handle

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
            (C, h, w) in the file's own dtype.
        valid
            (h, w), False for empty pixels.
        """
        shape = out_shape or (round(window.height), round(window.width))
        options = {"window": window, "resampling": resampling}
        with self._reading():
            pixels = self.dataset.read(list(indexes), out_shape=(len(indexes), *shape), **options)
            valid = np.isfinite(pixels).all(axis=0)
            if self._masked:
                valid &= self.dataset.dataset_mask(out_shape=shape, **options) > 0
        if self._nodata == 0:
            valid &= (pixels != 0).any(axis=0)
        elif self._nodata is not None:
            valid &= (pixels != self._nodata).all(axis=0)
        return pixels, valid

    def _has_black_corner(self) -> bool:
        """Whether a corner pixel is 0 in all bands."""
        right, bottom = self.dataset.width - 1, self.dataset.height - 1
        corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
        reads = [self.read(self.indexes, Window(*corner, 1, 1)) for corner in corners]
        return any(not pixels.any() for pixels, _ in reads)

    def _has_data(self) -> bool:
        """Whether any pixel is valid; search from the centre, because collars lie outside."""
        centre = self.dataset.width / 2, self.dataset.height / 2
        blocks = [window for _, window in self.dataset.block_windows(1)]
        blocks.sort(key=lambda block: math.dist((block.col_off, block.row_off), centre))
        return any(self.read(self.indexes, block)[1].any() for block in blocks)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except RasterioError as error:
            if not self.path.exists():
                raise SceneError(f"{self.path}: there is no such file; check the path.") from error
            raise SceneError(
                f"{self.path}: this is not a complete raster; copy or download it again."
            ) from error


def _check_georeference(dataset: Any, path: Path) -> None:
    transform = dataset.transform
    if dataset.gcps[0]:
        flaw = "is georeferenced by ground control points only"
    elif transform.b or transform.d:
        flaw = "is rotated"
    elif dataset.crs is None:
        raise SceneError(
            f"{path}: the raster has no coordinate reference system; "
            "assign it with 'gdal_edit.py -a_srs EPSG:... FILE'."
        )
    elif not transform.a > 0 > transform.e:
        flaw = "is not north up"
    else:
        return
    raise SceneError(f"{path}: the raster {flaw}; warp it with 'gdalwarp IN OUT' first.")


def _image_bands(dataset: Any, path: Path) -> list[int]:
    indexes = [
        index
        for index, colour in zip(dataset.indexes, dataset.colorinterp, strict=True)
        if colour != ColorInterp.alpha
    ]
    if not indexes:
        raise SceneError(f"{path}: the raster has no bands; give one of its subdatasets.")
    if np.issubdtype(dataset.dtypes[0], np.complexfloating):
        raise SceneError(f"{path}: the pixels are complex numbers; give their amplitude instead.")
    return indexes
