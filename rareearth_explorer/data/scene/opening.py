"""Open GeoTIFFs as a scene, with the metadata they have and defaults for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pyproj import CRS

from rareearth_explorer.data.grid import ground_sample_distance
from rareearth_explorer.data.scene import planet
from rareearth_explorer.data.scene.laying import lonlat_bounds
from rareearth_explorer.data.scene.mosaic import Layer, Mosaic
from rareearth_explorer.data.scene.raster import Raster
from rareearth_explorer.data.scene.scene import Scene
from rareearth_explorer.data.scene.sources import (
    LEFT_OUT,
    Source,
    conversion_of_source,
    notes_on,
    one_of,
    source_of,
    units_of,
)
from rareearth_explorer.data.scene.units import need_reflectance, require_one_unit
from rareearth_explorer.data.scene.validity import Nodata
from rareearth_explorer.errors import SceneError

Udm2 = Sequence[Path] | Literal["beside", "none"]
"""Choice of the usable data masks to apply."""


def open_scene(
    path: str | Path,
    *,
    bands: Sequence[str] | None = None,
    nodata: Nodata = None,
    one_date: bool = False,
) -> Scene:
    """Open a GeoTIFF as a scene, including the pixels under clouds.

    Parameters
    ----------
    path
        The file, or a folder as Planet delivers it.
    bands
        Role of each band except alpha, in the file's order, `_` for a band to leave out. If they
        are as many as all bands, a band called alpha is one of them. By default, the file's
        metadata decides.
    nodata
        The value of empty pixels, instead of those that the file declares; `none` if every pixel
        is data.
    one_date
        Whether the files of a folder may be of two days, as of a pass over midnight.

    Raises
    ------
    SceneError
        If the file cannot be used, or `bands` is not one role for each of its bands.
    """
    path = Path(path)
    paths = planet.scenes_in(path) if path.is_dir() else [path]
    return open_mosaic(paths, bands=bands, udm2="none", nodata=nodata, one_date=one_date)


def open_mosaic(
    paths: Sequence[Path],
    *,
    bands: Sequence[str] | None = None,
    udm2: Udm2 = "beside",
    reflectance: bool = False,
    to_one: bool = False,
    nodata: Nodata = None,
    one_date: bool = False,
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
    to_one
        Whether Planet's reflectance x 10,000 becomes reflectance, as scenes with a scale and an
        offset in their tags do in any case.
    nodata, one_date
        As for `open_scene`; the same for all files.

    Raises
    ------
    SceneError
        If a file cannot be used, the files do not match, or metadata is missing.
    """
    layers: list[Layer] = []
    sources: list[Source] = []
    with ExitStack() as opened:
        rasters: list[Raster] = []
        for path in paths:
            named = None if bands is None else len(bands)
            rasters.append(opened.enter_context(closing(Raster(path, nodata, named))))
        units = [units_of(raster) for raster in rasters]
        require_one_unit(paths, units, converted=reflectance)
        to_one = to_one or need_reflectance(units)
        masks = masks_of(paths, udm2)
        for raster, mask, unit in zip(rasters, masks, units, strict=True):
            usable = opened.enter_context(closing(_mask(mask))) if mask else None
            source = source_of(raster, bands, mask, unit, nodata)
            conversion = conversion_of_source(raster, source, reflectance, to_one)
            layers.append(Layer.over(rasters[0], raster, usable, conversion))
            sources.append(replace(source, conversion=conversion))
        _require_one_kind(sources, one_date)
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


def _mask(path: Path) -> Raster:
    return Raster(path, "none", colours=False)


def _require_one_kind(sources: Sequence[Source], one_date: bool) -> None:
    """Check that all files have the same bands and, if known, the same date."""
    first = sources[0]
    for source in sources[1:]:
        if source.bands != first.bands:
            raise SceneError(
                f"{source.path}: its bands are {', '.join(source.bands)}, those of "
                f"{first.path.name} {', '.join(first.bands)}; embed it alone, or name the bands "
                "with --bands."
            )
        if source.time and first.time and source.time.date() != first.time.date() and not one_date:
            apart = abs(source.time - first.time)
            hint = ", or give --one-date if they are one pass over midnight"
            raise SceneError(
                f"{source.path}: its date is {source.time:%Y-%m-%d}, and that of {first.path.name} "
                f"is {first.time:%Y-%m-%d}; embed each date into a separate table"
                f"{hint if apart < timedelta(days=1) else ''}."
            )
        if one_date and source.time and first.time:
            _require_one_pass(source, first)


def _require_one_pass(source: Source, first: Source) -> None:
    """Check that two files may be of one pass: less than a day lies between them."""
    assert source.time is not None
    assert first.time is not None
    if abs(source.time - first.time) >= timedelta(days=1):
        raise SceneError(
            f"{source.path}: its time is {source.time:%Y-%m-%d %H:%M}, and that of "
            f"{first.path.name} is {first.time:%Y-%m-%d %H:%M}, which is not one pass; embed each "
            "date into a separate table."
        )


def _scene_of(layers: Sequence[Layer], sources: tuple[Source, ...]) -> Scene:
    first = layers[0].raster
    is_plain = len(layers) == 1 and layers[0].udm2 is None and layers[0].conversion is None
    pixels = first if is_plain else Mosaic(layers)
    crs = CRS.from_wkt(first.dataset.crs.to_wkt())
    bounds = lonlat_bounds(first.path, crs, pixels)
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
        one=one_of(sources),
        validity=first.validity.said,
        notes=tuple(notes_on([layer.raster for layer in layers], sources)),
        _raster=pixels,
    )
