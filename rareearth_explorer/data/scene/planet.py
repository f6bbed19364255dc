"""Planet's deliveries: find files that belong together, and read reflectance coefficients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

from rareearth_explorer.data.file_kinds import SCENE_SUFFIXES, rasters_in
from rareearth_explorer.data.scene.units import PLANET_PRODUCT, quantity_of
from rareearth_explorer.errors import SceneError

_TOOLS = r"(_\w+)?"
"""Suffixes that the tools of an order add to file names, such as `_clip_file_format`."""

_TOOL_NAMES = re.compile(
    r"(_(clip|file_format|reproject|harmoni[sz]ed?|toar|cog))+$", re.IGNORECASE
)

_RASTER = "|".join(re.escape(suffix) for suffix in SCENE_SUFFIXES)

_PREFERRED = ("analyticms_sr", "analytic", "")
"""Preference among several products of a scene in one folder."""


def scenes_in(folder: Path) -> list[Path]:
    """Find the images of an order as delivered, surface reflectance if it exists.

    A VRT counts only in a folder without other images, because it usually shows those again.

    Raises
    ------
    SceneError
        There are no images.
    """
    images = [path for path in rasters_in(folder) if "udm" not in path.stem.lower()]
    images = [path for path in images if path.suffix.lower() != ".vrt"] or images
    if not images and any(path.suffix.lower() == ".zip" for path in folder.rglob("*")):
        raise SceneError(f"{folder}: this folder contains only archives; unpack them first.")
    if not images:
        raise SceneError(f"{folder}: this folder contains no GeoTIFF; name the files.")
    products = [[p for p in images if wanted in p.name.lower()] for wanted in _PREFERRED]
    return next(filter(None, products))


def images_of(given: Iterable[Path]) -> list[Path]:
    """List the given images; for a folder as Planet delivers it, the images in it.

    Raises
    ------
    SceneError
        A folder contains no images.
    """
    found = [scenes_in(path) if path.is_dir() else [path] for path in given]
    return list(chain.from_iterable(found))


def udm2_beside(image: Path) -> Path | None:
    """Find the usable data mask (UDM2) delivered with an image, under any name Planet gives it."""
    for item in dict.fromkeys((_item(image), _TOOL_NAMES.sub("", _item(image)))):
        name = re.escape(item) + rf"(_\w+)?_udm2{_TOOLS}({_RASTER})"
        if found := _beside(image, re.escape(item) + rf"_udm2{_TOOLS}({_RASTER})"):
            return found
        if PLANET_PRODUCT.match(image.stem) and (found := _beside(image, name)):
            return found
    return None


def metadata_beside(image: Path) -> Path | None:
    """Find the metadata delivered with an image."""
    product = r"_(AnalyticMS|BGRN_Analytic)(_8b)?" if PLANET_PRODUCT.match(image.stem) else ""
    return _beside(image, re.escape(_item(image)) + product + rf"_metadata{_TOOLS}\.xml")


def is_radiance(image: Path) -> bool:
    """Whether the name of an image marks its digital numbers as radiance at the sensor."""
    return quantity_of(image) == "radiance"


def reflectance_coefficients(image: Path) -> tuple[float, ...]:
    """Read the factor that converts each band's digital numbers to reflectance, 0 to 1.

    This is top-of-atmosphere reflectance, which includes haze.

    Raises
    ------
    SceneError
        There is no metadata beside the image, or it has no coefficients.
    """
    metadata = metadata_beside(image)
    if metadata is None:
        raise SceneError(
            f"{image}: its pixels are radiance, and the metadata XML that converts them to "
            "reflectance is not beside it; put it there, or take the surface reflectance product."
        )
    bands = _parsed(metadata).iterfind(".//{*}bandSpecificMetadata")
    try:
        by_number = {
            int(band.findtext("{*}bandNumber", "")): float(
                band.findtext("{*}reflectanceCoefficient", "")
            )
            for band in bands
        }
    except ValueError:
        by_number = {}
    if not by_number:
        raise SceneError(f"{metadata}: it has no reflectance coefficients; download it again.")
    return tuple(by_number[number] for number in sorted(by_number))


def acquired(image: Path) -> datetime | None:
    """Read the acquisition time, in UTC, from the metadata beside an image, or None."""
    metadata = metadata_beside(image)
    if metadata is None:
        return None
    text = _parsed(metadata).findtext(".//{*}acquisitionDateTime", "").strip()
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _parsed(metadata: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(metadata).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise SceneError(
            f"{metadata}: this is not a complete XML file; download it again."
        ) from error


def _item(image: Path) -> str:
    """Return the common prefix of the names of all files delivered with an image."""
    product = PLANET_PRODUCT.match(image.stem)
    return product["item"] if product else image.stem


def _beside(image: Path, pattern: str) -> Path | None:
    """Find the first file in the image's folder whose name matches."""
    names = re.compile(pattern, re.IGNORECASE)
    there = (path for path in image.parent.glob("*") if names.fullmatch(path.name))
    return min((path for path in there if path != image), default=None)
