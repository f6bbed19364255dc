"""`rareearth-explorer embed`: from scenes to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rareearth_explorer.cli.cluster_options import add_cluster
from rareearth_explorer.cli.masks import add_masks, udm2_of
from rareearth_explorer.cli.numbers import whole
from rareearth_explorer.cli.pixel_options import add_nodata, add_one_date

if TYPE_CHECKING:
    from rareearth_explorer.embedding.encoders import ClayOptions


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "embed",
        help="cut scenes into patches and embed them",
        description="Cut GeoTIFFs of one date into patches, embed each patch, and write a patch "
        "table (GeoParquet). If a run is stopped, the next run continues it.",
    )
    parser.add_argument(
        "scenes",
        nargs="+",
        type=Path,
        metavar="SCENE",
        help="GeoTIFF, or a folder from Planet; of several, the first lies on top",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument(
        "--encoder",
        default="random-features",
        help="clay-v1, clay-v1.5 or random-features (default)",
    )
    parser.add_argument("--weights", type=Path, help="file of the encoder's weights, if it has any")
    parser.add_argument(
        "--patch-size",
        type=float,
        metavar="METRES",
        help="side of a patch (default: 250)",
    )
    parser.add_argument(
        "--bands",
        metavar="ROLE,ROLE",
        help="roles of the bands, if the file does not name them; _ leaves a band out",
    )
    parser.add_argument(
        "--batch",
        type=whole(1),
        default=16,
        metavar="N",
        help="patches per batch, at most 64 (default: 16)",
    )
    add_nodata(parser)
    add_one_date(parser)
    parser.add_argument("--no-projection", action="store_true", help="do not add a UMAP")
    add_masks(parser, without="embed pixels under clouds too")
    _add_clay(parser)
    add_cluster(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Embed the scenes, print a summary, and add a UMAP."""
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
        nodata=options.nodata,
        one_date=options.one_date,
        batch=options.batch,
        cluster=options.cluster,
        projection=False,  # it takes a while, so the summary is printed before
    )
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    print(
        f"{report.table}: {report.patches:,} patches of {report.dim} numbers; "
        f"{report.left_out:,} left out, because less than half of their pixels are valid."
    )
    if not options.no_projection:
        project_if_missing(report.table)


def _add_clay(parser: argparse.ArgumentParser) -> None:
    clay = parser.add_argument_group("Clay; all options are recorded in the table")
    clay.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="default: a GPU if there is one"
    )
    clay.add_argument("--dtype", choices=("float32", "bfloat16"), help="default: float32")
    clay.add_argument("--sensor", help="name in sensors.toml (default: detected from the bands)")
    clay.add_argument(
        "--normalisation",
        choices=("sensor", "scene"),
        help="with the statistics published for the sensor (default), or those of the scene",
    )
    clay.add_argument(
        "--units",
        choices=("file", "reflectance", "reflectance-x-10000", "as-published"),
        help="what the numbers of the scene are (default: what the file says, else the units of "
        "the sensor's published statistics)",
    )
    clay.add_argument(
        "--gsd",
        type=float,
        metavar="METRES",
        help="resolution given to Clay (default: as published; 5 for PlanetScope)",
    )
    clay.add_argument(
        "--padding",
        choices=("crop", "reflect"),
        help="for patches whose side is not a multiple of 8 pixels (default: crop)",
    )
    clay.add_argument(
        "--no-metadata",
        dest="metadata",
        action="store_false",
        default=None,
        help="do not give Clay the time and place",
    )


def _clay_options(options: argparse.Namespace) -> ClayOptions | None:
    """Collect the options of Clay; None if none were given."""
    from rareearth_explorer.embedding.encoders import ClayOptions

    names = ("device", "dtype", "sensor", "normalisation", "units", "gsd", "padding", "metadata")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return ClayOptions(**given) if given else None
