"""From files of imagery to a patch table in one call: what the command `embed` does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rareearth_explorer.data.file_kinds import require_table_name
from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
from rareearth_explorer.data.scene import Scene, images_of, masks_of, open_mosaic
from rareearth_explorer.data.storage.inputs import require_other
from rareearth_explorer.embedding import encoders
from rareearth_explorer.embedding.cluster import embed_on_cluster
from rareearth_explorer.embedding.encoders import CLAY, LEAST_PIXELS, ClayOptions, Encoder
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
    batch: int = BATCH,
    cluster: str | int | None = None,
    projection: bool = True,
    progress: bool = True,
) -> EmbeddingReport:
    """Cut imagery of one date into patches, embed each patch, and write a patch table.

    A stopped run goes on where it was when called again; see `embed_scene`.

    Parameters
    ----------
    paths
        GeoTIFFs, or folders as Planet delivers them; of several, the first lies on top.
    out
        Where the GeoParquet file shall be.
    encoder
        A name that `encoders.available()` lists, or an encoder of your own.
    weights
        File of the encoder's weights, which Clay needs.
    clay
        What can be chosen about Clay; for the others None.
    patch_size
        Side of a patch in metres.
    bands
        Roles of the bands in the file's order, where the file does not tell; `_` leaves one out.
    udm2
        Planet's usable data masks: those delivered `beside` the images, `none`, or a path for
        each image.
    batch
        Patches given to the encoder at once; part of what the numbers may depend on.
    cluster
        Address of a running Dask scheduler, or a number of worker processes to start here; None
        embeds in this process.
    projection
        Whether a UMAP is added to the table, unless it has one.
    progress
        Whether to show rate and time left on standard error.

    Returns
    -------
    EmbeddingReport
        The table's path, and how many patches are in it and left out.

    Raises
    ------
    ExplorerError
        Files, encoder and options do not go together, a file cannot be read, or the table cannot
        be written; the sentence names the file.
    """
    images = images_of(_listed(paths))
    if not images:
        raise SceneError("There is nothing to embed; name one image or more.")
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
    open_scene = partial(open_mosaic, images, bands=bands, udm2=masks, reflectance=reflectance)
    how: dict[str, Any] = {"patch_size": patch_size, "batch": batch, "progress": progress}
    with open_scene() as scene, _naming(scene, weights):
        make_encoder = _encoder_maker(encoder, scene, patch_size, weights, clay)
        if cluster is None:
            report = embed_scene(scene, make_encoder(), target, **how)
        else:
            report = embed_on_cluster(open_scene, make_encoder, target, cluster, **how)
    if projection:
        project_if_missing(target, progress=progress)
    return report


def _listed(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]


def _encoder_maker(
    encoder: str | Encoder,
    scene: Scene,
    patch_size: float,
    weights: Path | None,
    clay: ClayOptions | None,
) -> Callable[[], Encoder]:
    """Tell how the encoder is made, by something that pickles: workers make their own.

    Raises
    ------
    EncoderError
        A patch has fewer pixels than any encoder of this package takes, or options are given
        with an encoder that is made already.
    """
    if not isinstance(encoder, str):
        if weights is not None or clay is not None:
            raise EncoderError(
                f"{encoder.name} is made already, so neither weights nor Clay's options can be "
                "given: leave them out."
            )
        return partial(_same, encoder)
    _require_pixels(scene, patch_size)
    return partial(
        encoders.load,
        encoder,
        bands=scene.bands,
        means=scene.statistics.mean,
        stds=scene.statistics.std,
        gsd=scene.gsd,
        weights=weights,
        options=clay,
    )


def _same(encoder: Encoder) -> Encoder:
    return encoder


def _require_pixels(scene: Scene, patch_size: float) -> None:
    """Require that there is something to see in a patch, in terms of what was given."""
    if scene.grid(patch_size).patch_px < LEAST_PIXELS:
        across = patch_size / scene.gsd
        raise EncoderError(
            f"its pixels measure {scene.gsd:.4g} m, so a patch of {patch_size:g} m is only "
            f"{across:.2g} pixels wide, and an encoder needs at least {LEAST_PIXELS}; give a "
            f"patch size of {math.ceil(LEAST_PIXELS * scene.gsd)} m or more."
        )


@contextmanager
def _naming(scene: Scene, weights: Path | None) -> Iterator[None]:
    """Have an encoder's errors name the scene, unless they are about the weights."""
    try:
        yield
    except EncoderError as error:
        if weights is not None and weights.name in str(error):
            raise
        raise EncoderError(f"{scene.path}: {error}") from error
