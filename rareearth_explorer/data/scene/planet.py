"""Planet's deliveries: which files belong together, and what turns radiance into reflectance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

from rareearth_explorer.data.storage.replacing import is_unfinished
from rareearth_explorer.errors import SceneError

_PRODUCT = re.compile(r"(?P<item>.+)_(AnalyticMS|BGRN_Analytic|BGRN_SR)", re.IGNORECASE)

_REFLECTANCE = re.compile(r"_(SR|TOAR)(_|$)", re.IGNORECASE)

_TOOLS = r"(_\w+)?"
"""What the tools of an order add to the names of files, such as `_clip_file_format`."""

_PREFERRED = ("AnalyticMS_SR", "Analytic", "")
"""What is taken of a folder that holds a scene as several products."""


def scenes_in(folder: Path) -> list[Path]:
    """Find the images of an order, as delivered: surface reflectance where there is any.

    Raises
    ------
    SceneError
        There is none.
    """
    there = [path for path in sorted(folder.rglob("*.tif")) if not is_unfinished(path)]
    images = [path for path in there if "udm" not in path.stem.lower()]
    if not images and any(folder.rglob("*.zip")):
        raise SceneError(f"{folder}: there are only archives in this folder; unpack them first.")
    if not images:
        raise SceneError(f"{folder}: there is no GeoTIFF in this folder; name the files.")
    products = [[p for p in images if wanted in p.name] for wanted in _PREFERRED]
    return next(filter(None, products))


def images_of(given: Iterable[Path]) -> list[Path]:
    """Name the images that are given; for a folder as Planet delivers it, those in it.

    Raises
    ------
    SceneError
        There is none in a folder.
    """
    found = [scenes_in(path) if path.is_dir() else [path] for path in given]
    return list(chain.from_iterable(found))


def udm2_beside(image: Path) -> Path | None:
    """Find the usable data mask (UDM2) delivered with an image."""
    return _beside(image, re.escape(_item(image)) + rf"_udm2{_TOOLS}\.tif")


def metadata_beside(image: Path) -> Path | None:
    """Find the metadata delivered with an image."""
    product = r"_(AnalyticMS|BGRN_Analytic)(_8b)?" if _PRODUCT.match(image.stem) else ""
    return _beside(image, re.escape(_item(image)) + product + rf"_metadata{_TOOLS}\.xml")


def is_radiance(image: Path) -> bool:
    """Whether an image's name says that its digital numbers are radiance at the sensor."""
    return bool(_PRODUCT.match(image.stem)) and not _REFLECTANCE.search(image.stem)


def reflectance_coefficients(image: Path) -> tuple[float, ...]:
    """Read what each band's digital numbers are multiplied by to give reflectance, 0 to 1.

    It is the reflectance at the top of the atmosphere: haze stays in it.

    Raises
    ------
    SceneError
        There is no metadata beside the image, or it tells no coefficients.
    """
    metadata = metadata_beside(image)
    if metadata is None:
        raise SceneError(
            f"{image}: its numbers are radiance, and the metadata XML that turns them into "
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
        raise SceneError(f"{metadata}: it tells no reflectance coefficients; download it again.")
    return tuple(by_number[number] for number in sorted(by_number))


def acquired(image: Path) -> datetime | None:
    """Read the acquisition time, in UTC, from the metadata beside an image; None without it."""
    metadata = metadata_beside(image)
    if metadata is None:
        return None
    text = _parsed(metadata).findtext(".//{*}acquisitionDateTime", "").strip()
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _parsed(metadata: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(metadata).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise SceneError(f"{metadata}: this is no whole XML file; download it again.") from error


def _item(image: Path) -> str:
    """Begin of the names of all files delivered with an image."""
    product = _PRODUCT.match(image.stem)
    return product["item"] if product else image.stem


def _beside(image: Path, pattern: str) -> Path | None:
    """Find the first file in the image's folder whose name matches."""
    names = re.compile(pattern, re.IGNORECASE)
    return min((p for p in image.parent.glob("*") if names.fullmatch(p.name)), default=None)
