"""What the attributes of a Zarr store say: where its pixels lie, and what its numbers are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from rareearth_explorer.data.numbers.coding import PLAIN, Coding, coding_from
from rareearth_explorer.errors import SceneError

PER_PIXEL = "per_pixel_scale"
"""Method of codes that are multiplied by the array 'scales'."""


def attributes_of(folder: Path) -> dict[str, Any]:
    """Collect the attributes of a group and of the groups above it; the nearest count.

    Raises
    ------
    SceneError
        The metadata of one cannot be read.
    """
    found: dict[str, Any] = {}
    for each in (folder, *folder.absolute().parents):
        file = each / "zarr.json"
        if not file.is_file():
            break
        try:
            attributes = json.loads(file.read_bytes()).get("attributes", {})
            found = {**attributes, **found}
        except (ValueError, AttributeError, TypeError, OSError) as error:
            raise SceneError(
                f"{file}: this is no metadata of a Zarr group; copy or download it again."
            ) from error
    return found


def place_of(folder: Path, attributes: Mapping[str, Any]) -> tuple[CRS, Affine]:
    """Read the coordinate reference system, and pixel (column, row) to its coordinates.

    Raises
    ------
    SceneError
        They are missing or rotated.
    """
    said = attributes.get("proj:code") or attributes.get("proj:wkt2")
    try:
        crs = CRS.from_user_input(said)
    except (CRSError, TypeError) as error:
        raise SceneError(
            f"{folder}: its attribute 'proj:code' is {str(said)[:60]!r}, and not a coordinate "
            "reference system such as EPSG:32647; add it to zarr.json."
        ) from error
    numbers = attributes.get("spatial:transform")
    straight = (
        isinstance(numbers, list)
        and len(numbers) in (6, 9)
        and all(isinstance(each, int | float) and math.isfinite(each) for each in numbers)
        and numbers[1] == numbers[3] == 0
        and numbers[0] > 0
        and numbers[4] != 0
    )
    if not straight or attributes.get("spatial:registration", "pixel") != "pixel":
        raise SceneError(
            f"{folder}: its attribute 'spatial:transform' is {str(numbers)[:80]}, and six numbers "
            "of pixels that are not rotated, from the corner of the first, are read; write it "
            "again on such a grid."
        )
    assert isinstance(numbers, list)
    return crs, Affine(*map(float, numbers[:6]))


def coding_of(
    folder: Path, attributes: Mapping[str, Any], dtype: np.dtype[Any], *, scaled: bool
) -> Coding | None:
    """Find how to decode the numbers; None if the array 'scales' does it.

    Parameters
    ----------
    folder, attributes
        The group, and the result of `attributes_of`.
    dtype
        Type of the stored numbers.
    scaled
        Whether there is an array 'scales'.

    Raises
    ------
    SceneError
        Nothing says what the numbers are, or the method is not known.
    """
    record = attributes.get("geoemb:quantization")
    method = record.get("method") if isinstance(record, dict) else None
    per_pixel = str(method).replace("-", "_").lower() == PER_PIXEL
    whole = dtype.kind in "iu"
    if record is None and not whole and not scaled:
        return PLAIN
    if scaled and whole and (record is None or per_pixel):
        return None
    if record is None:
        raise SceneError(
            f"{folder}: its numbers are {dtype}, and neither an array 'scales' nor the attribute "
            "'geoemb:quantization' says what they stand for; download it again."
        )
    if scaled or per_pixel or not whole:
        raise SceneError(
            f"{folder}: its quantization is {str(method)[:60]!r}, which does not fit numbers of "
            f"{dtype} {'with' if scaled else 'without'} an array 'scales'; download it again."
        )
    return _declared(folder, record)


def _declared(folder: Path, record: Any) -> Coding:
    try:
        coding = coding_from(record, "its attribute 'geoemb:quantization'")
    except (ValueError, AttributeError) as fault:
        raise SceneError(
            f"{folder}: its attribute 'geoemb:quantization' has a form that is not known ({fault});"
            " decode it before, or write GeoTIFFs of it."
        ) from fault
    if coding is None or coding.method == "bits":
        raise SceneError(
            f"{folder}: its numbers are codes by the method {str(record.get('method'))[:60]!r}, "
            "which is not known here; decode it before, or write GeoTIFFs of it."
        )
    return coding
