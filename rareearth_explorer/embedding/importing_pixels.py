"""Import of rasters and arrays with an embedding in each pixel: one embedding for each patch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rareearth_explorer.data.arrays import ArrayScene, open_npy_tiles, open_zarr_store
from rareearth_explorer.data.file_kinds import (
    is_npy_tiles,
    is_pixel_arrays,
    is_zarr_store,
    require_table_name,
)
from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE, Bbox
from rareearth_explorer.data.recipes import Recipe, recipe_called, recipe_of_bands
from rareearth_explorer.data.scene import Nodata, Scene, images_of, open_mosaic
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.embedding.cluster import already_made, embed_on_cluster
from rareearth_explorer.embedding.overview_pixels import OverviewPixels
from rareearth_explorer.embedding.pixel_source import PixelSource
from rareearth_explorer.embedding.pixel_statistics import PixelStatistics, Statistics
from rareearth_explorer.embedding.scene_embedding import EmbeddingReport, embed_scene
from rareearth_explorer.errors import SceneError

Pixels = Scene | ArrayScene
"""Rasters or arrays with an embedding in each pixel."""

FROM_OVERVIEWS = (
    "The patches were read from the overviews of the files, their makers' own means, and count "
    "where any pixel has data; --statistics mean takes the mean of the pixels, and reads all."
)
"""Sentence about a table whose patches are pixels of an overview."""

BATCH = 64
"""Patches whose statistics are taken at once."""


def import_pixels(
    sources: Sequence[Path],
    target: Path,
    *,
    recipe: str | None = None,
    patch_size: float = DEFAULT_PATCH_SIZE,
    statistics: Statistics | None = None,
    bbox: Bbox | None = None,
    nodata: Nodata = None,
    date: str | None = None,
    cluster: str | int | None = None,
    progress: bool = True,
) -> EmbeddingReport:
    """Make a patch table from rasters or arrays with an embedding in each pixel.

    Like `embed_scene`, a run that is stopped continues with the next call, and memory does not
    grow with the raster.

    Parameters
    ----------
    sources
        GeoTIFFs, VRTs, or TESSERA's tiles of `.npy` files, of one date, or folders of them; where
        they overlap, the first counts. Or one Zarr store.
    target
        Path of the patch table to write.
    recipe
        Name of the product; None recognises it by the names of the bands.
    patch_size
        Side of a patch in metres.
    statistics
        What a patch gets of its pixels, see `PixelStatistics`; None takes the overview where the
        product's overviews are means and one of its pixels is a patch, else the mean.
    bbox
        Only patches with their centre in this box; None takes all.
    nodata
        The value of empty pixels of rasters, instead of those that the files declare.
    date
        The year of a Zarr store that holds several, or `newest`.
    cluster, progress
        As for `rareearth_explorer.embed`.

    Raises
    ------
    ExplorerError
        The rasters hold no known embeddings, cannot be read, or the table cannot be written; the
        message names the file.
    """
    require_table_name(target)
    if cluster is not None:  # workers run in other folders
        sources = [path.absolute() for path in sources]
    known = recipe_called(recipe) if recipe else None
    open_whole = partial(open_pixels, sources, nodata, known, date)
    how: dict[str, Any] = {
        "patch_size": patch_size,
        "batch": BATCH,
        "bbox": bbox,
        "progress": progress,
    }
    with open_whole() as scene:
        require_other(target, [source.path for source in scene.sources])
        found = _fitting(scene, known or recipe_of_bands(scene.bands))
        decoded = scene.coding if isinstance(scene, ArrayScene) else None
        side = _overview_side(scene, found, patch_size, statistics)
        taken = "overview" if side else statistics or "mean"
        encoder = PixelStatistics(found, len(scene.bands), taken, decoded)
        if cluster is None:
            report = embed_scene(_at_overview(scene, side), encoder, target, **how)
        else:
            open_scene = partial(_open_at, open_whole, side)
            report = embed_on_cluster(open_scene, already_made(encoder), target, cluster, **how)
    return replace(report, notes=(FROM_OVERVIEWS,)) if side else report


def require_imagery(scene: Scene) -> None:
    """Refuse to embed a raster whose pixels are embeddings already.

    Raises
    ------
    SceneError
        The names of its bands are those of a published product.
    """
    if (found := recipe_of_bands(scene.bands)) is not None:
        raise SceneError(
            f"{scene.path}: each pixel holds an embedding already ({found.title}); make a patch "
            f"table of them with 'rareearth-explorer import {scene.path} -o TABLE'."
        )


def require_no_arrays(paths: Sequence[Path]) -> None:
    """Refuse to embed arrays of embeddings.

    Raises
    ------
    SceneError
        A path holds an embedding for each pixel in arrays.
    """
    for path in paths:
        if is_pixel_arrays(path):
            raise SceneError(
                f"{path}: it holds an embedding for each pixel already; make a patch table of them "
                f"with 'rareearth-explorer import {path} -o TABLE'."
            )


def open_pixels(
    sources: Sequence[Path],
    nodata: Nodata = None,
    known: Recipe | None = None,
    date: str | None = None,
) -> Pixels:
    """Open rasters or arrays with an embedding in each pixel; as for `import_pixels`.

    Raises
    ------
    SceneError
        They cannot be read, or are of several kinds.
    """
    stores = [path for path in sources if is_zarr_store(path)]
    if date is not None and not stores:
        raise SceneError(f"{sources[0]}: --date is for tables and Zarr stores; leave it out.")
    if not any(is_pixel_arrays(path) for path in sources):
        return _open_rasters(images_of(sources), nodata, known)
    if nodata is not None:
        raise SceneError(
            f"{sources[0]}: its scales or codes tell which pixels have no data; leave out --nodata."
        )
    if not stores and all(map(is_npy_tiles, sources)):
        return open_npy_tiles(sources)
    if len(sources) > 1:
        raise SceneError(
            f"{sources[1]}: of Zarr stores, .npy files and rasters, only .npy files or rasters of "
            "one kind form a mosaic; make one table of each."
        )
    return open_zarr_store(stores[0], date)


def _overview_side(
    scene: Pixels, found: Recipe, patch_size: float, statistics: Statistics | None
) -> int | None:
    """Return the side in pixels of a patch if the overview with one pixel for each is wanted."""
    if statistics not in (None, "overview"):
        return None
    side = scene.grid(patch_size).patch_px
    if found.overviews and isinstance(scene, Scene) and scene.has_overview(side):
        return side
    if statistics is None:
        return None
    raise SceneError(
        f"{scene.path}: a patch of {patch_size:g} m has {side} x {side} pixels, and there is no "
        "overview with a mean of so many; leave out --statistics overview, or choose another "
        "--patch-size."
    )


def _at_overview(scene: Pixels, side: int | None) -> PixelSource:
    return OverviewPixels(scene, side) if side and isinstance(scene, Scene) else scene


def _open_at(open_whole: Callable[[], Pixels], side: int | None) -> PixelSource:
    return _at_overview(open_whole(), side)


def _open_rasters(images: Sequence[Path], nodata: Nodata, known: Recipe | None) -> Scene:
    """Open the rasters; their missing data is that of the recipe where the files declare none."""
    scene = open_mosaic(images, udm2="none", nodata=nodata)
    found = known or recipe_of_bands(scene.bands)
    # Numbers that are no codes mark missing pixels by zeros in all bands.
    missing = None if found is None else found.coding.nodata if found.coding is not None else 0
    if nodata is not None or scene.nodata is not None or missing is None:
        return scene
    scene.close()
    return open_mosaic(images, udm2="none", nodata=missing)


def _fitting(scene: Pixels, found: Recipe | None) -> Recipe:
    """Check that the raster has the embeddings of the recipe, in the type of its codes."""
    if found is None:
        raise SceneError(
            f"{scene.path}: its bands are not those of known embeddings, but "
            f"{', '.join(scene.bands[:5])}{' and more' if len(scene.bands) > 5 else ''}; embed "
            "imagery with 'rareearth-explorer embed', or name the product with --recipe."
        )
    if found.pixel is None:
        raise SceneError(
            f"{scene.path}: {found.name} has an embedding for each patch, not for each pixel; "
            "choose another recipe."
        )
    if len(scene.bands) not in found.dimensions:
        lengths = " or ".join(map(str, found.dimensions))
        raise SceneError(
            f"{scene.path}: it has {len(scene.bands)} bands, and {found.name} has {lengths}; give "
            "a raster with all of them."
        )
    if found.code_type and scene.dtype != found.code_type and not scene.dtype.startswith("float"):
        raise SceneError(
            f"{scene.path}: its numbers are {scene.dtype}, and the codes of {found.name} are "
            f"{found.code_type}; download it again."
        )
    return found
