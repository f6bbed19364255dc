"""`rareearth-explorer embed`: from scenes to a patch table."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.files import images_of, require_other, require_table_name
from rareearth_explorer.cli.masks import add_masks, masks_of
from rareearth_explorer.cli.numbers import whole
from rareearth_explorer.errors import EncoderError

if TYPE_CHECKING:
    from rareearth_explorer.data.scene import Scene
    from rareearth_explorer.embedding import EmbeddingReport
    from rareearth_explorer.embedding.encoders import ClayOptions, Encoder


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "embed",
        help="cut scenes into patches and embed them",
        description="Cut GeoTIFFs of one date into patches, embed each patch, and write a patch "
        "table (GeoParquet). A stopped run goes on where it was when started again.",
    )
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help="GeoTIFF, or a folder as Planet delivers it; of several, the first lies on top",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument(
        "--encoder",
        default="random-features",
        help="clay-v1, clay-v1.5 or random-features (default)",
    )
    parser.add_argument("--weights", type=Path, help="weights of the encoder, if it has any")
    parser.add_argument(
        "--patch-size",
        type=float,
        metavar="METRES",
        help="side of a patch (default: 250)",
    )
    parser.add_argument(
        "--bands",
        metavar="ROLE,ROLE",
        help="roles of the bands, where the file does not tell; _ leaves one out",
    )
    parser.add_argument(
        "--batch", type=whole(1), default=16, metavar="N", help="patches at once, 64 at most"
    )
    parser.add_argument("--no-projection", action="store_true", help="leave the UMAP for later")
    add_masks(parser, without="embed what lies under clouds too")
    _add_clay(parser)
    _add_cluster(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Embed the scenes, say what came out, and project the table."""
    from rareearth_explorer.data.table import open_table
    from rareearth_explorer.embedding import project_table

    report = _embed(options)
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{report.left_out:,} left out, less than half of whose pixels are valid."
    )
    if not options.no_projection and open_table(report.table).umap is None:
        project_table(report.table)


def _add_clay(parser: argparse.ArgumentParser) -> None:
    clay = parser.add_argument_group("Clay; each is recorded in the table")
    clay.add_argument("--device", choices=("auto", "cpu", "cuda"), help="default: a GPU if any")
    clay.add_argument("--dtype", choices=("float32", "bfloat16"), help="default: float32")
    clay.add_argument("--sensor", help="name in sensors.toml (default: found by the bands)")
    clay.add_argument(
        "--normalisation",
        choices=("sensor", "scene"),
        help="by the figures published for the sensor (default), or by the scene's own",
    )
    clay.add_argument(
        "--gsd",
        type=float,
        metavar="METRES",
        help="resolution told to Clay (default: as published; 5 for PlanetScope)",
    )
    clay.add_argument(
        "--padding",
        choices=("crop", "reflect"),
        help="what is done where a patch is no multiple of 8 pixels (default: crop)",
    )
    clay.add_argument(
        "--no-metadata",
        dest="metadata",
        action="store_false",
        default=None,
        help="do not tell Clay time and place",
    )


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    several = parser.add_argument_group("several processes or machines, with Dask")
    cluster = several.add_mutually_exclusive_group()
    cluster.add_argument(
        "--scheduler",
        dest="cluster",
        metavar="ADDRESS",
        help="of a running cluster, whose workers find the files at the same place",
    )
    cluster.add_argument(
        "--local-workers",
        dest="cluster",
        type=whole(1),
        metavar="N",
        help="start so many worker processes here",
    )


def _embed(options: argparse.Namespace) -> EmbeddingReport:
    from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
    from rareearth_explorer.embedding import embed_scene
    from rareearth_explorer.embedding.cluster import embed_on_cluster

    if options.cluster is not None:
        _make_absolute(options)
    clay = _clay_options(options)
    images = images_of(options.scenes)
    require_other(options.output, [*images, *masks_of(options, images), options.weights])
    require_table_name(options.output)
    open_scene = _scene_opener(options, images, clay)
    how = {"patch_size": options.patch_size or DEFAULT_PATCH_SIZE, "batch": options.batch}
    with open_scene() as scene, _naming(scene, options.weights):
        _require_pixels(scene, how["patch_size"])
        make_encoder = _encoder_maker(options, scene, clay)
        if options.cluster is None:
            return embed_scene(scene, make_encoder(), options.output, **how)
        return embed_on_cluster(open_scene, make_encoder, options.output, options.cluster, **how)


def _make_absolute(options: argparse.Namespace) -> None:
    """Name the files from the root, as workers run elsewhere."""
    options.scenes = [path.absolute() for path in options.scenes]
    options.udm2 = options.udm2 and [path.absolute() for path in options.udm2]
    options.weights = options.weights and options.weights.absolute()


def _clay_options(options: argparse.Namespace) -> ClayOptions | None:
    """Collect what was chosen about Clay; None for another encoder about which nothing was."""
    from rareearth_explorer.embedding.encoders import CLAY, ClayOptions

    names = ("device", "dtype", "sensor", "normalisation", "gsd", "padding", "metadata")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return ClayOptions(**given) if given or options.encoder in CLAY else None


def _scene_opener(
    options: argparse.Namespace, images: list[Path], clay: ClayOptions | None
) -> Callable[[], Scene]:
    from rareearth_explorer.data.scene import open_mosaic

    return partial(
        open_mosaic,
        images,
        bands=options.bands.split(",") if options.bands else None,
        udm2=options.udm2 or ("none" if options.no_udm2 else "beside"),
        reflectance=clay is not None and clay.normalisation == "sensor",
    )


def _require_pixels(scene: Scene, patch_size: float) -> None:
    """Require that there is something to see in a patch, in terms of what was typed.

    Raises
    ------
    EncoderError
        It has fewer pixels than any encoder takes.
    """
    from rareearth_explorer.embedding.encoders import LEAST_PIXELS

    if scene.grid(patch_size).patch_px < LEAST_PIXELS:
        across = patch_size / scene.gsd
        raise EncoderError(
            f"its pixels measure {scene.gsd:.4g} m, so a patch of {patch_size:g} m is only "
            f"{across:.2g} pixels wide, and an encoder needs at least {LEAST_PIXELS}; give "
            f"--patch-size {math.ceil(LEAST_PIXELS * scene.gsd)} or more."
        )


def _encoder_maker(
    options: argparse.Namespace, scene: Scene, clay: ClayOptions | None
) -> Callable[[], Encoder]:
    from rareearth_explorer.embedding import encoders

    statistics = scene.statistics
    return partial(
        encoders.load,
        options.encoder,
        bands=scene.bands,
        means=statistics.mean,
        stds=statistics.std,
        gsd=scene.gsd,
        weights=options.weights,
        options=clay,
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
