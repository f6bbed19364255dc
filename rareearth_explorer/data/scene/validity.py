"""Which pixels of a raster count: nodata values, masks, alpha, and undeclared zeros."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.windows import Window

Nodata = float | Literal["none"] | None
"""The nodata value that the user gives; `none` if every pixel is data, None to ask the file."""

Mask = npt.NDArray[np.bool_]

SAMPLE = 512
"""Longest side, in pixels, to which a band called alpha is read to see whether it is a mask."""

FLOAT_STEPS = 1e-6
"""Relative difference within which a float is the nodata value: programs that write it as text
miss it by a few steps."""


def nodata_of(text: str | float | None) -> Nodata:
    """Read a nodata value from an option, an environment variable, or the metadata of a table.

    Raises
    ------
    ValueError
        The text is neither a number nor `none`.
    """
    if text is None:
        return None
    if isinstance(text, str) and text.strip().lower() == "none":
        return "none"
    return float(text)


@dataclass(frozen=True)
class Validity:
    """How to tell which pixels of a file count.

    Attributes
    ----------
    said
        A phrase that names the source, for `info`.
    masked
        Bands whose own mask in GDAL spoils a pixel, counted from 1; a mask that all bands share
        is named by one of them.
    alpha
        Alpha bands that are masks.
    zeros
        Whether a pixel is empty where all bands read are 0.
    given
        Nodata value that the user gave, other than 0; None if none.
    compared
        Bands and their nodata values, which are compared here: for a file with alpha, rasterio
        warns at each reading of a mask that GDAL does not combine the two.
    """

    said: str
    masked: tuple[int, ...] = ()
    shared: bool = False
    alpha: tuple[int, ...] = ()
    zeros: bool = False
    given: float | None = None
    compared: tuple[tuple[int, float], ...] = ()

    @classmethod
    def of(
        cls, dataset: Any, bands: Sequence[int], alpha: Sequence[int], nodata: Nodata
    ) -> Validity:
        """Read how a file tells it.

        Parameters
        ----------
        dataset
            The open file.
        bands, alpha
            Its bands of data, and its alpha bands that are masks, counted from 1.
        nodata
            The value that the user gave; it replaces nodata values of the file, and no mask.
        """
        alpha = tuple(alpha)
        said = [f"alpha band {', '.join(map(str, alpha))}"] if alpha else []
        shared = _shared_mask(dataset, bands)
        masked: tuple[int, ...] = ()
        if shared is not None and (nodata is None or not _is_nodata(dataset, shared)):
            masked = (shared,)
            said.append("the mask of the file")
        if nodata is not None:
            return cls(
                " and ".join([*said, _given(nodata)]),
                masked,
                bool(masked),
                alpha,
                nodata == 0,
                None if nodata in ("none", 0) else float(nodata),
            )
        if masked:
            return cls(" and ".join(said), masked, True, alpha)
        own = [band for band in bands if _has_own_mask(dataset, band)]
        values = [dataset.nodatavals[band - 1] for band in bands]
        if own:
            said.append(_declared(dataset, own, values))
        # A single dark band can measure 0, so a declared 0 counts only where all bands are 0.
        zeros = len(own) == len(bands) and all(value == 0 for value in values)
        phrase = " and ".join(said)
        if ColorInterp.alpha in dataset.colorinterp and all(_is_nodata(dataset, b) for b in own):
            pairs = tuple((band, float(dataset.nodatavals[band - 1])) for band in own)
            return cls(phrase, (), False, alpha, zeros, compared=() if zeros else pairs)
        return cls(phrase, () if zeros else tuple(own), False, alpha, zeros)

    @property
    def is_declared(self) -> bool:
        """Whether the file or the user says anything about empty pixels."""
        return bool(self.said)

    def mask(
        self,
        dataset: Any,
        indexes: Sequence[int],
        pixels: npt.NDArray[Any],
        window: Window,
        resampling: Resampling,
    ) -> Mask:
        """Find the pixels that count, (h, w), among (C, h, w) pixels of the bands `indexes`."""
        shape = pixels.shape[1:]
        options = {"window": window, "out_shape": shape, "resampling": _for_masks(resampling)}
        valid = np.isfinite(pixels).all(axis=0)
        for band in self.masked if self.shared else set(self.masked).intersection(indexes):
            valid &= dataset.read_masks(band, **options) > 0
        for band in self.alpha:
            valid &= dataset.read(band, **options) > 0
        for band, value in self.compared:
            if band in indexes:
                valid &= ~_equals(pixels[list(indexes).index(band)], value)
        if self.zeros:
            valid &= (pixels != 0).any(axis=0)
        if self.given is not None:
            valid &= ~_equals(pixels, self.given).any(axis=0)
        return np.asarray(valid)


UNDECLARED_ZEROS = "0 in all bands, which the file does not declare, but a corner pixel is so"
NOTHING_EMPTY = "nothing, so every pixel counts: neither the file nor --nodata declares empty ones"


def is_mask(alpha: npt.NDArray[Any]) -> bool:
    """Whether the values of a band called alpha are a mask: all or nothing, but for soft edges.

    Some programs call any fourth band alpha; near infrared has many values between 0 and its
    highest.
    """
    opaque = alpha[alpha > 0]
    return opaque.size == 0 or bool((opaque == opaque.max()).mean() >= 0.5)


def split_alpha(dataset: Any, named: int | None) -> tuple[list[int], list[int], list[int]]:
    """Divide the bands of a file into data, alpha, and data that is called alpha.

    Parameters
    ----------
    dataset
        The open file.
    named
        Number of bands that the user named; if it is that of all bands, each is data.

    Returns
    -------
    data, alpha, doubtful
        Numbers of bands, from 1; those of `doubtful` are also in `data`.
    """
    called = [
        band
        for band, colour in zip(dataset.indexes, dataset.colorinterp, strict=True)
        if colour == ColorInterp.alpha
    ]
    if len(called) == dataset.count:
        return [], called, []
    step = max(1, math.ceil(max(dataset.shape) / SAMPLE))
    shape = tuple(math.ceil(side / step) for side in dataset.shape)
    doubtful = [
        band
        for band in called
        if named == dataset.count or not is_mask(dataset.read(band, out_shape=shape))
    ]
    alpha = [band for band in called if band not in doubtful]
    return [band for band in dataset.indexes if band not in alpha], alpha, doubtful


def _shared_mask(dataset: Any, bands: Sequence[int]) -> int | None:
    """Return a band that has the mask of the whole file; None if there is no such mask."""
    for band in bands:
        flags = dataset.mask_flag_enums[band - 1]
        if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
            return band
    return None


def _is_nodata(dataset: Any, band: int) -> bool:
    return MaskFlags.nodata in dataset.mask_flag_enums[band - 1]


def _has_own_mask(dataset: Any, band: int) -> bool:
    flags = dataset.mask_flag_enums[band - 1]
    return not {MaskFlags.all_valid, MaskFlags.alpha, MaskFlags.per_dataset}.intersection(flags)


def _given(nodata: Nodata) -> str:
    if nodata == "none":
        return "--nodata none, so every pixel counts"
    return f"--nodata {nodata:g}" + (", in all bands" if nodata == 0 else "")


def _declared(dataset: Any, own: Sequence[int], values: Sequence[float | None]) -> str:
    """Phrase the nodata values that a file declares for its bands."""
    if not any(_is_nodata(dataset, band) for band in own):
        return "the mask of each band"
    if len({str(value) for value in values}) == 1:
        value = values[0]
        return f"the nodata value {value:g}" + (", in all bands" if value == 0 else "")
    each = ", ".join("none" if value is None else f"{value:g}" for value in values)
    return f"the nodata value of each band: {each}"


def _for_masks(resampling: Resampling) -> Resampling:
    """Choose how masks are resampled: an average counts if any pixel does, else the nearest."""
    return resampling if resampling == Resampling.average else Resampling.nearest


def _equals(pixels: npt.NDArray[Any], value: float) -> Mask:
    if math.isnan(value):
        return np.asarray(np.isnan(pixels))
    if np.issubdtype(pixels.dtype, np.floating):
        return np.asarray(np.isclose(pixels, value, rtol=FLOAT_STEPS, atol=0))
    return np.asarray(pixels == value)
