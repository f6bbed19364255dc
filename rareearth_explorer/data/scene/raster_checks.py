"""What a raster must be to be read as a scene, checked before its pixels cost time or memory."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from rareearth_explorer.data.places import MAP_END, beyond_map
from rareearth_explorer.errors import SceneError

Bounds = tuple[tuple[float, float], tuple[float, float]]
"""(south, west), (north, east) in degrees, as Leaflet writes them."""

MOST_BANDS = 1000
"""Hyperspectral sensors have some hundreds."""

MOST_BLOCK_BYTES = 2**29
"""GDAL holds a block as a whole; decoded and copied it takes several times its size."""

MOST_PIXELS = 2**38
"""Some three times Myanmar at 3 m; more is a damaged header."""

MOST_TURN = 0.05
"""Pixels by which a corner may be off if a rotation is neglected: programs round 0 to 1e-15."""

LARGE, MOST_COMPRESSED = 2**33, 10_000
"""Bytes of pixels from which a file is asked how it can hold them, and how many a byte of it can
stand for: deflate and its like reach a thousand."""


def check_header(dataset: Any, path: Path) -> None:
    """Check sizes, types and place as the header tells them.

    Raises
    ------
    SceneError
        The raster has no bands or too many, is larger than can be read, complex, or lies on no
        straight grid in a known CRS.
    """
    if dataset.count == 0:
        raise SceneError(f"{path}: the raster has no bands; give one of its subdatasets.")
    if dataset.count > MOST_BANDS:
        raise SceneError(
            f"{path}: the raster has {dataset.count:,} bands, and at most {MOST_BANDS:,} are "
            "read; copy or download it again, or take the bands you need with "
            "'rio stack FILE --bidx 1,2,3 -o OUT'."
        )
    if any(str(kind).startswith("complex") for kind in dataset.dtypes):
        raise SceneError(f"{path}: the pixels are complex numbers; give their amplitude instead.")
    _check_size(dataset, path)
    _check_georeference(dataset, path)


def require_on_map(path: Path, bounds: Bounds) -> None:
    """Check that the map can show patches all over a scene.

    Raises
    ------
    SceneError
        The scene reaches beyond 85.05 degrees north or south.
    """
    (south, _), (north, _) = bounds
    if max(north, -south) > MAP_END:
        remedy = "cut out the part before it with 'rio clip IN OUT --bounds ...'"
        if max(south, -north) > MAP_END:
            remedy = "choose a scene farther from the pole"
        raise SceneError(f"{path}: {beyond_map(south, north)}; {remedy}.")


def _check_size(dataset: Any, path: Path) -> None:
    if dataset.width * dataset.height > MOST_PIXELS:
        raise SceneError(
            f"{path}: its header says {dataset.width:,} x {dataset.height:,} pixels, which is more "
            "than can be read; cut out your area with 'rio clip IN OUT --bounds ...'."
        )
    whole = sum(np.dtype(kind).itemsize for kind in dataset.dtypes) * dataset.width * dataset.height
    if whole > LARGE and dataset.driver != "VRT" and path.is_file():
        size = path.stat().st_size
        if whole > MOST_COMPRESSED * size:
            raise SceneError(
                f"{path}: its header says {whole / 2**30:,.0f} GiB of pixels, and the file has "
                f"{size:,} bytes, so almost all of it is missing; copy or download it again."
            )
    height, width = dataset.block_shapes[0]
    together = dataset.count if str(dataset.interleaving).endswith("pixel") else 1
    if dataset.driver.startswith("JP2"):
        height, width = _jpeg2000_tile(path) or (height, width)
        together = dataset.count
    block = height * width * np.dtype(dataset.dtypes[0]).itemsize * together
    if block > MOST_BLOCK_BYTES:
        raise SceneError(
            f"{path}: it is stored in blocks of {width:,} x {height:,} pixels, "
            f"{block / 2**30:,.1f} GiB each, which is too much to hold; write it in tiles with "
            "'rio convert IN OUT --co TILED=YES', or copy or download it again."
        )


def _turn(dataset: Any) -> float:
    """Measure how far, in pixels, the rotation of a raster moves its corners."""
    transform = dataset.transform
    if not transform.b and not transform.d:
        return 0.0
    if not transform.a or not transform.e:
        return math.inf
    across = abs(transform.b / transform.a) * dataset.height
    return float(max(across, abs(transform.d / transform.e) * dataset.width))


def _jpeg2000_tile(path: Path) -> tuple[int, int] | None:
    """Read the size of the tiles of a JPEG 2000 file (ISO 15444-1, A.5.1): height, width.

    GDAL shows smaller blocks, but the library behind it decodes a tile as a whole for each.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2**16)
    except OSError:  # inside an archive, which GDAL opens
        return None
    marker = start.find(b"\xff\x4f\xff\x51")
    if marker < 0 or len(start) < marker + 32:
        return None
    width, height = struct.unpack(">II", start[marker + 24 : marker + 32])
    across, down = struct.unpack(">II", start[marker + 8 : marker + 16])
    return min(height, down), min(width, across)


def _check_georeference(dataset: Any, path: Path) -> None:
    transform = dataset.transform
    if dataset.gcps[0]:
        flaw = "is georeferenced by ground control points only"
    elif transform.is_identity and dataset.tags(ns="RPC"):
        flaw = "is georeferenced by rational polynomial coefficients only"
    elif _turn(dataset) > MOST_TURN:
        flaw = "is rotated"
    elif dataset.crs is None:
        raise SceneError(
            f"{path}: the raster has no coordinate reference system; "
            "assign it with 'rio edit-info --crs EPSG:... FILE'."
        )
    elif not (all(map(math.isfinite, transform)) and transform.a and transform.e):
        raise SceneError(
            f"{path}: the size of its pixels is {transform.a:g} x {transform.e:g}, which cannot "
            "be; copy or download it again."
        )
    else:
        return
    raise SceneError(
        f"{path}: the raster {flaw}; warp it with 'rio warp IN OUT --dst-crs EPSG:...' first."
    )
