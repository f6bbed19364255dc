"""Facts about arrays of embeddings before they are imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rasterio.windows import Window

from rareearth_explorer.data.arrays import ArrayScene
from rareearth_explorer.data.file_kinds import is_zarr_store
from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
from rareearth_explorer.data.recipes import Recipe, recipe_of_bands
from rareearth_explorer.data.scene.raster_checks import Bounds
from rareearth_explorer.embedding.importing_pixels import open_pixels
from rareearth_explorer.errors import SceneError

SAMPLES, SIDE = 16, 32
"""Windows across and down that tell how many pixels have data, and their longest side in pixels."""


@dataclass(frozen=True)
class ArrayFacts:
    """Facts about arrays of embeddings before they are imported.

    Attributes
    ----------
    path
        The file, folder or store as given.
    files
        Names of the files that are read.
    bounds
        South-west and north-east corner, latitude before longitude, in degrees.
    width, height, gsd
        Size in pixels, and size of a pixel in metres.
    crs
        Name of the projection.
    dimensions
        Numbers in an embedding.
    valid
        Fraction of the pixels with data, in windows spread evenly.
    recipe, coding
        The product, None if it is not known, and how its numbers are decoded.
    years
        Years that a store holds; the facts are those of the newest.
    patch_size, patches
        Default side of a patch in metres, and number of patches; 0 if none fits.
    """

    path: Path
    files: tuple[str, ...]
    bounds: Bounds
    width: int
    height: int
    gsd: float
    crs: str
    dimensions: int
    valid: float
    recipe: Recipe | None
    coding: str
    years: tuple[int, ...]
    patch_size: float
    patches: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Open arrays and collect the facts.

        Raises
        ------
        SceneError
            They cannot be read, or do not fit together.
        """
        with open_pixels([path], date="newest" if is_zarr_store(path) else None) as scene:
            assert isinstance(scene, ArrayScene)
            return cls(
                path=path,
                files=tuple(source.path.name for source in scene.sources),
                bounds=scene.bounds,
                width=scene.width,
                height=scene.height,
                gsd=scene.gsd,
                crs=scene.crs.name,
                dimensions=len(scene.bands),
                valid=_valid(scene),
                recipe=recipe_of_bands(scene.bands),
                coding=scene.coding,
                years=scene.years,
                patch_size=DEFAULT_PATCH_SIZE,
                patches=_patches(scene),
            )


def _valid(scene: ArrayScene) -> float:
    down, across = (max(1, length // SAMPLES) for length in (scene.height, scene.width))
    found = [
        scene.read(Window(column, row, min(across, SIDE, scene.width - column), rows))[1].mean()
        for row in range(0, scene.height, down)
        for column in range(0, scene.width, across)
        for rows in [min(down, SIDE, scene.height - row)]
    ]
    return float(sum(found) / len(found))


def _patches(scene: ArrayScene) -> int:
    try:
        return len(scene.grid())
    except SceneError:
        return 0
