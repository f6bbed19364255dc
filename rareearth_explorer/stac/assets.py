"""Find the file of each band of an image, and the scale and offset of its pixels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rareearth_explorer.errors import CatalogueError

if TYPE_CHECKING:
    from pystac import Asset, Item

SENTINEL_2 = {
    "coastal_blue": "B01",
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "rededge1": "B05",
    "rededge2": "B06",
    "rededge3": "B07",
    "nir": "B08",
    "nir08": "B8A",
    "swir16": "B11",
    "swir22": "B12",
}
"""Sentinel-2's name of each band, by role."""

REFLECTANCE = 1e-4
"""Scale of reflectance stored as whole numbers of ten-thousandths."""

BASELINE = 4.0
"""Processing baseline of Sentinel-2 from which digital numbers include an offset of 1,000."""

BASELINE_OFFSET = -1000
"""Number to add to digital numbers of that baseline."""


@dataclass(frozen=True)
class Band:
    """A band of an image.

    Attributes
    ----------
    href
        URL of the file; the band is its first one.
    scale, offset
        The measured value is digital number x scale + offset; 1 and 0 if not specified.
    """

    href: str
    scale: float = 1.0
    offset: float = 0.0

    @property
    def is_reflectance(self) -> bool:
        """Whether the scale is that of reflectance x 10,000."""
        return math.isclose(self.scale, REFLECTANCE)

    @property
    def added(self) -> int:
        """Number to add to digital numbers to get reflectance x 10,000.

        It is 0 for other scales, whose numbers are written unchanged.
        """
        return round(self.offset / self.scale) if self.is_reflectance else 0


def band_of(item: Item, role: str) -> Band:
    """Find a band of an image by its role.

    Its file has the name of the role, or Sentinel-2's name with or without a resolution, or is
    the only single-band file with that common name.

    Raises
    ------
    CatalogueError
        The image has no such band.
    """
    asset = _asset_of(item, role)
    if asset is None:
        raise CatalogueError(
            f"{item.id}: this image has no band {role} among {', '.join(sorted(item.assets))}; "
            "name others with --bands."
        )
    return Band(asset.get_absolute_href() or asset.href, *_scaling(item, asset))


def _asset_of(item: Item, role: str) -> Asset | None:
    name = SENTINEL_2.get(role, role)
    for key in (role, name):
        if key in item.assets:
            return item.assets[key]
    at_resolution = {
        int(match[1]): asset
        for key, asset in item.assets.items()
        if (match := re.fullmatch(rf"{name}_(\d+)m", key))
    }
    if at_resolution:
        return at_resolution[min(at_resolution)]
    named = [asset for asset in item.assets.values() if _common_names(asset) == [role]]
    return named[0] if len(named) == 1 else None


def _common_names(asset: Asset) -> list[str]:
    bands = asset.extra_fields.get("eo:bands") or asset.extra_fields.get("bands") or []
    return [band.get("common_name") or band.get("eo:common_name", "") for band in bands]


def _scaling(item: Item, asset: Asset) -> tuple[float, float]:
    """Find scale and offset of the digital numbers.

    Earth Search also gives an offset for files from which it has already subtracted it, and says
    so in a property. A catalogue without this metadata serves Sentinel-2 as ESA does.
    """
    properties = item.properties
    scale, offset = (_told(asset, name) for name in ("scale", "offset"))
    if scale is None and str(item.collection_id).startswith("sentinel-2"):
        baseline = properties.get("s2:processing_baseline") or properties.get("processing:version")
        scale = REFLECTANCE
        offset = BASELINE_OFFSET * scale if _number(baseline) >= BASELINE else 0
    if properties.get("earthsearch:boa_offset_applied"):
        offset = 0
    return scale or 1.0, offset or 0.0


def _told(asset: Asset, name: str) -> float | None:
    """Find `scale` or `offset` in any version of the raster extension."""
    fields = asset.extra_fields
    old = (fields.get("raster:bands") or [{}])[0].get(name)
    new = (fields.get("bands") or [{}])[0].get(f"raster:{name}")
    told = [value for value in (old, new, fields.get(f"raster:{name}")) if value is not None]
    return float(told[0]) if told else None


def _number(baseline: object) -> float:
    try:
        return float(str(baseline))
    except ValueError:
        return 0.0
