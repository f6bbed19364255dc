"""`rareearth-explorer embed`: from scenes to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.masks import add_masks, udm2_of
from rareearth_explorer.cli.numbers import whole

if TYPE_CHECKING:
    from rareearth_explorer.embedding.encoders import ClayOptions


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
    from rareearth_explorer.data.grid import DEFAULT_PATCH_SIZE
    from rareearth_explorer.embedding import embed, project_if_missing

    report = embed(
        options.scenes,
        options.output,
        options.encoder,
        weights=options.weights,
        clay=_clay_options(options),
        patch_size=options.patch_size or DEFAULT_PATCH_SIZE,
        bands=options.bands.split(",") if options.bands else None,
        udm2=udm2_of(options),
        batch=options.batch,
        cluster=options.cluster,
        projection=False,  # which takes a while: what came out is said before it
    )
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{report.left_out:,} left out, less than half of whose pixels are valid."
    )
    if not options.no_projection:
        project_if_missing(report.table)


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


def _clay_options(options: argparse.Namespace) -> ClayOptions | None:
    """Collect what was chosen about Clay; None where nothing was."""
    from rareearth_explorer.embedding.encoders import ClayOptions

    names = ("device", "dtype", "sensor", "normalisation", "gsd", "padding", "metadata")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return ClayOptions(**given) if given else None
