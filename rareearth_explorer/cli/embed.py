"""`rareearth-explorer embed`: from a scene to a patch table."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.grid import DEFAULT_PATCH_SIZE


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "embed",
        help="cut a scene into patches and embed them",
        description="Cut a GeoTIFF into patches, embed each, and write a patch table "
        "(GeoParquet). A stopped run goes on where it was when started again.",
    )
    parser.add_argument("scene", type=Path, help="GeoTIFF with any number of bands")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--encoder", default="random-features", help="random-features (default)")
    parser.add_argument("--weights", type=Path, help="weights of the encoder, if it has any")
    parser.add_argument(
        "--patch-size",
        type=float,
        default=DEFAULT_PATCH_SIZE,
        metavar="METRES",
        help="side of a patch (default: %(default)g)",
    )
    parser.add_argument(
        "--bands", metavar="ROLE,ROLE", help="roles of the bands, where the file does not tell"
    )
    parser.add_argument("--no-projection", action="store_true", help="leave the UMAP for later")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Embed the scene, project the table, and say what came out."""
    from rareearth_explorer import encoders
    from rareearth_explorer.pipeline import embed_scene, project_table
    from rareearth_explorer.scene import open_scene

    roles = options.bands.split(",") if options.bands else None
    with open_scene(options.scene, bands=roles) as scene:
        statistics = scene.statistics
        encoder = encoders.load(
            options.encoder,
            bands=scene.bands,
            means=statistics.mean,
            stds=statistics.std,
            gsd=scene.gsd,
            weights=options.weights,
        )
        report = embed_scene(scene, encoder, options.output, patch_size=options.patch_size)
    if not options.no_projection:
        project_table(options.output)
    print(
        f"{report.table}: {report.patches:,} patches of {encoder.dim} numbers; "
        f"{report.left_out:,} left out, less than half of whose pixels are valid."
    )
