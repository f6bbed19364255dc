"""From imagery files to a patch table in one call, like the command `embed`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rareearth_explorer.data.file_kinds import require_table_name
from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
from rareearth_explorer.data.scene import Nodata, Scene, images_of, masks_of, open_mosaic
from rareearth_explorer.data.scene.fill import require_declared_fill
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.embedding import encoders
from rareearth_explorer.embedding.cluster import already_made, embed_on_cluster
from rareearth_explorer.embedding.encoders import CLAY, LEAST_PIXELS, ClayOptions, Encoder
from rareearth_explorer.embedding.importing_pixels import require_imagery, require_no_arrays
from rareearth_explorer.embedding.projecting import project_if_missing
from rareearth_explorer.embedding.scene_embedding import BATCH, EmbeddingReport, embed_scene
from rareearth_explorer.errors import EncoderError, SceneError

Paths = str | Path | Sequence[str | Path]
"""One path or several."""


def embed(
    paths: Paths,
    out: str | Path,
    encoder: str | Encoder = "random-features",
    *,
    weights: str | Path | None = None,
    clay: ClayOptions | None = None,
    patch_size: float = DEFAULT_PATCH_SIZE,
    bands: Sequence[str] | None = None,
    udm2: Paths | Literal["beside", "none"] = "beside",
    nodata: Nodata = None,
    one_date: bool = False,
    batch: int = BATCH,
    cluster: str | int | None = None,
    projection: bool = True,
    progress: bool = True,
) -> EmbeddingReport:
    """Cut imagery of one date into patches, embed each patch, and write a patch table.

    If a run is stopped, the next call continues it; see `embed_scene`.

    Parameters
    ----------
    paths
        GeoTIFFs, or folders from Planet; of several, the first lies on top.
    out
        Path of the GeoParquet file to write.
    encoder
        A name that `encoders.available()` lists, or an encoder of your own.
    weights
        File of the encoder's weights, which Clay needs.
    clay
        Options of Clay; None for other encoders.
    patch_size
        Side of a patch in metres.
    bands
        Roles of the bands in the file's order, if the file does not name them; `_` leaves a band
        out.
    udm2
        Planet's usable data masks: those `beside` the images, `none`, or a path for each image.
    nodata
        The value of empty pixels, instead of those that the files declare; `none` if every pixel
        is data.
    one_date
        Whether the images are one pass, though it crosses midnight.
    batch
        Patches per call of the encoder; the numbers may depend on it.
    cluster
        Address of a running Dask scheduler, or a number of worker processes to start here; None
        embeds in this process.
    projection
        Whether to add a UMAP to the table, unless it has one.
    progress
        Whether to show rate and remaining time on standard error.

    Returns
    -------
    EmbeddingReport
        The path of the table, and the numbers of patches in it and left out.

    Raises
    ------
    ExplorerError
        Files, encoder and options do not fit together, a file cannot be read, or the table cannot
        be written; the message names the file.
    """
    require_no_arrays(_listed(paths))
    images = images_of(_listed(paths))
    if not images:
        raise SceneError("There is nothing to embed; give at least one image.")
    masks = udm2 if udm2 in ("beside", "none") else _listed(udm2)
    target, weights = Path(out), None if weights is None else Path(weights)
    if cluster is not None:  # workers run in other folders
        images = [path.absolute() for path in images]
        masks = masks if isinstance(masks, str) else [path.absolute() for path in masks]
        weights = weights and weights.absolute()
    require_other(target, [*images, *masks_of(images, masks), weights])
    require_table_name(target)
    if clay is None and encoder in CLAY:
        clay = ClayOptions()
    reflectance = clay is not None and clay.normalisation == "sensor"
    open_scene = partial(
        open_mosaic,
        images,
        bands=bands,
        udm2=masks,
        reflectance=reflectance,
        nodata=nodata,
        one_date=one_date,
    )
    how: dict[str, Any] = {"patch_size": patch_size, "batch": batch, "progress": progress}
    with open_scene() as scene, _naming(scene, weights):
        require_imagery(scene)
        doubts = require_declared_fill(scene)
        notes = (*scene.notes, *doubts)
        make_encoder = _encoder_maker(encoder, scene, patch_size, weights, clay)
        if cluster is None:
            report = embed_scene(scene, make_encoder(), target, **how)
        else:
            report = embed_on_cluster(open_scene, make_encoder, target, cluster, **how)
    if projection:
        project_if_missing(target, progress=progress)
    return replace(report, notes=notes)


def _listed(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]


def _encoder_maker(
    encoder: str | Encoder,
    scene: Scene,
    patch_size: float,
    weights: Path | None,
    clay: ClayOptions | None,
) -> Callable[[], Encoder]:
    """Return a picklable function that makes the encoder, because workers make their own.

    Raises
    ------
    EncoderError
        A patch has fewer pixels than the encoders of this package need, or options are given
        with an encoder object.
    """
    if not isinstance(encoder, str):
        if weights is not None or clay is not None:
            raise EncoderError(
                f"{encoder.name} is an encoder object, so it takes neither weights nor Clay "
                "options: omit them."
            )
        return already_made(encoder)
    _require_pixels(scene, patch_size)
    return partial(
        encoders.load,
        encoder,
        bands=scene.bands,
        means=scene.statistics.mean,
        stds=scene.statistics.std,
        gsd=scene.gsd,
        one=scene.one,
        weights=weights,
        options=clay,
    )


def _require_pixels(scene: Scene, patch_size: float) -> None:
    """Require enough pixels in a patch; the message uses the given units."""
    if scene.grid(patch_size).patch_px < LEAST_PIXELS:
        across = patch_size / scene.gsd
        raise EncoderError(
            f"its pixels measure {scene.gsd:.4g} m, so a patch of {patch_size:g} m is only "
            f"{across:.2g} pixels wide, and an encoder needs at least {LEAST_PIXELS}; give a "
            f"patch size of {math.ceil(LEAST_PIXELS * scene.gsd)} m or more."
        )


@contextmanager
def _naming(scene: Scene, weights: Path | None) -> Iterator[None]:
    """Add the scene to the errors of an encoder, unless they are about the weights."""
    try:
        yield
    except EncoderError as error:
        if weights is not None and weights.name in str(error):
            raise
        raise EncoderError(f"{scene.path}: {error}") from error
