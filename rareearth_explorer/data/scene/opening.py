"""Open GeoTIFFs as a scene, with the metadata they have and defaults for the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Literal

from pyproj import CRS
from pyproj.exceptions import ProjError
from rasterio.transform import array_bounds

from rareearth_explorer.data.grid import WGS84, ground_sample_distance, transformer
from rareearth_explorer.data.scene import planet
from rareearth_explorer.data.scene.bands import band_roles
from rareearth_explorer.data.scene.dates import acquisition_time
from rareearth_explorer.data.scene.mosaic import Layer, Mosaic
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.scene.scene import Bounds, Scene, Source
from rareearth_explorer.errors import SceneError

LEFT_OUT = "_"
"""Role of a band that the scene leaves out."""

REFLECTANCE_SCALE = 10_000
"""Factor with which reflectance is stored as whole numbers."""

Udm2 = Sequence[Path] | Literal["beside", "none"]
"""Choice of the usable data masks to apply."""


def open_scene(path: str | Path, *, bands: Sequence[str] | None = None) -> Scene:
    """Open a GeoTIFF as a scene, with the stored pixels, including those under clouds.

    Parameters
    ----------
    path
        The file, or a folder as Planet delivers it.
    bands
        Role of each band except alpha, in the file's order, `_` for a band to leave out. By
        default, the file's metadata decides.

    Raises
    ------
    SceneError
        If the file cannot be used, or `bands` is not one role for each of its bands.
    """
    path = Path(path)
    paths = planet.scenes_in(path) if path.is_dir() else [path]
    return open_mosaic(paths, bands=bands, udm2="none")


def open_mosaic(
    paths: Sequence[Path],
    *,
    bands: Sequence[str] | None = None,
    udm2: Udm2 = "beside",
    reflectance: bool = False,
) -> Scene:
    """Open GeoTIFFs of one date as one scene; where they overlap, the first valid pixel is used.

    The scene extends the first file's pixel grid to the rectangle that holds all files.

    Parameters
    ----------
    paths
        Files, at least one, the first on top.
    bands
        As for `open_scene`; the same for all files.
    udm2
        Usable data masks whose pixels must be clear: `beside` for those delivered with the files,
        if any, `none`, or one for each file.
    reflectance
        Whether to convert radiance to reflectance x 10,000, with the coefficients in its
        metadata.

    Raises
    ------
    SceneError
        If a file cannot be used, the files do not match, or metadata is missing.
    """
    layers: list[Layer] = []
    sources: list[Source] = []
    with ExitStack() as opened:
        for path, mask in zip(paths, masks_of(paths, udm2), strict=True):
            raster = opened.enter_context(closing(Raster(path)))
            usable = opened.enter_context(closing(Raster(mask))) if mask else None
            source = _source_of(raster, bands, mask, reflectance)
            first = layers[0].raster if layers else raster
            layers.append(Layer.over(first, raster, usable, source.coefficients))
            sources.append(source)
        _require_one_kind(sources)
        scene = _scene_of(layers, tuple(sources))
        opened.pop_all()
    return scene


def masks_of(paths: Sequence[Path], udm2: Udm2) -> list[Path | None]:
    """Find the mask of each file, or None.

    Raises
    ------
    SceneError
        The numbers of masks and files differ.
    """
    if udm2 == "none":
        return [None] * len(paths)
    if udm2 == "beside":
        return [planet.udm2_beside(path) for path in paths]
    if len(udm2) != len(paths):
        raise SceneError(
            f"{(*udm2, *paths)[0]}: the masks are {len(udm2)} and the scenes {len(paths)}; "
            "give one for each, in the same order."
        )
    return list(udm2)


def _source_of(
    raster: Raster, bands: Sequence[str] | None, udm2: Path | None, reflectance: bool
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
    coefficients = _coefficients(raster) if reflectance and planet.is_radiance(path) else None
    tag = raster.dataset.tags().get("TIFFTAG_DATETIME")
    time = planet.acquired(path) or acquisition_time(path.name, tag)
    return Source(path, roles, time, udm2, coefficients)


def _coefficients(raster: Raster) -> tuple[float, ...]:
    """Read the factors that convert the bands of a file to reflectance x 10,000."""
    coefficients = planet.reflectance_coefficients(raster.path)
    if len(coefficients) < max(raster.indexes):
        raise SceneError(
            f"{raster.path}: it has {max(raster.indexes)} bands, and the metadata beside it has "
            f"reflectance coefficients for {len(coefficients)}; download both again."
        )
    return tuple(REFLECTANCE_SCALE * each for each in coefficients)


def _require_one_kind(sources: Sequence[Source]) -> None:
    """Check that all files have the same bands and, if known, the same date."""
    first = sources[0]
    for source in sources[1:]:
        if source.bands != first.bands:
            raise SceneError(
                f"{source.path}: its bands are {', '.join(source.bands)}, those of "
                f"{first.path.name} {', '.join(first.bands)}; embed it alone, or name the bands "
                "with --bands."
            )
        if source.time and first.time and source.time.date() != first.time.date():
            raise SceneError(
                f"{source.path}: its date is {source.time:%Y-%m-%d}, and that of {first.path.name} "
                f"is {first.time:%Y-%m-%d}; embed each date into a separate table."
            )


def _scene_of(layers: Sequence[Layer], sources: tuple[Source, ...]) -> Scene:
    first = layers[0].raster
    is_plain = len(layers) == 1 and layers[0].udm2 is None and layers[0].scale is None
    pixels = first if is_plain else Mosaic(layers)
    crs = CRS.from_wkt(first.dataset.crs.to_wkt())
    bounds = _lonlat_bounds(crs, first.path, pixels)
    return Scene(
        path=first.path,
        crs=crs,
        transform=pixels.transform,
        width=pixels.width,
        height=pixels.height,
        bands=tuple(role for role in sources[0].bands if role != LEFT_OUT),
        dtype=pixels.dtype,
        nodata=first.dataset.nodata,
        gsd=ground_sample_distance(crs, pixels.transform, pixels.width, pixels.height),
        bounds=bounds,
        time=sources[0].time,
        sources=sources,
        _raster=pixels,
    )


def _roles_of(raster: Raster) -> tuple[str, ...]:
    dataset, path = raster.dataset, raster.path
    evidence = [path.name, *dataset.tags().values()]
    sidecar = planet.metadata_beside(path)
    if sidecar is not None:
        evidence.append(sidecar.read_text(errors="replace"))
    return band_roles(
        [dataset.descriptions[index - 1] for index in raster.indexes],
        [dataset.colorinterp[index - 1].name for index in raster.indexes],
        evidence,
        dataset.dtypes[0] == "uint8",
    )


def _lonlat_bounds(crs: CRS, path: Path, pixels: Raster | Mosaic) -> Bounds:
    try:
        there = transformer(crs.to_wkt(), WGS84)
        west, south, east, north = there.transform_bounds(
            *array_bounds(pixels.height, pixels.width, pixels.transform)
        )
    except ProjError:
        west = south = east = north = math.inf
    if not (-360 <= west <= 360 and -90 <= south < north <= 90):
        raise SceneError(
            f"{path}: its coordinates lie outside the Earth in its coordinate reference "
            f"system, {crs.name}; assign the right one with 'gdal_edit.py -a_srs EPSG:... FILE'."
        )
    return (south, west), (north, east if east > west else east + 360)
