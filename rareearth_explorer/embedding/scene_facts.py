"""Facts about imagery before it is embedded: files, bands, and patches."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from rareearth_explorer.data.file_kinds import rasters_in
from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, PatchGrid, patch_pixels
from rareearth_explorer.data.recipes import Recipe, recipe_of_bands
from rareearth_explorer.data.scene import Nodata, Scene, masks_of, open_scene
from rareearth_explorer.data.scene.bands import ROLES
from rareearth_explorer.data.scene.fill import fill_questions
from rareearth_explorer.data.scene.raster_checks import require_on_map
from rareearth_explorer.embedding.encoders.known_sensors import sensors
from rareearth_explorer.errors import SceneError

FEW_PIXELS = 16
"""Patches with shorter sides, in pixels, show an encoder little."""


@dataclass(frozen=True)
class SceneFacts:
    """Facts about imagery before it is embedded.

    Attributes
    ----------
    path
        A file, or a folder from Planet.
    taken, masks, not_taken
        Images that embedding uses, masks that it applies, and other GeoTIFFs of the folder.
    bounds
        South-west and north-east corner, latitude before longitude, in degrees.
    width, height, gsd
        Size in pixels, and size of a pixel in metres.
    dtype, crs
        Data type, and the name of the projection.
    units
        What the numbers are, as far as the files say, and the scale that is applied.
    valid, valid_by, questions
        Fraction of the pixels that are valid, how that is told, and what the user must decide.
    given_nodata, given_one_date
        The nodata value that the user gave, or None; whether the files may be of two days.
    time, months
        Time of capture, UTC; None if unknown. The months of a basemap, for which it is the middle.
    notes
        What a reader may not expect of the files.
    means
        Mean of each band.
    bands, unknown_bands
        Roles of the bands in the file's order, and those that are unknown here.
    recipe
        The product, if each pixel holds an embedding; else None.
    patch_size, grid
        Side of a patch in metres, and the patch grid; None if the scene is smaller than a patch.
    advised_size
        Suggested side of a patch, in whole metres, so that patches fit and have enough pixels;
        None if `patch_size` is suitable.
    """

    path: Path
    taken: tuple[Path, ...]
    masks: tuple[Path, ...]
    not_taken: tuple[Path, ...]
    bounds: tuple[tuple[float, float], tuple[float, float]]
    width: int
    height: int
    gsd: float
    dtype: str
    crs: str
    units: str
    valid: float
    valid_by: str
    questions: tuple[str, ...]
    given_nodata: Nodata
    given_one_date: bool
    time: datetime | None
    months: str
    notes: tuple[str, ...]
    means: tuple[float, ...]
    bands: tuple[str, ...]
    unknown_bands: tuple[str, ...]
    recipe: Recipe | None
    patch_size: float
    grid: PatchGrid | None
    advised_size: int | None

    @classmethod
    def of(
        cls,
        path: Path,
        patch_size: float = DEFAULT_PATCH_SIZE,
        *,
        nodata: Nodata = None,
        one_date: bool = False,
    ) -> Self:
        """Open imagery and collect the facts; `nodata` and `one_date` as for `open_scene`.

        Raises
        ------
        SceneError
            It cannot be used as a scene, or reaches beyond the map.
        """
        with open_scene(path, nodata=nodata, one_date=one_date) as scene:
            require_on_map(scene.path, scene.bounds)
            taken = tuple(source.path for source in scene.sources)
            masks = tuple(mask for mask in masks_of(taken, "beside") if mask is not None)
            return cls(
                path=path,
                taken=taken,
                masks=masks,
                not_taken=_rest(path, (*taken, *masks)),
                bounds=scene.bounds,
                width=scene.width,
                height=scene.height,
                gsd=scene.gsd,
                dtype=str(scene.dtype),
                crs=scene.crs.name,
                units=_described_units(scene),
                valid=scene.statistics.valid,
                valid_by=scene.validity,
                questions=tuple(fill_questions(scene)),
                given_nodata=nodata,
                given_one_date=one_date,
                time=scene.time,
                months=scene.sources[0].months,
                notes=scene.notes,
                means=tuple(scene.statistics.mean.tolist()),
                bands=tuple(scene.bands),
                unknown_bands=tuple(band for band in scene.bands if band not in known_bands()),
                recipe=recipe_of_bands(scene.bands),
                patch_size=patch_size,
                grid=_grid(scene, patch_size),
                advised_size=_advised_size(scene, patch_size),
            )

    @property
    def is_coarse(self) -> bool:
        """Whether patches have too few pixels to recognise a mine."""
        return self.grid is not None and self.grid.patch_px < FEW_PIXELS


def _described_units(scene: Scene) -> str:
    """Say what the numbers of a scene are, as far as its files say."""
    source = scene.sources[0]
    if source.units.scales is not None and source.units.offsets is not None:
        pairs = dict.fromkeys(zip(source.units.scales, source.units.offsets, strict=True))
        listed = ", ".join(f"x {scale:g} {offset:+g}" for scale, offset in pairs)
        return f"the scale and offset of the file are applied: {listed}"
    if source.conversion is not None:
        return "reflectance"
    if not source.units.is_planet_reflectance:
        return source.units.quantity or "as stored; the file does not say what they mean"
    return f"{source.units.quantity} x 10,000"


def known_bands() -> list[str]:
    """Return the known names of bands: those of sensors by wavelength, then others."""
    waves: dict[str, float] = {}
    for sensor in sensors().values():
        for name, band in sensor.bands.items():
            waves.setdefault(name, band.wavelength)
    return sorted({*ROLES, *waves}, key=lambda name: (waves.get(name, math.inf), name))


def _rest(given: Path, used: Iterable[Path]) -> tuple[Path, ...]:
    """Find the GeoTIFFs of a folder that are not used."""
    if not given.is_dir():
        return ()
    known = {*used}
    return tuple(path for path in rasters_in(given) if path not in known)


def _grid(scene: Scene, patch_size: float) -> PatchGrid | None:
    try:
        return scene.grid(patch_size)
    except SceneError:
        return None


def _advised_size(scene: Scene, patch_size: float) -> int | None:
    shorter = min(scene.width, scene.height) * scene.gsd
    if shorter < patch_size:
        return math.ceil(shorter)
    if patch_pixels(patch_size, scene.gsd) < FEW_PIXELS:
        return math.ceil(FEW_PIXELS * scene.gsd)
    return None
