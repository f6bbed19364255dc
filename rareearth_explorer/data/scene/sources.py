"""The files of a scene: what each holds, and how its numbers become values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rareearth_explorer.data.scene import planet
from rareearth_explorer.data.scene.bands import band_roles
from rareearth_explorer.data.scene.dates import acquired_by_name
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.scene.units import (
    PLANET_SCALE,
    Conversion,
    Units,
    conversion_of,
    unit_notes,
)
from rareearth_explorer.data.scene.validity import Nodata
from rareearth_explorer.data.storage.file_identity import file_identity
from rareearth_explorer.errors import SceneError

LEFT_OUT = "_"
"""Role of a band that the scene leaves out."""


@dataclass(frozen=True)
class Source:
    """A file of a scene.

    Attributes
    ----------
    path
        The file.
    bands
        Role of each of its bands except alpha, `_` for those that the scene leaves out.
    time
        Acquisition time in UTC, or None.
    udm2
        The usable data mask that is applied, or None.
    conversion
        From the file's numbers to the values of the scene; None to keep the numbers.
    units
        Meaning of the file's numbers.
    nodata
        The value of empty pixels that the user gave, or None.
    months
        The months of a basemap, for which `time` is the middle; empty for a scene of one day.
    """

    path: Path
    bands: tuple[str, ...]
    time: datetime | None = None
    udm2: Path | None = None
    conversion: Conversion | None = None
    units: Units = field(default_factory=Units)
    nodata: Nodata = None
    months: str = ""

    def describe(self) -> dict[str, Any]:
        """Identify the file and how it is read, as JSON types; it reads the whole file."""
        return {
            **file_identity(self.path),
            "time": self.time.isoformat() if self.time else None,
            "bands": list(self.bands),
            "udm2": file_identity(self.udm2) if self.udm2 else None,
            "nodata": _json_number(self.nodata),
            "conversion": _describe_conversion(self.conversion),
        }


def units_of(raster: Raster) -> Units:
    """Read the units of an open file; colours of a palette have none."""
    if raster.is_palette:
        return Units()
    return Units.of(raster.dataset, raster.path, raster.indexes)


def source_of(
    raster: Raster, bands: Sequence[str] | None, udm2: Path | None, units: Units, nodata: Nodata
) -> Source:
    """Describe a file as a source; remove the bands to leave out from the raster."""
    path = raster.path
    roles = _roles_of(raster) if bands is None else tuple(bands)
    kept = [role for role in roles if role != LEFT_OUT]
    if len(roles) != len(raster.indexes) or len(set(kept)) != len(kept) or not kept:
        raise SceneError(
            f"{path}: the file has {len(raster.indexes)} bands, and the names given are "
            f"{', '.join(roles) or 'none'}; give each band a name of its own."
        )
    raster.indexes = [
        index for index, role in zip(raster.indexes, roles, strict=True) if role != LEFT_OUT
    ]
    if mixed := sorted({*raster.palettes}.intersection(raster.indexes)):
        raise SceneError(
            f"{path}: the numbers of band {mixed[0]} stand for colours, and it is not alone; leave "
            "it out by calling it _ in --bands, or give it as a file of its own."
        )
    tag = raster.dataset.tags().get("TIFFTAG_DATETIME")
    by_name = acquired_by_name(path.name, tag)
    time = planet.acquired(path) or (by_name.time if by_name else None)
    months = by_name.months if by_name and time == by_name.time else ""
    return Source(path, roles, time, udm2, units=units, nodata=nodata, months=months)


def conversion_of_source(
    raster: Raster, source: Source, reflectance: bool, to_one: bool
) -> Conversion | None:
    """Choose the conversion of a file's numbers; None to keep them."""
    bands = raster.dataset.count
    if not (reflectance and planet.is_radiance(raster.path)):
        return conversion_of(source.units, bands, to_reflectance=to_one)
    one = 1.0 if to_one else PLANET_SCALE
    return Conversion(one * np.array(_coefficients(raster)), np.zeros(bands), one)


def _coefficients(raster: Raster) -> tuple[float, ...]:
    """Read the factors that convert the bands of a file to reflectance."""
    coefficients = planet.reflectance_coefficients(raster.path)
    if len(coefficients) < max(raster.indexes):
        raise SceneError(
            f"{raster.path}: it has {max(raster.indexes)} bands, and the metadata beside it has "
            f"reflectance coefficients for {len(coefficients)}; download both again."
        )
    return coefficients


def one_of(sources: Sequence[Source]) -> float | None:
    """Return the value that stands for reflectance 1; None if no file says it."""
    first = sources[0]
    if first.conversion is not None:
        return first.conversion.one
    return PLANET_SCALE if first.units.is_planet_reflectance else None


def notes_on(rasters: Sequence[Raster], sources: Sequence[Source]) -> Iterator[str]:
    """Say in sentences what a reader of the files may not expect."""
    for raster, source in zip(rasters, sources, strict=True):
        if raster.doubtful:
            named = ", ".join(map(str, raster.doubtful))
            yield f"{source.path.name}: band {named} is called alpha and holds data, so it is read."
        if source.months:
            yield (
                f"{source.path.name}: its name gives only the months {source.months}; "
                f"{source.time:%Y-%m-%d} stands for them."
            )
    yield from unit_notes([each.path for each in sources], [each.units for each in sources])


def _roles_of(raster: Raster) -> tuple[str, ...]:
    path = raster.path
    evidence = [path.name, *raster.dataset.tags().values()]
    sidecar = planet.metadata_beside(path)
    if sidecar is not None:
        evidence.append(sidecar.read_text(errors="replace"))
    colours = ["undefined" if colour == "alpha" else colour for colour in raster.colours]
    return band_roles(raster.descriptions, colours, evidence, raster.dtype == "uint8")


def _json_number(nodata: Nodata) -> float | str | None:
    """Write a nodata value with JSON types, which have no NaN and no infinity."""
    return str(nodata) if isinstance(nodata, float) and not math.isfinite(nodata) else nodata


def _describe_conversion(conversion: Conversion | None) -> dict[str, Any] | None:
    if conversion is None:
        return None
    return {
        "gain": conversion.gain.tolist(),
        "offset": conversion.offset.tolist(),
        "reflectance_1": conversion.one,
    }
