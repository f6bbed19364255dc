"""What the numbers of a file mean, as far as its tags and its name say; and one unit for several.

A file may carry a scale and an offset for each band (Landsat, HLS, files that `fetch` wrote); they
are applied wherever pixels are read. Planet's products say by their names what they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from rareearth_explorer.errors import SceneError

PLANET_SCALE = 10_000.0
"""Planet stores reflectance x 10,000, as whole numbers."""

Quantity = Literal["surface reflectance", "top-of-atmosphere reflectance", "radiance"]

PLANET_PRODUCT = re.compile(
    r"(?P<item>.+?)_((?P<measured>AnalyticMS|BGRN_Analytic|BGRN_SR)|panchromatic|pansharpened|analytic)"
    r"(?=_|$)",
    re.IGNORECASE,
)
"""Names of Planet's images: the item, then the product, which is `measured` if its numbers are
radiance or reflectance."""

_SURFACE = re.compile(r"_SR(_|$)", re.IGNORECASE)
_TOP = re.compile(r"_TOAR(_|$)", re.IGNORECASE)
_HARMONISED = re.compile(r"_harmoni[sz]ed?(_|$)", re.IGNORECASE)
_SENTINEL = re.compile(r"S2[A-D]_MSIL[12][AC]_\d{8}T\d{6}_N(\d{4})_", re.IGNORECASE)

SHIFTED_SINCE = 400
"""Processing baseline 04.00, from which Sentinel-2 adds 1000 to its digital numbers."""


@dataclass(frozen=True)
class Units:
    """Meaning of the numbers of a file.

    Attributes
    ----------
    scales, offsets
        Of each band of the file, by its tags: value = number * scale + offset; None if the tags
        say nothing about the bands of data.
    quantity
        What Planet's product name says.
    is_harmonised
        Whether the name says that Planet brought it closer to Sentinel-2; None if it is no
        product of Planet's.
    is_shifted
        Whether Sentinel-2's processing added 1000; None if the name does not say.
    """

    scales: tuple[float, ...] | None = None
    offsets: tuple[float, ...] | None = None
    quantity: Quantity | None = None
    is_harmonised: bool | None = None
    is_shifted: bool | None = None

    @classmethod
    def of(cls, dataset: Any, path: Path, bands: Sequence[int]) -> Self:
        """Read the units of an open file, whose bands of data are counted from 1.

        Raises
        ------
        SceneError
            A scale is 0, or a scale or offset is no number.
        """
        scales, offsets = (tuple(map(float, each)) for each in (dataset.scales, dataset.offsets))
        pairs = [(scales[band - 1], offsets[band - 1]) for band in bands]
        for scale, offset in pairs:
            if not (scale and math.isfinite(scale) and math.isfinite(offset)):
                raise SceneError(
                    f"{path}: its tags give a band the scale {scale:g} and the offset "
                    f"{offset:g}, which cannot be; download it again, or write it without them."
                )
        told = any(pair != (1, 0) for pair in pairs)
        sentinel = _SENTINEL.search(str(path))
        quantity = quantity_of(path)
        return cls(
            scales if told else None,
            offsets if told else None,
            quantity,
            None if quantity is None else bool(_HARMONISED.search(path.stem)),
            None if sentinel is None else int(sentinel[1]) >= SHIFTED_SINCE,
        )

    @property
    def is_scaled(self) -> bool:
        """Whether the file's tags say how to read its numbers."""
        return self.scales is not None

    @property
    def is_planet_reflectance(self) -> bool:
        """Whether Planet's product name says reflectance, which it stores x 10,000."""
        return self.quantity not in (None, "radiance")


def quantity_of(path: Path) -> Quantity | None:
    """Say what an image of Planet's holds, by its name; None for other images."""
    product = PLANET_PRODUCT.match(path.stem)
    if product is None or product["measured"] is None:
        return None
    if _SURFACE.search(path.stem):
        return "surface reflectance"
    return "top-of-atmosphere reflectance" if _TOP.search(path.stem) else "radiance"


