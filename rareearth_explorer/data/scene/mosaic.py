"""A mosaic of rasters of one date; where they overlap, the first valid pixel is used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.windows import Window

from rareearth_explorer.data.scene.laying import MisfitError, place_on
from rareearth_explorer.data.scene.preview import Masked
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.scene.units import Conversion
from rareearth_explorer.errors import SceneError

CLEAR = 1
"""Value, in the first band of a UDM2, of pixels without cloud, shadow, haze and snow."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A raster in a mosaic.

    Attributes
    ----------
    raster
        The image.
    udm2
        Its usable data mask, of the same size; None to use every pixel with data.
    conversion
        From the numbers of the file to values; None to keep the numbers.
    left, top
        Its upper left pixel in the mosaic.
    """

    raster: Raster
    udm2: Raster | None
    conversion: Conversion | None
    left: int
    top: int

    @classmethod
    def over(
        cls,
        first: Raster,
        raster: Raster,
        udm2: Raster | None = None,
        conversion: Conversion | None = None,
    ) -> Self:
        """Place a raster on the grid of the first one, where positions are counted from.

        Raises
        ------
        SceneError
            Their grids differ, or the mask does not cover the raster pixel by pixel.
        """
        if udm2 is not None:
            _require_same_size(udm2, raster)
        return cls(raster, udm2, conversion, *_place(raster, first))

    def read(
        self,
        indexes: Sequence[int],
        window: Window,
        shape: tuple[int, int],
        resampling: Resampling,
    ) -> Masked:
        """Read a window of the layer; as `Raster.read`, converted and with the mask applied."""
        pixels, valid = self.raster.read(indexes, window, shape, resampling)
        if self.conversion is not None:
            pixels = self.conversion.apply(pixels, indexes)
        if self.udm2 is not None:
            clear, _ = self.udm2.read([1], window, shape)
            valid &= clear[0] == CLEAR
        return pixels, valid


class Mosaic:
    """Rasters on one grid, read like a single `Raster`.

    Parameters
    ----------
    layers
        At least one, the first on top; their positions are counted from the first one's.

    Attributes
    ----------
    indexes
        Bands, counted from 1, the same in all layers.
    transform, width, height
        Those of the smallest rectangle that holds all layers.
    overviews
        Those that all layers have, as in `Raster`.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        left = min(layer.left for layer in layers)
        top = min(layer.top for layer in layers)
        self._layers = [replace(each, left=each.left - left, top=each.top - top) for each in layers]
        first = layers[0].raster
        self.path = first.path
        self.indexes = first.indexes
        self.transform = first.transform @ Affine.translation(left, top)
        self.width = max(layer.left + layer.raster.width for layer in self._layers)
        self.height = max(layer.top + layer.raster.height for layer in self._layers)
        self.overviews = sorted(set.intersection(*(set(each.raster.overviews) for each in layers)))
        kinds = [each.raster.dtype if each.conversion is None else np.float32 for each in layers]
        self.dtype = np.result_type(*kinds).name

    @property
    def rasters(self) -> list[Raster]:
        """The images, the first on top."""
        return [layer.raster for layer in self._layers]

    def has_overview(self, side: int) -> bool:
        """As `Raster.has_overview`, where the layers lie on one grid of such pixels."""
        return all(
            layer.raster.has_overview(side) and not (layer.left % side or layer.top % side)
            for layer in self._layers
        )

    def close(self) -> None:
        """Close the files in all threads, none of which may be reading."""
        for layer in self._layers:
            layer.raster.close()
            if layer.udm2 is not None:
                layer.udm2.close()

    def read(
        self,
        indexes: Sequence[int],
        window: Window,
        out_shape: tuple[int, int] | None = None,
        resampling: Resampling = Resampling.nearest,
    ) -> Masked:
        """Read a window of the mosaic; as `Raster.read`."""
        shape = out_shape or (round(window.height), round(window.width))
        pixels = np.zeros((len(indexes), *shape), self.dtype)
        valid = np.zeros(shape, bool)
        for _, here, (new, usable) in self._layered(indexes, window, valid, resampling):
            np.copyto(pixels[:, *here], new, where=usable & ~valid[here])
            valid[here] |= usable
        return pixels, valid

    def origins(self, window: Window) -> npt.NDArray[np.int64]:
        """Find the layer that each pixel of a window comes from, (h, w); -1 if empty."""
        shape = (round(window.height), round(window.width))
        origins = np.full(shape, -1)
        valid = np.zeros(shape, bool)
        read = self._layered(self.indexes, window, valid, Resampling.nearest)
        for number, here, (_, usable) in read:
            origins[here][usable & ~valid[here]] = number
            valid[here] |= usable
        return origins

    def _layered(
        self,
        indexes: Sequence[int],
        window: Window,
        valid: npt.NDArray[np.bool_],
        resampling: Resampling,
    ) -> Iterator[tuple[int, tuple[slice, slice], Masked]]:
        """Read layer by layer what lies in a window, into the shape of `valid`.

        A layer is left out where `valid`, which the caller updates, is full already. Yields the
        number of the layer, where it lies in `valid`, and what it holds there.
        """
        (top, bottom), (left, right) = window.toranges()
        for number, layer in enumerate(self._layers):
            across = _overlap(left, right, valid.shape[1], layer.left, layer.raster.width)
            down = _overlap(top, bottom, valid.shape[0], layer.top, layer.raster.height)
            if across is None or down is None:
                continue
            here = down.pixels, across.pixels
            if valid[here].all():
                continue
            part = Window(across.start, down.start, across.length, down.length)
            height, width = valid[here].shape
            yield number, here, layer.read(indexes, part, (height, width), resampling)


