"""`rareearth-explorer demo`: draw the synthetic demo, or a scene of the paper's size."""

from __future__ import annotations

import argparse
from pathlib import Path

from rareearth_explorer.cli.label_options import add_layer, require_labels
from rareearth_explorer.errors import LabelsError


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "demo",
        help="draw the synthetic demo scene, and make its patch table and UMAP",
        description="Draw a synthetic scene, embed it and add a UMAP. The first run takes two "
        "minutes; later runs reuse the files.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="folder for the files (default: your data folder)"
    )
    parser.add_argument(
        "--like-paper",
        action="store_true",
        help="draw one date of a synthetic scene of the paper's size instead: 26,754 patches, "
        "ten minutes, 2 GB",
    )
    parser.add_argument(
        "--pools",
        type=Path,
        metavar="FILE",
        help="with --like-paper: draw the mines around these pools (default: invented pools)",
    )
    add_layer(parser, "the pools")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw the demo and print how to open it."""
    from rareearth_explorer.demo.prepare import prepare_demo, prepare_paper_scene

    require_labels(options, "pools")
    if options.pools is not None and not options.like_paper:
        raise LabelsError(f"{options.pools}: the demo has its own pools; add --like-paper.")
    if options.like_paper:
        demo = prepare_paper_scene(options.folder, options.pools, layer=options.layer)
    else:
        demo = prepare_demo(options.folder)
    print(f"The demo is ready (synthetic, not imagery of real mines):\n  {demo.table.parent}")
    if options.folder is None and not options.like_paper:
        print("Open it with:\n  rareearth-explorer explore")
    else:
        print(
            f"Open it with:\n  rareearth-explorer explore {demo.table} --scene {demo.scene} "
            f"--labels {demo.labels}"
        )