@dataclass(frozen=True, eq=False)
class Conversion:
    """Values from the numbers of a file: number * gain + offset.

    Attributes
    ----------
    gain, offset
        Of each band of the file, in its order.
    one
        The value that stands for reflectance 1; None if values are not known to be reflectance.
    """

    gain: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    one: float | None

    def apply(self, pixels: npt.NDArray[Any], indexes: Sequence[int]) -> npt.NDArray[np.float32]:
        """Convert (C, h, w) numbers of the bands of these indexes, counted from 1."""
        places = [index - 1 for index in indexes]
        gain, offset = (each[places, None, None] for each in (self.gain, self.offset))
        return np.asarray(pixels * gain + offset, np.float32)


def conversion_of(units: Units, bands: int, *, to_reflectance: bool = False) -> Conversion | None:
    """Return the conversion of a file's numbers; None to keep them.

    Parameters
    ----------
    units
        Of the file.
    bands
        Number of its bands.
    to_reflectance
        Whether Planet's reflectance x 10,000 becomes reflectance.
    """
    if units.scales is not None and units.offsets is not None:
        return Conversion(np.array(units.scales), np.array(units.offsets), 1.0)
    if to_reflectance and units.is_planet_reflectance:
        return Conversion(np.full(bands, 1 / PLANET_SCALE), np.zeros(bands), 1.0)
    return None


def need_reflectance(units: Sequence[Units]) -> bool:
    """Whether some of several files have scales and others have none."""
    return len({each.is_scaled for each in units}) > 1


def require_one_unit(
    paths: Sequence[Path], units: Sequence[Units], *, converted: bool = False
) -> None:
    """Check that the numbers of several files can be brought to one unit.

    Parameters
    ----------
    paths, units
        The files.
    converted
        Whether radiance is converted to reflectance.

    Raises
    ------
    SceneError
        Some are radiance and others reflectance, or only some say how to read their numbers.
    """
    first = units[0]
    for path, each in zip(paths[1:], units[1:], strict=True):
        kinds = {first.quantity, each.quantity}
        if "radiance" in kinds and len(kinds) > 1 and not converted:
            raise SceneError(
                f"{path}: its numbers are {each.quantity or 'unknown'}, and those of "
                f"{paths[0].name} are {first.quantity or 'unknown'}; give files of one product, or "
                "convert the radiance with --reflectance where the command has it."
            )
        if first.is_scaled != each.is_scaled:
            bare, scaled = (each, paths[0]) if first.is_scaled else (first, path)
            if not bare.is_planet_reflectance:
                name = path if first.is_scaled else paths[0]
                raise SceneError(
                    f"{name}: it does not say how to read its numbers, and {scaled.name} has a "
                    "scale and an offset; give files of one product."
                )


def unit_notes(paths: Sequence[Path], units: Sequence[Units]) -> Iterator[str]:
    """Say in sentences where several files differ in ways that no number can mend."""
    first = units[0]
    for path, each in zip(paths[1:], units[1:], strict=True):
        if each.is_harmonised is not None and first.is_harmonised not in (None, each.is_harmonised):
            one, other = (path, paths[0]) if each.is_harmonised else (paths[0], path)
            yield (
                f"warning: {one.name} is harmonised with Sentinel-2 and {other.name} is not, so "
                "their numbers differ; order all harmonised, or none."
            )
        elif None not in (each.quantity, first.quantity) and each.quantity != first.quantity:
            yield (
                f"warning: {path.name} is {each.quantity} and {paths[0].name} is "
                f"{first.quantity}, so their numbers differ; give files of one product."
            )
        elif each.is_shifted is not None and first.is_shifted not in (None, each.is_shifted):
            one, other = (path, paths[0]) if each.is_shifted else (paths[0], path)
            yield (
                f"warning: {one.name} is of Sentinel-2's processing baseline 04.00 or later, which "
                f"added 1000 to its numbers unless that was undone, and {other.name} is not."
            )