def _place(raster: Raster, first: Raster) -> tuple[int, int]:
    """Find the upper left pixel of a raster on the grid of another: left, top."""
    crs, wanted = (CRS.from_wkt(each.dataset.crs.to_wkt()) for each in (raster, first))
    try:
        return place_on(crs, raster, wanted, first)
    except MisfitError as fault:
        raise _misfit(raster, first, str(fault)) from None


def _require_same_size(udm2: Raster, raster: Raster) -> None:
    """Check that a usable data mask covers its image pixel by pixel."""
    same = (udm2.width, udm2.height) == (raster.width, raster.height)
    if not same or _place(udm2, raster) != (0, 0):
        raise SceneError(
            f"{udm2.path}: the mask does not cover {raster.path.name} pixel by pixel; "
            "give the mask delivered with it, or --no-udm2."
        )


def _misfit(raster: Raster, first: Raster, flaw: str) -> SceneError:
    size = first.transform.a
    crs = CRS.from_wkt(first.dataset.crs.to_wkt()).to_string()
    return SceneError(
        f"{raster.path}: {flaw} those of {first.path.name}; resample it to that grid with "
        f"'rio warp IN OUT --dst-crs {crs} --res {size:g} --target-aligned-pixels', or embed it "
        "alone."
    )


@dataclass(frozen=True)
class Overlap:
    """The part of a window that a layer fills, along one axis.

    Attributes
    ----------
    pixels
        Pixels of the output whose centres lie in the layer.
    start, length
        Pixels of the layer that fill them; whole numbers unless the window is decimated.
    """

    pixels: slice
    start: float
    length: float


def _overlap(start: int, stop: int, count: int, first: int, length: int) -> Overlap | None:
    """Find the overlap along one axis, in pixels of the mosaic; None if there is none.

    Parameters
    ----------
    start, stop, count
        The window, and the number of pixels it is read into.
    first, length
        The layer.
    """
    step = (stop - start) / count
    begin = max(0, math.ceil((first - start) / step - 0.5))
    end = min(count, math.ceil((first + length - start) / step - 0.5))
    if begin >= end:
        return None
    low = max(0.0, start + begin * step - first)
    high = min(float(length), start + end * step - first)
    return Overlap(slice(begin, end), low, high - low)
