"""Opening a GeoTIFF as a scene: what the file tells about itself, and what it leaves out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import ProjError

from rareearth_explorer.errors import SceneError
from rareearth_explorer.grid import WGS84, ground_sample_distance, transformer
from rareearth_explorer.scene.bands import band_roles
from rareearth_explorer.scene.dates import acquisition_time
from rareearth_explorer.scene.raster import Raster
from rareearth_explorer.scene.scene import Bounds, Scene


def open_scene(path: str | Path, *, bands: Sequence[str] | None = None) -> Scene:
    """Open a GeoTIFF as a scene.

    Parameters
    ----------
    path
        The file.
    bands
        Role of each band but alpha, in the file's order; default what the file tells.

    Raises
    ------
    SceneError
        If the file cannot be used, or `bands` is not one role for each of its bands.
    """
    raster = Raster(Path(path))
    try:
        return _scene_of(raster, bands)
    except SceneError:
        raster.close()
        raise


def _scene_of(raster: Raster, bands: Sequence[str] | None) -> Scene:
    path, dataset = raster.path, raster.dataset
    crs = CRS.from_wkt(dataset.crs.to_wkt())
    bounds = _lonlat_bounds(crs, raster)
    roles = _roles_of(raster) if bands is None else tuple(bands)
    if len(roles) != len(raster.indexes) or len(set(roles)) != len(roles):
        raise SceneError(
            f"{path}: the bands are {len(raster.indexes)}, the names given for them "
            f"{', '.join(roles) or 'none'}; give each band a name of its own."
        )
    return Scene(
        path=path,
        crs=crs,
        transform=dataset.transform,
        width=dataset.width,
        height=dataset.height,
        bands=roles,
        dtype=dataset.dtypes[0],
        nodata=dataset.nodata,
        gsd=ground_sample_distance(crs, dataset.transform, dataset.width, dataset.height),
        bounds=bounds,
        time=acquisition_time(path.name, dataset.tags().get("TIFFTAG_DATETIME")),
        _raster=raster,
    )


def _roles_of(raster: Raster) -> tuple[str, ...]:
    dataset, path = raster.dataset, raster.path
    evidence = [path.name, *dataset.tags().values()]
    sidecar = path.with_name(f"{path.stem}_metadata.xml")  # Planet's
    if sidecar.is_file():
        evidence.append(sidecar.read_text(errors="replace"))
    return band_roles(
        [dataset.descriptions[index - 1] for index in raster.indexes],
        [dataset.colorinterp[index - 1].name for index in raster.indexes],
        evidence,
        dataset.dtypes[0] == "uint8",
    )


def _lonlat_bounds(crs: CRS, raster: Raster) -> Bounds:
    try:
        there = transformer(crs.to_wkt(), WGS84)
        west, south, east, north = there.transform_bounds(*raster.dataset.bounds)
    except ProjError:
        west = south = east = north = math.inf
    if not (-360 <= west <= 360 and -90 <= south < north <= 90):
        raise SceneError(
            f"{raster.path}: its coordinates are nowhere on Earth in its coordinate reference "
            f"system, {crs.name}; assign the right one with 'gdal_edit.py -a_srs EPSG:... FILE'."
        )
    return (south, west), (north, east if east > west else east + 360)
